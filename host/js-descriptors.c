/* Host calls of module manager: descriptors that are handed to services' programs and to clients. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "js-manager.h"
#include "js.h"
#include "logger.h"
#include "pty.h"

#define DESCRIPTORS_MAX 8

JS_BINDING(host_open_pty) {
  int master, slave;
  uint32_t count = 0;
  int result = pty_open(&master, &slave);
  if (result < 0) return JS_NewInt32(ctx, result);
  JSValue pair = JS_NewArray(ctx);
  js_push(ctx, pair, &count, JS_NewInt32(ctx, master));
  js_push(ctx, pair, &count, JS_NewInt32(ctx, slave));
  return pair;
}

JS_BINDING(host_reset_pty) {
  int32_t slave;
  if (js_int(ctx, argv[0], "resetPty: slave", &slave) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, pty_reset(slave));
}

static int slot_argument(JSContext *ctx, JSValueConst value, const char *what, int64_t *slot) {
  return js_integer(ctx, value, what, 1, LIMIT_LOG_SLOTS - 1, slot);
}

JS_BINDING(host_log_terminal) {
  int64_t slot;
  int32_t master, slave;
  if (slot_argument(ctx, argv[0], "logTerminal: slot", &slot) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[1], "logTerminal: master", &master) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[2], "logTerminal: slave", &slave) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, log_terminal(&manager.ledger, ROLE_FD_INIT, (int)slot, master, slave));
}

JS_BINDING(host_log_viewer) {
  int64_t slot;
  int32_t socket;
  if (slot_argument(ctx, argv[0], "logViewer: slot", &slot) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[1], "logViewer: socket", &socket) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, log_viewer(ROLE_FD_INIT, (int)slot, socket));
}

JS_BINDING(host_set_blocking) {
  int32_t fd;
  if (js_int(ctx, argv[0], "setBlocking: fd", &fd) < 0) return JS_EXCEPTION;
  int flags = fcntl(fd, F_GETFL);
  return JS_NewInt32(ctx, flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0);
}

/* How many there are, or -1 with an exception. */
static int read_descriptors(JSContext *ctx, JSValueConst list, int descriptors[DESCRIPTORS_MAX]) {
  int64_t length;
  if (JS_GetLength(ctx, list, &length) < 0) return -1;
  for (int64_t i = 0; i < length && i < DESCRIPTORS_MAX; i++) {
    JSValue value = JS_GetPropertyInt64(ctx, list, i);
    int result = js_int(ctx, value, "sendDescriptors: descriptors", &descriptors[i]);
    JS_FreeValue(ctx, value);
    if (result < 0) return -1;
  }
  return length < DESCRIPTORS_MAX ? (int)length : DESCRIPTORS_MAX;
}

JS_BINDING(host_send_descriptors) {
  union { struct cmsghdr header; char space[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))]; } control = {0};
  int descriptors[DESCRIPTORS_MAX];
  struct js_bytes data;
  int32_t fd;
  int count = read_descriptors(ctx, argv[2], descriptors);
  if (count < 0 || js_int(ctx, argv[0], "sendDescriptors: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "sendDescriptors: data", &data) < 0) return JS_EXCEPTION;
  struct iovec part = {.iov_base = (void *)data.data, .iov_len = data.length};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (count > 0) {
    control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    control.header.cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
    memcpy(CMSG_DATA(&control.header), descriptors, (size_t)count * sizeof(int));
    message.msg_control = control.space;
    message.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
  }
  ssize_t sent;
  do sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  int64_t result = sent < 0 ? -errno : sent;
  js_bytes_free(ctx, &data);
  return js_number(result);
}
