/* forks-on: a chain of processes, each forks the next and ends; no process number of it lives for more than a moment.
 * Its first process is no link: it says "ready" and stays, so that the service does not end by itself. The chain ends
 * after 20,000 links. */
#include "child.h"

int main(void) {
  pid_t first = fork();
  if (first < 0) fail("fork");
  if (first > 0) {
    say("ready");
    sleep_for_ever();
  }
  setsid();
  for (int i = 0; i < 20000; i++) {
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid > 0) _exit(0);
    sleep_ms(1);
  }
  return 0;
}
