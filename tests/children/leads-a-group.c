/* leads-a-group: starts a child in a process group of its own that says "away PID", and sleeps with it. */
#include "child.h"

int main(void) {
  if (fork() == 0) {
    setpgid(0, 0);
    say_pid("away");
  }
  sleep_for_ever();
}
