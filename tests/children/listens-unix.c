/* listens-unix PATH [MS]: listens on a stream socket at PATH after MS milliseconds, says "listening", and answers each
 * connection with a line. */
#include <sys/socket.h>
#include <sys/un.h>

#include "child.h"

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (argc < 2 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
  strcpy(address.sun_path, argv[1]);
  sleep_ms(number_argument(argc, argv, 2, 0));
  unlink(argv[1]);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 16) != 0) fail("listen");
  say("listening");
  for (int peer; (peer = accept(fd, NULL, NULL)) >= 0; close(peer))
    if (write(peer, "hello\n", 6) < 0) continue;
  fail("accept");
}
