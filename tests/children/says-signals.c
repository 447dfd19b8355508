/* says-signals [NAME ...]: says "ready PID", then the number of each signal it gets; ends with 0 at SIGTERM. */
#include "child.h"

int main(void) {
  sigset_t all;
  char text[32];
  int number = 0;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  say_pid("ready");
  while (number != SIGTERM) {
    if (sigwait(&all, &number) != 0) continue;
    snprintf(text, sizeof text, "signal %d", number);
    say(text);
  }
  return 0;
}
