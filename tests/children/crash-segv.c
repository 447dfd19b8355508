/* crash-segv [MS]: ends by SIGSEGV after MS milliseconds. */
#include <sys/resource.h>

#include "child.h"

int main(int argc, char **argv) {
  struct rlimit none = {0, 0};
  setrlimit(RLIMIT_CORE, &none);
  sleep_ms(number_argument(argc, argv, 1, 0));
  raise(SIGSEGV);
  return 0;
}
