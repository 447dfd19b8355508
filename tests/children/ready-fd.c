/* ready-fd NUMBER [MS [close]]: after MS milliseconds writes a newline to descriptor NUMBER, or closes it without one, and
 * sleeps. */
#include "child.h"

int main(int argc, char **argv) {
  int fd = (int)number_argument(argc, argv, 1, 3);
  sleep_ms(number_argument(argc, argv, 2, 0));
  if (argc <= 3 && write(fd, "\n", 1) != 1) fail("write");
  close(fd);
  say("told");
  sleep_for_ever();
}
