/* prints-lines COUNT [BYTES [MS [STREAM]]]: COUNT lines "line N", filled up to BYTES, MS milliseconds between them, to
 * stdout or to stream 2; then ends with 0. Each line is one write. */
#include "child.h"

int main(int argc, char **argv) {
  long count = number_argument(argc, argv, 1, 1), bytes = number_argument(argc, argv, 2, 0);
  long ms = number_argument(argc, argv, 3, 0);
  int stream = (int)number_argument(argc, argv, 4, 1);
  char *line = malloc((size_t)bytes + 64);
  for (long i = 1; i <= count; i++) {
    size_t length = (size_t)sprintf(line, "line %ld", i);
    while (length + 1 < (size_t)bytes) line[length] = length % 64 == 0 ? ' ' : 'x', length++;
    line[length++] = '\n';
    for (size_t at = 0; at < length;) {
      ssize_t written = write(stream, line + at, length - at);
      if (written < 0) fail("write");
      at += (size_t)written;
    }
    if (ms > 0) sleep_ms(ms);
  }
  free(line);
  return 0;
}
