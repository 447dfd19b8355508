/* closes-output: says "closing", closes 0, 1 and 2, and sleeps. */
#include "child.h"

int main(void) {
  say("closing");
  for (int fd = 0; fd < 3; fd++) close(fd);
  sleep_for_ever();
}
