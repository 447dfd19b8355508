// with: logger.c binary-pages.c logger-console.c logger-drain.c logger-file.c logger-json.c logger-lines.c logger-memory.c logger-message.c logger-prefix.c logger-record.c logger-rotate.c logger-source.c logger-sync.c logger-viewer.c logger-rate.c log-table.c log-api.c ledger.c init-message.c test-hook.c
// valgrind
/* Lines on gonit's standard output, against a real logger process: whole, named, held up by nobody else. */
#include "logger-world.h"

#include <sys/ioctl.h>

static void console_shows_whole_lines_with_names(void) {
  int web, db, error;
  uint32_t flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = flags}, &web);
  world_source(&(struct log_config){.name = "db", .flags = flags}, &db);
  world_source(&(struct log_config){.name = "db:err", .label = "db", .flags = flags | LOG_FLAG_CONSOLE_ERROR}, &error);
  world_write(web, "hel");
  world_write(db, "one\ntwo\n");
  world_expect_console(world.console[0], "db | one\ndb | two\n");
  world_write(web, "lo\n");
  world_expect_console(world.console[0], "web | hello\n");
  world_write(error, "oops\n");
  world_expect_console(world.console_error[0], "db | oops\n");
  world_write(world.own[1], "INFO[0000] started\n");
  world_expect_console(world.console_error[0], "INFO[0000] started\n");
  close(web);
  close(db);
  close(error);
  world_end();
}

static void unfinished_line_is_shown_after_a_while(void) {
  int web, db;
  uint32_t flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "web", .flags = flags}, &web);
  world_source(&(struct log_config){.name = "db", .flags = flags}, &db);
  world_write(web, "password: ");
  world_expect_console(world.console[0], "web | password: ");
  world_write(web, "wrong\nagain: ");
  world_expect_console(world.console[0], "wrong\nweb | again: ");
  world_write(db, "hello\n");
  world_expect_console(world.console[0], "\ndb | hello\n");
  world_write(db, "last words");
  world_drain();
  world_expect_console(world.console[0], "db | last words");
  close(web);
  close(db);
  world_end();
}

static void long_console_line_stays_whole(void) {
  int fd;
  static char line[40000], expected[40010];
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &fd);
  memset(line, 'x', sizeof line);
  line[sizeof line - 1] = '\n';
  snprintf(expected, sizeof expected, "a | %.*s", (int)sizeof line, line);
  assert(write(fd, line, 10000) == 10000);
  assert(write(fd, line + 10000, 30000) == 30000);
  world_expect_console(world.console[0], expected);
  close(fd);
  world_end();
}

static void console_without_prefix_gets_bytes_as_they_come(void) {
  int fd;
  world_begin(ROLE_LAPTOP);
  world_start();
  world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE}, &fd);
  world_write(fd, "no end");
  world_expect_console(world.console[0], "no end");
  close(fd);
  world_end();
}

/* Full are the console, the pipe before it, and the record that has to wait. */
static int console_is_stuck(void) {
  int console = 0, own = 0;
  if (!world.held[LIMIT_LOG_SLOTS]) return 0;
  ioctl(world.console[0], FIONREAD, &console);
  ioctl(world.held[LIMIT_LOG_SLOTS], FIONREAD, &own);
  return console > 50000 && own > 50000 && atomic_load(&world.part->records[1].phase) == LOG_PHASE_GOT;
}

static void slow_console_holds_up_its_own_sources_only(void) {
  int slow, file;
  static char block[50000];
  world_begin(ROLE_LAPTOP);
  world_start();
  int slot = world_source(&(struct log_config){.name = "slow", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &slow);
  int other = world_source(&(struct log_config){.name = "file", .path = world_path("file.log")}, &file);
  memset(block, 'x', sizeof block);
  for (size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
  fcntl(slow, F_SETFL, O_NONBLOCK);
  size_t written = 0;
  for (int64_t end = world_ms() + WORLD_WAIT_MS;;) {
    assert(world_ms() < end);
    ssize_t some = write(slow, block + written % sizeof block, sizeof block - written % sizeof block);
    if (some < 0 && console_is_stuck()) break;
    if (some > 0) written += (size_t)some;
    else world_pause(1000);
    world_from_logger();
  }
  world_write(file, "on time\n");
  world_await_bytes(other, 8);
  world_expect_file("file.log", "on time\n");
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped == 0);
  size_t got = 0, lines = 0, want = written / 100;
  char text[4096];
  while (lines < want) {
    ssize_t some = read(world.console[0], text, sizeof text);
    for (ssize_t i = 0; i < some; i++) lines += text[i] == '\n';
    got += (size_t)some;
  }
  assert(got >= want * 107);
  close(slow);
  close(file);
  world_end();
}

static void slow_console_loses_lines_in_a_vm(void) {
  int fd;
  static char block[10000];
  world_begin(ROLE_VM);
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &fd);
  memset(block, 'x', sizeof block);
  for (size_t i = 99; i < sizeof block; i += 100) block[i] = '\n';
  for (int i = 0; i < 100; i++) assert(write(fd, block, sizeof block) == sizeof block);
  world_await_bytes(slot, 1000000);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.dropped > 500000 && counters.lines == 10000);
  close(fd);
  world_end();
}

static void console_that_is_gone_takes_everything(void) {
  int fd;
  world_begin(ROLE_CONTAINER);
  world_start();
  close(world.console[1]);
  int out[2];
  assert(pipe2(out, O_CLOEXEC) == 0);
  world_kill();
  world.out = out[1];
  world_start();
  int slot = world_source(&(struct log_config){.name = "a", .path = world_path("a.log"), .flags = LOG_FLAG_CONSOLE | LOG_FLAG_PREFIX}, &fd);
  world_write(fd, "one\n");
  world_expect_console(out[0], "a | one\n");
  close(out[1]);
  close(out[0]);
  for (int i = 0; i < 20; i++) world_write(fd, "two\n"), world_await_bytes(slot, 8 + 4 * (uint64_t)i);
  struct log_counters counters;
  log_read_counters(&world.ledger, slot, &counters);
  assert(counters.lines == 21 && counters.dropped + atomic_load(&world.part->console_dropped) > 0);
  world.console[1] = dup(world.console[0]);
  close(fd);
  world_end();
}

int main(void) {
  console_shows_whole_lines_with_names();
  unfinished_line_is_shown_after_a_while();
  long_console_line_stays_whole();
  console_without_prefix_gets_bytes_as_they_come();
  slow_console_holds_up_its_own_sources_only();
  slow_console_loses_lines_in_a_vm();
  console_that_is_gone_takes_everything();
  return 0;
}
