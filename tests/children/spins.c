/* spins: says "ready PID" and uses all of a processor for ever. */
#include "child.h"

int main(void) {
  say_pid("ready");
  for (volatile unsigned long count = 0;; count++) continue;
}
