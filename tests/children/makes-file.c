/* makes-file PATH [MS]: makes PATH after MS milliseconds, says "made", and sleeps. */
#include "child.h"

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  sleep_ms(number_argument(argc, argv, 2, 0));
  int fd = open(argv[1], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) fail(argv[1]);
  close(fd);
  say("made");
  sleep_for_ever();
}
