/*
 * `gonit up -d`: whoever typed it waits until the control socket is there, or until the start failed, and meanwhile
 * shows what is printed. Then init goes on without a terminal, in a session of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define UP 0xff /* other bytes are exit codes */

static void show(int output) {
  char text[4096];
  ssize_t got;
  while ((got = read(output, text, sizeof text)) > 0) {
    for (ssize_t done = 0, put; done < got; done += put) {
      put = write(2, text + done, (size_t)(got - done));
      if (put <= 0) return;
    }
  }
}

/* The exit code. That the descriptor closes without a byte means that init was killed. */
static int await(int state, int output) {
  struct pollfd fds[2] = {{.fd = state, .events = POLLIN}, {.fd = output, .events = POLLIN}};
  unsigned char byte;
  ssize_t got;
  fcntl(output, F_SETFL, O_NONBLOCK);
  do {
    int ready = poll(fds, 2, -1);
    if (ready < 0 && errno != EINTR) return EXIT_CODE_FAILED;
    if (ready > 0 && fds[1].revents) show(output);
    if (fds[1].revents & POLLHUP) fds[1].fd = -1;
  } while (fds[0].revents == 0);
  do got = read(state, &byte, 1);
  while (got < 0 && errno == EINTR);
  show(output);
  if (got != 1) return EXIT_CODE_FAILED;
  return byte == UP ? EXIT_CODE_OK : byte;
}

/* The second fork makes the grandchild no leader of its session, so that no terminal it opens becomes its own. */
static void leave(int output) {
  setsid();
  pid_t pid = fork();
  if (pid != 0) _exit(pid < 0 ? EXIT_CODE_FAILED : EXIT_CODE_OK);
  int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null >= 0) dup2(null, 0);
  dup2(output, 1);
  dup2(output, 2);
  close(output);
  if (null > 2) close(null);
}

int detach(int *fd) {
  int state[2], output[2];
  if (pipe2(state, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0) return EXIT_CODE_FAILED;
  pid_t pid = fork();
  if (pid < 0) return EXIT_CODE_FAILED;
  close(state[pid == 0 ? 0 : 1]);
  close(output[pid == 0 ? 0 : 1]);
  if (pid == 0) {
    leave(output[1]);
    *fd = state[1];
    return -1;
  }
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return await(state[0], output[0]);
}

static void say(unsigned char byte) {
  int fd = init->detach_fd;
  if (fd == 0) return;
  init->detach_fd = 0;
  if (write(fd, &byte, 1) < 0) {} /* nobody waits any more */
  close(fd);
}

void detach_ready(void) { say(UP); }
void detach_failed(int code) { say((unsigned char)(code == UP ? EXIT_CODE_FAILED : code)); }
