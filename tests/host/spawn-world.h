/*
 * A world for tests of spawning: the test process plays init (it owns the exits and reaps), and a forked child plays
 * the manager, in which the test's own function runs. It ends with exit code 0, or the test has failed.
 */
#ifndef SPAWN_WORLD_H
#define SPAWN_WORLD_H

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "spawn.h"

static struct ledger ledger;
static char folder[64]; /* scratch, removed at the end */

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* ---- init ---- */

static void record_exit(pid_t pid, const siginfo_t *info) {
  struct exits_part *exits = ledger.exits;
  for (uint32_t slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    uint64_t ticket = atomic_load(&ledger.work->slots[slot].ticket);
    if (atomic_load(&ledger.work->pids[slot]) != pid || ticket == 0) continue;
    struct exit_slot *record = &exits->slots[slot];
    uint64_t sequence = atomic_load(&exits->sequence) + 1;
    record->sequence = sequence;
    record->pid = pid;
    record->code = info->si_code == CLD_EXITED ? info->si_status : -1;
    record->signal = info->si_code == CLD_EXITED ? 0 : info->si_status;
    exits->order[(sequence - 1) % LIMIT_CHILD_SLOTS] = slot;
    atomic_store_explicit(&record->ticket, ticket, memory_order_release);
    atomic_store_explicit(&exits->sequence, sequence, memory_order_release);
    return;
  }
  atomic_fetch_add(&exits->orphans, 1);
}

/* Reaps like init until the manager has ended; its wait status. */
static int be_init(pid_t manager) {
  for (;;) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0) {
      assert(errno == EINTR);
      continue;
    }
    if (info.si_pid != manager) record_exit(info.si_pid, &info);
    int status;
    assert(waitpid(info.si_pid, &status, 0) == info.si_pid);
    if (info.si_pid == manager) return status;
  }
}

static void kill_children(void) {
  char path[64], children[65536];
  snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t got = read(fd, children, sizeof children - 1);
  close(fd);
  if (got <= 0) return;
  children[got] = '\0';
  for (char *at = children; *at != '\0'; at += strcspn(at, " "), at += *at == ' ') kill(atoi(at), SIGKILL);
}

/* Everything that is left is ours: a test that fails must not leave it behind. */
static void end_rest(void) {
  pid_t pid;
  do {
    kill_children();
    pid = waitpid(-1, NULL, WNOHANG);
    if (pid == 0) pause_ms(2);
  } while (pid >= 0 || errno == EINTR);
}

static void make_world(void) {
  int flags = MAP_SHARED | MAP_ANONYMOUS;
  ledger.exits_fd = ledger.work_fd = -1;
  ledger.exits = mmap(NULL, sizeof *ledger.exits, PROT_READ | PROT_WRITE, flags, -1, 0);
  ledger.work = mmap(NULL, sizeof *ledger.work, PROT_READ | PROT_WRITE, flags, -1, 0);
  assert(ledger.exits != MAP_FAILED && ledger.work != MAP_FAILED);
  ledger.exits->init_pid = getpid();
  if (folder[0] == '\0') {
    strcpy(folder, "/tmp/gonit-test-XXXXXX");
    assert(mkdtemp(folder) != NULL);
    assert(chmod(folder, 0755) == 0);
  }
}

static void end_world(void) {
  munmap(ledger.exits, sizeof *ledger.exits);
  munmap(ledger.work, sizeof *ledger.work);
}

/* Runs `test` as the manager. */
static void run_in_manager(const char *name, void (*test)(void)) {
  int64_t started = now_ms();
  make_world();
  fflush(NULL);
  pid_t manager = fork();
  assert(manager >= 0);
  if (manager == 0) {
    atomic_store(&ledger.exits->manager.pid, getpid());
    test();
    fflush(NULL);
    _exit(0);
  }
  int status = be_init(manager);
  end_rest();
  end_world();
  printf("%-60s %4d ms\n", name, (int)(now_ms() - started));
  if (status == 0) return;
  fprintf(stderr, "%s: the manager ended with status %#x\n", name, status);
  exit(1);
}

static void remove_folder(void) {
  char path[400];
  DIR *directory = opendir(folder);
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    if (unlink(path) != 0) rmdir(path);
  }
  if (directory != NULL) closedir(directory);
  rmdir(folder);
}

/* ---- the manager ---- */

static uint64_t next_ticket = 1;

static void begin(void) { assert(spawn_begin(&ledger, open("/proc/self/exe", O_PATH | O_CLOEXEC)) == 0); }

