/* exits-with CODE [MS]: ends with CODE, after MS milliseconds. */
#include "child.h"

int main(int argc, char **argv) {
  sleep_ms(number_argument(argc, argv, 2, 0));
  return (int)number_argument(argc, argv, 1, 0);
}
