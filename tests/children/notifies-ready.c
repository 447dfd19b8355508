/* notifies-ready [MS [TEXT [ends]]]: after MS milliseconds sends TEXT ("READY=1") to NOTIFY_SOCKET as sd_notify(3) does,
 * and sleeps, or ends. TEXT with \n for a line end. Without the variable it ends with 3. */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "child.h"

static void unescape(char *text) {
  char *to = text;
  for (char *at = text; *at != '\0'; at++) {
    int is_end = at[0] == '\\' && at[1] == 'n';
    *to++ = is_end ? '\n' : *at;
    at += is_end;
  }
  *to = '\0';
}

int main(int argc, char **argv) {
  char text[1024];
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const char *path = getenv("NOTIFY_SOCKET");
  if (path == NULL) return 3;
  snprintf(text, sizeof text, "%s", argc > 2 ? argv[2] : "READY=1");
  unescape(text);
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) return 4;
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  sleep_ms(number_argument(argc, argv, 1, 0));
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  if (fd < 0 || sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, size) < 0) fail("sendto");
  if (argc > 3) return 0;
  say("notified");
  sleep_for_ever();
}
