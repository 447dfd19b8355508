/* writes-long-line BYTES: one line of so many letters, then "end". */
#include "child.h"

int main(int argc, char **argv) {
  for (long left = number_argument(argc, argv, 1, 1); left > 0; left--) putchar('a' + (int)(left % 26));
  puts("\nend");
  return fflush(stdout) == 0 ? 0 : 1;
}