#define ARGUMENTS_MAX 8

/* A request with a claimed slot. The texts themselves must last. */
static struct spawn_request *new_request(const char *const argv[]) {
  static char *environment[] = {"PATH=/usr/bin:/bin", "MARK=x", NULL};
  struct spawn_request *request = calloc(1, sizeof *request + ARGUMENTS_MAX * sizeof(char *));
  char **copy = (char **)(void *)(request + 1);
  for (int i = 0; argv[i] != NULL; i++) copy[i] = (char *)(uintptr_t)argv[i];
  request->version = SPAWN_REQUEST_VERSION;
  request->ticket = next_ticket++;
  int slot = slots_claim(&ledger, request->ticket, PROCESS_KIND_MAIN, 0, "test");
  assert(slot >= 0);
  request->slot = (uint32_t)slot;
  request->argv = copy;
  request->file = argv[0];
  request->envp = environment;
  return request;
}

#define REQUEST(...) new_request((const char *const[]){__VA_ARGS__, NULL})

static void add_descriptor(struct spawn_request *request, int child, int ours) {
  request->descriptors[request->descriptor_count].child = child;
  request->descriptors[request->descriptor_count++].ours = ours;
}

/* The next result; the test fails when none comes. */
static struct spawn_result next_result(void) {
  struct spawn_result result;
  struct pollfd ready = {.fd = spawn_event_fd(), .events = POLLIN};
  while (!spawn_next(&result)) assert(poll(&ready, 1, 20000) == 1);
  return result;
}

static struct spawn_result spawn(struct spawn_request *request) {
  uint64_t ticket = request->ticket;
  assert(spawn_submit(request) == 0);
  struct spawn_result result = next_result();
  assert(result.ticket == ticket);
  return result;
}

static const struct exit_slot *await_exit(const struct spawn_result *result) {
  int64_t limit = now_ms() + 20000;
  const struct exit_slot *exit = &ledger.exits->slots[result->slot];
  while (atomic_load_explicit(&exit->ticket, memory_order_acquire) != result->ticket) {
    assert(now_ms() < limit);
    pause_ms(1);
  }
  assert(exit->pid == result->pid);
  return exit;
}

/* Waits for the exit where there was a process, and frees the slot. Exit code, or -signal. */
static int finish(const struct spawn_result *result) {
  int code = 0;
  if (result->pid > 0) {
    const struct exit_slot *exit = await_exit(result);
    code = exit->signal != 0 ? -exit->signal : exit->code;
  }
  slots_free(&ledger, result->slot);
  return code;
}

static inline int count_descriptors(void) {
  int count = 0;
  DIR *directory = opendir("/proc/self/fd");
  assert(directory != NULL);
  while (readdir(directory) != NULL) count++;
  closedir(directory);
  return count;
}

static char output[65536];

/* Starts it with its output in a pipe, waits for its end; `output` is what it wrote. Exit code, or -signal. */
static inline int run_for_output(struct spawn_request *request) {
  int ends[2];
  size_t used = 0;
  ssize_t got;
  assert(pipe2(ends, O_CLOEXEC) == 0);
  add_descriptor(request, 1, ends[1]);
  add_descriptor(request, 2, ends[1]);
  struct spawn_result result = spawn(request);
  close(ends[1]);
  while ((got = read(ends[0], output + used, sizeof output - 1 - used)) > 0) used += (size_t)got;
  output[used] = '\0';
  close(ends[0]);
  if (result.stage != STAGE_NONE)
    fprintf(stderr, "stage %u errno %d, ended %d: %s\n", result.stage, result.error, finish(&result), output);
  assert(result.stage == STAGE_NONE && result.pid > 0);
  return finish(&result);
}

static inline int has_line(const char *line) {
  size_t length = strlen(line);
  for (const char *at = output; (at = strstr(at, line)) != NULL; at += length)
    if ((at == output || at[-1] == '\n') && (at[length] == '\n' || at[length] == '\0')) return 1;
  return 0;
}

#define NOBODY 65534

static inline int is_root(void) { return geteuid() == 0; }

/* The step at which it fails, with nothing left open. */
static inline void expect_failure(struct spawn_request *request, uint32_t stage, int error) {
  int before = count_descriptors();
  struct spawn_result result = spawn(request);
  if (result.stage != stage || result.error != error)
    fprintf(stderr, "stage %u errno %d instead of %u %d\n", result.stage, result.error, stage, error);
  assert(result.stage == stage && result.error == error);
  finish(&result);
  assert(count_descriptors() == before);
}

#endif
