/* counts-lines [MS]: writes "line 1", "line 2", ... with MS milliseconds (1) between them, each with one write. At SIGTERM
 * it writes "end N", N being the number of lines, and ends with 0: whoever reads knows that nothing is missing. */
#include "child.h"

static volatile sig_atomic_t is_over;

static void end(int signal) {
  (void)signal;
  is_over = 1;
}

int main(int argc, char **argv) {
  char text[64];
  long ms = number_argument(argc, argv, 1, 1), count = 0;
  struct sigaction action = {.sa_handler = end, .sa_flags = SA_RESTART};
  sigaction(SIGTERM, &action, NULL);
  while (!is_over) {
    snprintf(text, sizeof text, "line %ld", ++count);
    say(text);
    sleep_ms(ms);
  }
  snprintf(text, sizeof text, "end %ld", count);
  say(text);
  return 0;
}
