/* clears-environment: becomes a program without environment, in a session of its own if there is any argument, that says
 * "ready PID" and sleeps. */
#include "child.h"

int main(int argc, char **argv) {
  static char *none[] = {NULL};
  char *words[] = {argv[0], "--cleared", NULL};
  if (argc > 1 && strcmp(argv[1], "--cleared") == 0) {
    say_pid("ready");
    sleep_for_ever();
  }
  if (argc > 1 && fork() != 0) return 0;
  if (argc > 1) setsid();
  execve("/proc/self/exe", words, none);
  fail("execve");
}
