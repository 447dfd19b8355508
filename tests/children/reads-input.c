/* reads-input: says each line of its standard input with "got" before it, "eof" at the end, and ends with 0. */
#include "child.h"

int main(void) {
  char line[480], text[512];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = '\0';
    snprintf(text, sizeof text, "got %s", line);
    say(text);
  }
  say("eof");
  return 0;
}
