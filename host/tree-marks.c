/* The marks in a process's environment; see tree-marks.h. */
#include "tree-marks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ENVIRONMENT_BYTES_MAX (128 * 1024) /* the start of a larger one is looked at */
#define ARENA_BYTES (8u * 1024 * 1024)
#define EMPTY_TRIES 3
#define EMPTY_WAIT_NS 200000

#define MARK_NONE (-2)

static char environment[ENVIRONMENT_BYTES_MAX + 1];

char *marks_arena(void) {
  void *arena = mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return arena == MAP_FAILED ? NULL : arena;
}

static size_t read_environment(int32_t pid) {
  char path[40];
  size_t used = 0;
  ssize_t got;
  snprintf(path, sizeof path, "/proc/%d/environ", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  while (used < ENVIRONMENT_BYTES_MAX && (got = read(fd, environment + used, ENVIRONMENT_BYTES_MAX - used)) > 0)
    used += (size_t)got;
  close(fd);
  environment[used] = '\0';
  return used;
}

/* In the middle of execve(2) a process shows no environment for a moment. One that ended since the scan may have left a
 * child that the scan does not know. */
static size_t read_settled(struct scan *scan, const struct scan_process *process) {
  struct timespec wait = {0, EMPTY_WAIT_NS};
  size_t length = read_environment(process->pid);
  for (int tries = 0; tries < EMPTY_TRIES && length == 0; tries++) {
    if (scan_has_left(process)) {
      scan->is_settled = 0;
      break;
    }
    nanosleep(&wait, NULL);
    length = read_environment(process->pid);
  }
  return length;
}

/* Variables with the prefix, each with its NUL, into the arena. */
static void keep_marks(struct scan *scan, struct scan_process *process) {
  size_t length = scan_is_dead(process) || process->is_exiting ? 0 : read_settled(scan, process);
  uint32_t from = scan->arena_used;
  for (size_t at = 0; at < length;) {
    size_t bytes = strlen(environment + at) + 1;
    if (strncmp(environment + at, MARK_PREFIX, sizeof MARK_PREFIX - 1) == 0 && scan->arena_used + bytes <= ARENA_BYTES) {
      memcpy(scan->arena + scan->arena_used, environment + at, bytes);
      scan->arena_used += (uint32_t)bytes;
    }
    at += bytes;
  }
  process->marks_at = scan->arena_used > from ? (int32_t)from : MARK_NONE;
  process->marks_length = scan->arena_used - from;
}

static int has_mark(const struct scan *scan, const struct scan_process *process, const char *mark) {
  const char *at = scan->arena + process->marks_at, *end = at + process->marks_length;
  for (; at < end; at += strlen(at) + 1)
    if (strcmp(at, mark) == 0) return 1;
  return 0;
}

int marks_match(struct scan *scan, struct scan_process *process, const struct tree_request *request) {
  if (request->marks[0][0] == '\0') return 0;
  if (process->marks_at == -1) keep_marks(scan, process);
  if (process->marks_at == MARK_NONE || !has_mark(scan, process, request->marks[0])) return 0;
  for (int i = 1; i < TREE_MARKS_MAX && request->marks[i][0] != '\0'; i++)
    if (!has_mark(scan, process, request->marks[i])) return -1;
  return 1;
}
