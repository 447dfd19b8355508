#include "init-message.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

union control {
  struct cmsghdr header;
  char space[CMSG_SPACE(sizeof(int))];
};

int init_message_send(int socket, const struct init_message *message, int fd) {
  struct iovec part = {(void *)(uintptr_t)message, sizeof *message};
  struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
  union control control;
  if (fd >= 0) {
    memset(&control, 0, sizeof control);
    header.msg_control = control.space;
    header.msg_controllen = sizeof control.space;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(rights), &fd, sizeof fd);
  }
  ssize_t sent = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? -errno : 0;
}

int init_message_receive(int socket, struct init_message *message, int *fd) {
  struct iovec part = {message, sizeof *message};
  union control control;
  struct msghdr header = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof control.space};
  *fd = -1;
  ssize_t got = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (got <= 0) return got < 0 ? -errno : 0;
  struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
  if (rights != NULL && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS &&
      rights->cmsg_len == CMSG_LEN(sizeof *fd)) {
    memcpy(fd, CMSG_DATA(rights), sizeof *fd);
  }
  if (got == (ssize_t)sizeof *message && message->version == CONTRACT_VERSION) {
    message->name[sizeof message->name - 1] = '\0';
  } else {
    memset(message, 0, sizeof *message); /* an operation that nobody knows: dropped */
  }
  return 1;
}
