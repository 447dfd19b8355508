/* stops-slowly MS [CODE]: says "ready PID"; at SIGTERM says "stopping" and ends with CODE (0) after MS milliseconds. */
#include "child.h"

int main(int argc, char **argv) {
  sigset_t term;
  int number;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigprocmask(SIG_BLOCK, &term, NULL);
  say_pid("ready");
  sigwait(&term, &number);
  say("stopping");
  sleep_ms(number_argument(argc, argv, 1, 0));
  return (int)number_argument(argc, argv, 2, 0);
}
