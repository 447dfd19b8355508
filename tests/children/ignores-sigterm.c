/* ignores-sigterm: says "ready PID", sleeps, and says "ignored" for each SIGTERM, to whoever still listens. */
#include "child.h"

static void on_term(int number) {
  (void)number;
  ssize_t written = write(1, "ignored\n", 8);
  (void)written;
}

int main(void) {
  struct sigaction action = {.sa_handler = on_term};
  sigaction(SIGTERM, &action, NULL);
  signal(SIGPIPE, SIG_IGN); /* when gonit was killed, nobody need be there */
  say_pid("ready");
  sleep_for_ever();
}
