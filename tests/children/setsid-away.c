/* setsid-away [COUNT]: starts COUNT (1) children in sessions of their own that say "away PID", and sleeps with them. */
#include "child.h"

int main(int argc, char **argv) {
  for (long i = number_argument(argc, argv, 1, 1); i > 0; i--) {
    if (fork() != 0) continue;
    setsid();
    say_pid("away");
    sleep_for_ever();
  }
  say_pid("ready");
  sleep_for_ever();
}
