/* two-streams [COUNT]: COUNT (3) lines "out N" to stdout and "err N" to stderr by turns; ends with 0. */
#include "child.h"

int main(int argc, char **argv) {
  long count = number_argument(argc, argv, 1, 3);
  for (long i = 1; i <= count; i++) {
    dprintf(1, "out %ld\n", i);
    dprintf(2, "err %ld\n", i);
  }
  return 0;
}
