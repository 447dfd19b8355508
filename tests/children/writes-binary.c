/* writes-binary: all 256 byte values, a line that is no UTF-8, terminal escapes, and a last line without its end. */
#include "child.h"

int main(void) {
  for (int byte = 0; byte < 256; byte++) putchar(byte);
  fputs("\n\xc3\x28 bad\n\033[31mred\033[0m\r\nlast without end", stdout);
  return fflush(stdout) == 0 ? 0 : 1;
}
