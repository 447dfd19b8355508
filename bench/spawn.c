// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c
/*
 * What a spawn costs: the two spawner threads against a posix_spawn(3) loop of the same program, by turns, with 10 and
 * with 10,000 open descriptors. Medians. This program plays init, a child of it the manager, and what is started is this
 * program too: linked statically it ends at once.
 *
 *   spawn [COUNT [ROUNDS]]
 */
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../host/spawn.h"

#define ROUNDS_MAX 51
#define BEHIND 64 /* spawns that wait in the queue, as in a turn of the manager */

static struct ledger ledger;
static char path[4096];
static char *program[] = {path, "--end", NULL};
static char *environment[] = {"PATH=/usr/bin:/bin", NULL};

static double now_us(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Children end by themselves and are reaped by the kernel, the same for both. */
static void by_posix_spawn(int count) {
  pid_t pid;
  for (int i = 0; i < count; i++)
    if (posix_spawn(&pid, program[0], NULL, NULL, program, environment) != 0) exit(1);
}

static void submit(uint64_t ticket) {
  struct spawn_request *request = calloc(1, sizeof *request);
  int slot = slots_claim(&ledger, ticket, PROCESS_KIND_MAIN, 0, "bench");
  if (request == NULL || slot < 0) exit(2);
  request->version = SPAWN_REQUEST_VERSION;
  request->slot = (uint32_t)slot;
  request->ticket = ticket;
  request->file = program[0];
  request->argv = program;
  request->envp = environment;
  if (spawn_submit(request) != 0) exit(3);
}

static void by_threads(int count) {
  static uint64_t ticket;
  struct pollfd ready = {.fd = spawn_event_fd(), .events = POLLIN};
  for (int sent = 0, got = 0; got < count;) {
    struct spawn_result result;
    for (; sent < count && sent - got < BEHIND; sent++) submit(++ticket);
    while (spawn_next(&result)) {
      if (result.stage != STAGE_NONE) exit(4);
      slots_free(&ledger, result.slot);
      got++;
    }
    if (got < count) poll(&ready, 1, -1);
  }
}

static int by_size(const void *a, const void *b) {
  const double *one = a, *other = b;
  return (*one > *other) - (*one < *other);
}

static double median(double *values, int count) {
  qsort(values, (size_t)count, sizeof *values, by_size);
  return values[count / 2];
}

static void compare(int count, int rounds, int descriptors) {
  double floor_us[ROUNDS_MAX], ours_us[ROUNDS_MAX], cpu_us[ROUNDS_MAX];
  for (int i = 0; i < rounds; i++) {
    double at = now_us(CLOCK_MONOTONIC);
    by_posix_spawn(count);
    floor_us[i] = (now_us(CLOCK_MONOTONIC) - at) / count;
    double cpu = now_us(CLOCK_PROCESS_CPUTIME_ID);
    at = now_us(CLOCK_MONOTONIC);
    by_threads(count);
    ours_us[i] = (now_us(CLOCK_MONOTONIC) - at) / count;
    cpu_us[i] = (now_us(CLOCK_PROCESS_CPUTIME_ID) - cpu) / count;
  }
  double base = median(floor_us, rounds), ours = median(ours_us, rounds);
  printf("%6d descriptors: posix_spawn %6.1f us, spawner threads %6.1f us (%.2f), of it our processor time %5.1f us\n",
         descriptors, base, ours, ours / base, median(cpu_us, rounds));
  fflush(stdout);
}

static int be_manager(int count, int rounds) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  signal(SIGCHLD, SIG_IGN);
  if (spawn_begin(&ledger, open("/proc/self/exe", O_PATH | O_CLOEXEC)) < 0) return 1;
  compare(count, rounds, 10);
  int more = 0;
  while (more < 10000 && open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0) more++;
  compare(count, rounds, more);
  return 0;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "--end") == 0) _exit(0);
  if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) return 2;
  int count = argc > 1 ? atoi(argv[1]) : 300, rounds = argc > 2 ? atoi(argv[2]) : 7, status = 1;
  int flags = MAP_SHARED | MAP_ANONYMOUS;
  ledger.exits = mmap(NULL, sizeof *ledger.exits, PROT_READ | PROT_WRITE, flags, -1, 0);
  ledger.work = mmap(NULL, sizeof *ledger.work, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (ledger.exits == MAP_FAILED || ledger.work == MAP_FAILED || rounds < 1 || rounds > ROUNDS_MAX) return 2;
  pid_t manager = fork();
  if (manager == 0) _exit(be_manager(count, rounds));
  while (wait(&status) != manager) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
