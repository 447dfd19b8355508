/* orphan-maker [COUNT [MS]]: makes COUNT (1) orphans, each in a session of its own, and ends when all are there. They
 * live for MS milliseconds, or end at once. */
#include "child.h"

static void make_orphan(long ms, int ready) {
  setsid();
  if (fork() != 0) _exit(0);
  ssize_t written = write(ready, "", 1);
  (void)written;
  close(ready);
  sleep_ms(ms);
  _exit(0);
}

int main(int argc, char **argv) {
  long count = number_argument(argc, argv, 1, 1), ms = number_argument(argc, argv, 2, 0);
  int ends[2];
  char byte;
  if (pipe(ends) != 0) fail("pipe");
  signal(SIGCHLD, SIG_IGN); /* the children in between need no waiting for */
  for (long i = 0; i < count; i++) {
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid == 0) make_orphan(ms, ends[1]);
  }
  close(ends[1]);
  for (long i = 0; i < count; i++)
    if (read(ends[0], &byte, 1) != 1) return 1;
  say_pid("orphans made by");
  return 0;
}
