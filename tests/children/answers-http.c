/* answers-http PORT HEAD [MODE]: listens on 127.0.0.1:PORT and answers each request with HEAD (\r and \n as written in C)
 * and "ok". MODE: slow (a letter each 20 ms), silent (never), endless (a head that does not end), close (nothing at all).
 * A file named "head" in the working directory, once it is there, replaces HEAD. Says "listening", and each request's first line. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "child.h"

static void unescape(char *text) {
  char *to = text;
  for (char *at = text; *at != '\0'; at++) {
    int is_escape = at[0] == '\\' && (at[1] == 'n' || at[1] == 'r');
    *to++ = !is_escape ? *at : at[1] == 'n' ? '\n' : '\r';
    at += is_escape;
  }
  *to = '\0';
}

static void read_head(char *head, size_t size) {
  int fd = open("head", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t got = read(fd, head, size - 1);
  head[got > 0 ? got : 0] = '\0';
  unescape(head);
  close(fd);
}

static void send_all(int client, const char *text, int slow) {
  for (size_t left = strlen(text); left > 0;) {
    ssize_t sent = send(client, text, slow ? 1 : left, MSG_NOSIGNAL);
    if (sent <= 0) return;
    text += sent;
    left -= (size_t)sent;
    if (slow) sleep_ms(20);
  }
}

static void answer(int client, const char *head, const char *mode) {
  char request[4096];
  ssize_t got = recv(client, request, sizeof request - 1, 0);
  if (got <= 0) return;
  request[got] = '\0';
  request[strcspn(request, "\r\n")] = '\0';
  say(request);
  if (strcmp(mode, "close") == 0) return;
  if (strcmp(mode, "silent") == 0) sleep_for_ever();
  if (strcmp(mode, "endless") == 0)
    for (int i = 0; i < 100000; i++) send_all(client, "HTTP/1.1 200", 0);
  send_all(client, head, strcmp(mode, "slow") == 0);
  send_all(client, "ok\n", 0);
}

int main(int argc, char **argv) {
  char head[1024];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_port = htons((uint16_t)number_argument(argc, argv, 1, 0));
  snprintf(head, sizeof head, "%s", argc > 2 ? argv[2] : "HTTP/1.1 200 OK\\r\\n\\r\\n");
  unescape(head);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) fail("listen");
  say("listening");
  for (;;) {
    int client = accept(listener, NULL, NULL);
    if (client < 0) continue;
    read_head(head, sizeof head);
    answer(client, head, argc > 3 ? argv[3] : "");
    close(client);
  }
}
