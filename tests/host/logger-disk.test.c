// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
/* Full disks, few descriptors, durable within a time, and no wake-up without a cause. */
#include "logger-world.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

static void put_text(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd >= 0 && write(fd, text, strlen(text)) < 0) perror(path);
  if (fd >= 0) close(fd);
}

/* A small file system of our own. 0: this machine does not let us. */
static int small_disk(const char *size) {
  char map[64];
  uid_t uid = geteuid();
  gid_t gid = getegid();
  if (unshare(CLONE_NEWNS) != 0) {
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return 0;
    put_text("/proc/self/setgroups", "deny");
    snprintf(map, sizeof map, "0 %d 1", (int)uid);
    put_text("/proc/self/uid_map", map);
    snprintf(map, sizeof map, "0 %d 1", (int)gid);
    put_text("/proc/self/gid_map", map);
  }
  mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
  char options[64];
  snprintf(options, sizeof options, "size=%s", size);
  return mount("none", world.folder, "tmpfs", 0, options) == 0;
}

static void write_numbered(int fd, int from, int to) {
  char line[128];
  for (int i = from; i < to; i++) {
    snprintf(line, sizeof line, "line %06d %.87s\n", i, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    world_write(fd, line);
  }
}

static uint64_t counted_lines(const char *name, char *last) {
  char *text = world_read(world_path(name));
  uint64_t lines = 0;
  if (!text) return 0;
  for (char *at = text, *end; *at; at = end + 1, lines++) {
    end = strchr(at, '\n');
    assert(end);
    if (last) snprintf(last, 128, "%.*s", (int)(end - at), at);
  }
  free(text);
  return lines;
}

static struct log_counters await_written(int slot) {
  int64_t end = world_ms() + WORLD_WAIT_MS;
  struct log_counters counters;
  do {
    assert(world_ms() < end);
    world_pause(5000);
    log_read_counters(&world.ledger, slot, &counters);
  } while (counters.error != 0);
  return counters;
}

static void full_disk_drops_the_oldest_archive_then_counts(void) {
  int fd;
  struct log_counters counters;
  char last[128] = "";
  world_begin(ROLE_LAPTOP);
  if (!small_disk("400k")) {
    printf("skipped: no file system of our own can be mounted here\n");
    world_end();
    return;
  }
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .max_size = 100000, .keep = 9}, &fd);
  write_numbered(fd, 0, 10000); /* a megabyte: archives go, nothing new is dropped */
  world_await_bytes(slot, 1000000);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped == 0 && counters.error == 0);
  assert(access(world_path("a.log.2"), F_OK) == 0 && access(world_path("a.log.5"), F_OK) != 0);
  static char filler[100000];
  int other = open(world_path("filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  while (write(other, filler, sizeof filler) > 0) continue; /* somebody else takes all the rest */
  write_numbered(fd, 10000, 20000);
  world_await_bytes(slot, 2000000);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped == 0); /* one file's worth of archive went, and its space is enough */
  struct log_config config = {.name = "a", .label = "a", .path = world_path("b.log")};
  assert(log_configure(&world.ledger, &config) == slot); /* no rotation, no archives */
  while (write(other, filler, sizeof filler) > 0) continue;
  write_numbered(fd, 20000, 30000);
  world_await_bytes(slot, 3000000);
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped > 0 && counters.error == ENOSPC && counters.lines == 30000);
  close(other);
  unlink(world_path("filler"));
  unlink(world_path("a.log"));
  unlink(world_path("a.log.1"));
  write_numbered(fd, 30000, 30100);
  world_await_bytes(slot, 3010000);
  counters = await_written(slot);
  assert(counters.dropped > 900000 - 17000);
  const char *text = world_read(world_path("b.log"));
  const char *kept = strstr(text, "\nline 029999 ");
  assert(kept && strstr(kept, "\nline 030000 ") && !strstr(text, "\n\n")); /* the newest ones were kept meanwhile */
  free((void *)text);
  assert(counted_lines("b.log", last) >= 100 && !strncmp(last, "line 030099", 11));
  close(fd);
  world_drain();
  umount2(world.folder, MNT_DETACH);
  world_end();
}

