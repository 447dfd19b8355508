/* kills-itself SIGNAL [MS]: says its last words "goodbye" and ends by SIGNAL after MS milliseconds. */
#include "child.h"

int main(int argc, char **argv) {
  sleep_ms(number_argument(argc, argv, 2, 0));
  say("goodbye");
  kill(getpid(), (int)number_argument(argc, argv, 1, SIGKILL));
  return 0;
}
