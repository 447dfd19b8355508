/* sleeps: says "ready PID" and sleeps until it is killed. */
#include "child.h"

int main(void) {
  say_pid("ready");
  sleep_for_ever();
}