/* The disk is full in the middle of a line. Nothing comes any more, and somebody makes room. */
static void what_fits_into_memory_is_written_when_there_is_room(void) {
  int fd, slot;
  static char filler[100000], expected[20000];
  world_begin(ROLE_LAPTOP);
  if (!small_disk("400k")) {
    printf("skipped: no file system of our own can be mounted here\n");
    world_end();
    return;
  }
  world_start();
  slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log")}, &fd);
  world_write(fd, "begun");
  world_await_bytes(slot, 5);
  int other = open(world_path("filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  while (write(other, filler, sizeof filler) > 0) continue;
  size_t length = (size_t)snprintf(expected, sizeof expected, "begun");
  for (int i = 0; i < 1200; i++) {
    char line[32];
    length += (size_t)snprintf(expected + length, sizeof expected - length, " %d\n half", i);
    snprintf(line, sizeof line, " %d\n half", i);
    world_write(fd, line);
    if (i % 100 == 0) world_await_bytes(slot, length);
  }
  world_await_bytes(slot, length);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.error == ENOSPC && counters.dropped == 0 && (counters.flags & LOG_FLAG_MEMORY));
  close(other);
  unlink(world_path("filler"));
  counters = await_written(slot);
  world_expect_file("a.log", expected);
  world_write(fd, " done\n");
  strcat(expected, " done\n");
  world_await_bytes(slot, strlen(expected));
  world_expect_file("a.log", expected);
  assert(!(counters.flags & LOG_FLAG_MEMORY) && counters.dropped == 0);
  close(fd);
  world_drain();
  umount2(world.folder, MNT_DETACH);
  world_end();
}

static void few_descriptors_serve_many_files(void) {
  enum { FILES = 60 };
  int fds[FILES], slots[FILES];
  char name[32];
  struct rlimit limit, few = {200, 200};
  world_begin(ROLE_LAPTOP);
  getrlimit(RLIMIT_NOFILE, &limit);
  few.rlim_max = limit.rlim_max;
  few.rlim_cur = 64 + FILES + 10; /* 10 files besides the pipes */
  setrlimit(RLIMIT_NOFILE, &few);
  world_start();
  setrlimit(RLIMIT_NOFILE, &limit);
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "%d", i);
    slots[i] = world_source(&(struct log_config){.name = name, .path = world_path(name), .sync_ms = 5000}, &fds[i]);
  }
  for (int round = 1; round <= 3; round++) {
    for (int i = 0; i < FILES; i++) world_write(fds[i], "x\n");
    for (int i = 0; i < FILES; i++) world_await_bytes(slots[i], 2 * (uint64_t)round);
  }
  snprintf(name, sizeof name, "/proc/%d/fd", world.logger);
  DIR *list = opendir(name);
  int open_count = 0;
  while (readdir(list)) open_count++;
  closedir(list);
  assert(open_count <= (int)few.rlim_cur);
  world_drain();
  for (int i = 0; i < FILES; i++) {
    snprintf(name, sizeof name, "%d", i);
    world_expect_file(name, "x\nx\nx\n");
    close(fds[i]);
  }
  world_end();
}

static long switches(void) {
  char path[64], line[128];
  long count = -1;
  snprintf(path, sizeof path, "/proc/%d/status", world.logger);
  FILE *file = fopen(path, "r");
  while (fgets(line, sizeof line, file)) sscanf(line, "voluntary_ctxt_switches: %ld", &count);
  fclose(file);
  return count;
}

static void written_data_is_synced_and_then_nothing_wakes_up(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  struct log_config config = {.name = "a", .path = world_path("a.log"), .sync_ms = 50, .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX};
  int slot = world_source(&config, &fd);
  world_write(fd, "a line\nand a half");
  world_await_bytes(slot, 17);
  int64_t end = world_ms() + WORLD_WAIT_MS;
  const volatile struct log_progress *progress = &world.part->states[slot].progress;
  while (progress->dirty || progress->partial) assert(world_ms() < end), world_pause(5000);
  world_expect_console(world.console[0], "a | a line\na | and a half");
  world_pause(50000);
  long before = switches();
  world_pause(300000);
  assert(before > 0 && switches() == before);
  close(fd);
  world_end();
}

int main(void) {
  few_descriptors_serve_many_files();
  written_data_is_synced_and_then_nothing_wakes_up();
  what_fits_into_memory_is_written_when_there_is_room(); /* last: these change this process's mounts */
  full_disk_drops_the_oldest_archive_then_counts();
  return 0;
}
