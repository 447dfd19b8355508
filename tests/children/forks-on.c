/* forks-on: a chain of processes, each forks the next and ends; no process number lives for more than a moment. Says
 * "ready" once. Ends by itself after 20,000 links. */
#include "child.h"

int main(void) {
  setsid();
  say("ready");
  for (int i = 0; i < 20000; i++) {
    pid_t pid = fork();
    if (pid < 0) fail("fork");
    if (pid > 0) _exit(0);
    sleep_ms(1);
  }
  return 0;
}
