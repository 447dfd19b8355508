/* listens-tcp PORT [MS]: listens on 127.0.0.1:PORT (0: any) after MS milliseconds, says "listening PORT", and answers each
 * connection with a line. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "child.h"

int main(int argc, char **argv) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  int yes = 1;
  char text[32];
  address.sin_port = htons((uint16_t)number_argument(argc, argv, 1, 0));
  sleep_ms(number_argument(argc, argv, 2, 0));
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 16) != 0) fail("listen");
  getsockname(fd, (struct sockaddr *)&address, &size);
  snprintf(text, sizeof text, "listening %d", ntohs(address.sin_port));
  say(text);
  for (int peer; (peer = accept(fd, NULL, NULL)) >= 0; close(peer))
    if (write(peer, "hello\n", 6) < 0) continue;
  fail("accept");
}
