/* takes-sockets [COUNT]: serves the sockets that it was handed (sd_listen_fds(3)). Says "sockets N NAMES mine|other PID" where
 * "mine" means that LISTEN_PID is its own. Answers each connection with "PID\n"; after COUNT of them it ends with 0. */
#include "child.h"

#include <poll.h>
#include <sys/socket.h>

int main(int argc, char **argv) {
  long left = number_argument(argc, argv, 1, -1);
  const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID"), *names = getenv("LISTEN_FDNAMES");
  int count = fds == NULL ? 0 : atoi(fds);
  struct pollfd polled[32];
  char text[256];
  snprintf(text, sizeof text, "sockets %d %s %s %d", count, names == NULL ? "-" : names,
           pid != NULL && atoi(pid) == (int)getpid() ? "mine" : "other", (int)getpid());
  say(text);
  for (int i = 0; i < count; i++) polled[i] = (struct pollfd){.fd = 3 + i, .events = POLLIN};
  while (left != 0) {
    if (poll(polled, (nfds_t)count, -1) < 0) continue;
    for (int i = 0; i < count; i++) {
      if ((polled[i].revents & POLLIN) == 0) continue;
      int fd = accept(polled[i].fd, NULL, NULL);
      if (fd < 0) continue;
      dprintf(fd, "%d\n", (int)getpid());
      close(fd);
      left--;
    }
  }
  return 0;
}
