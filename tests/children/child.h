/* What the small programs share. Each is named for what it does and says so in its first line; all are static. */
#ifndef CHILD_H
#define CHILD_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Whole lines, at once: several processes may write to one pipe. */
static inline void say(const char *text) {
  char line[512];
  int length = snprintf(line, sizeof line, "%s\n", text);
  ssize_t written = write(1, line, length < (int)sizeof line ? (size_t)length : sizeof line - 1);
  (void)written;
}

static inline void say_pid(const char *name) {
  char line[64];
  snprintf(line, sizeof line, "%s %d", name, (int)getpid());
  say(line);
}

static inline long number_argument(int argc, char **argv, int index, long otherwise) {
  return index < argc ? atol(argv[index]) : otherwise;
}

static inline void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&time, &time) != 0 && errno == EINTR) continue;
}

static inline _Noreturn void sleep_for_ever(void) {
  for (;;) pause();
}

static inline _Noreturn void fail(const char *what) {
  perror(what);
  exit(99);
}

#endif
