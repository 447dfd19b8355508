/* connects-unix PATH: one connection to a socket (@NAME: an abstract one); prints what comes, and stays. Ends with 99 when it cannot connect. */
#include "child.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char text[64];
  if (argc < 2) fail("usage");
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
  socklen_t size = sizeof address;
  if (argv[1][0] == '@') {
    address.sun_path[0] = '\0';
    size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(argv[1]));
  }
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, size) < 0) fail(argv[1]);
  ssize_t got = read(fd, text, sizeof text);
  if (got > 0 && write(1, text, (size_t)got) == got) sleep_for_ever();
  return 98;
}
