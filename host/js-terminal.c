/* Host calls of module terminal: a client that takes keys as they are typed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "js.h"

#define RECEIVE_MAX 65536
#define DESCRIPTORS_MAX 8

static struct {
  int fd; /* whose modes are saved; only when raw */
  int raw;
  struct termios modes;
} saved;

static int restore(void) {
  if (!saved.raw) return 0;
  saved.raw = 0;
  return tcsetattr(saved.fd, TCSANOW, &saved.modes) < 0 ? -errno : 0;
}

static int make_raw(int fd) {
  struct termios raw;
  int result = restore();
  if (result < 0 || tcgetattr(fd, &saved.modes) < 0) return result < 0 ? result : -errno;
  raw = saved.modes;
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSADRAIN, &raw) < 0) return -errno;
  saved.fd = fd;
  saved.raw = 1;
  return 0;
}

JS_BINDING(host_raw_mode) {
  int32_t fd;
  if (js_int(ctx, argv[0], "rawMode: fd", &fd) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, JS_ToBool(ctx, argv[1]) > 0 ? make_raw(fd) : restore());
}

/* `descriptors` has room for as many as the sender may send (sendDescriptors): the kernel closes what has none. */
static JSValue new_received(JSContext *ctx, struct msghdr *message, const uint8_t *data, size_t length) {
  JSValue result = JS_NewObject(ctx), list = JS_NewArray(ctx);
  uint32_t listed = 0;
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      js_push(ctx, list, &listed, JS_NewInt32(ctx, fd));
    }
  }
  js_set(ctx, result, "data", js_new_bytes(ctx, data, length));
  js_set(ctx, result, "descriptors", list);
  return result;
}

JS_BINDING(host_receive_descriptors) {
  static uint8_t buffer[RECEIVE_MAX];
  union { struct cmsghdr align; char space[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))]; } control;
  int32_t fd;
  int64_t max;
  if (js_int(ctx, argv[0], "receiveDescriptors: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "receiveDescriptors: maxBytes", 1, sizeof buffer, &max) < 0) return JS_EXCEPTION;
  struct iovec part = {.iov_base = buffer, .iov_len = (size_t)max};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space,
                           .msg_controllen = sizeof control.space};
  ssize_t got;
  do got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  return got < 0 ? JS_NewInt32(ctx, -errno) : new_received(ctx, &message, buffer, (size_t)got);
}

JS_TABLE(js_terminal, HOST_CALLS_TERMINAL)
