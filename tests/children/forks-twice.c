/* forks-twice [NOTE]: becomes a daemon: says "daemon PID" from the grandchild, which sleeps; the first process ends with
 * 0. NOTE: a file for the grandchild's process number, written before the first process ends. */
#include "child.h"

static void write_note(const char *path) {
  FILE *file = fopen(path, "w");
  if (file == NULL) fail(path);
  fprintf(file, "%d\n", (int)getpid());
  fclose(file);
}

int main(int argc, char **argv) {
  int ends[2];
  char byte;
  if (pipe(ends) != 0) fail("pipe");
  if (fork() == 0) {
    close(ends[0]);
    setsid();
    if (fork() != 0) _exit(0);
    if (argc > 1) write_note(argv[1]);
    say_pid("daemon");
    close(ends[1]);
    sleep_for_ever();
  }
  close(ends[1]);
  return read(ends[0], &byte, 1) == 0 ? 0 : 1; /* the grandchild is ready */
}
