/* stops-itself: says "stopping PID" and stops by SIGSTOP; says "continued" when it goes on, and sleeps. */
#include "child.h"

int main(void) {
  say_pid("stopping");
  raise(SIGSTOP);
  say("continued");
  sleep_for_ever();
}
