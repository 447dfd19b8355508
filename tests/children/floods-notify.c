/* floods-notify COUNT: sends COUNT datagrams that mean nothing to NOTIFY_SOCKET, then "READY=1", and sleeps. Without the
 * variable it ends with 3. */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "child.h"

int main(int argc, char **argv) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = getenv("NOTIFY_SOCKET");
  if (path == NULL) return 3;
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return 4;
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  long count = number_argument(argc, argv, 1, 1000);
  for (long sent = 0; sent <= count; sent++) {
    const char *text = sent < count ? "\x01\xff=what\n\n=\nREADY" : "READY=1";
    if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, size) < 0) fail("sendto");
  }
  sleep_for_ever();
}
