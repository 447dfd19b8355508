/* ignores-all: ignores every signal that can be ignored, says "ready PID" and sleeps. */
#include "child.h"

int main(void) {
  for (int number = 1; number <= 64; number++) signal(number, SIG_IGN);
  say_pid("ready");
  sleep_for_ever();
}
