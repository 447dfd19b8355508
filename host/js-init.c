/* Host calls of module manager that are messages to init: held descriptors and the end of a shutdown. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "js-manager.h"
#include "js.h"

/* init serves its socket each turn; longer than this it is not slow but gone, and the manager is about to end too. */
#define WAIT_MS 2000
#define HELD_MAX 16384

static int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* 0 when the socket is ready for `events` before the end. */
static int wait_for(short events, int64_t end_ms) {
  struct pollfd slow = {.fd = ROLE_FD_INIT, .events = events};
  for (;;) {
    int64_t left = end_ms - now_ms();
    int result = poll(&slow, 1, left > 0 ? (int)left : 0);
    if (result > 0) return 0;
    if (result == 0) return -ETIMEDOUT;
    if (errno != EINTR) return -errno;
  }
}

int manager_message(struct init_message *message, uint32_t op, const char *name) {
  memset(message, 0, sizeof *message);
  message->version = CONTRACT_VERSION;
  message->op = op;
  int length = snprintf(message->name, sizeof message->name, "%s", name);
  return length < (int)sizeof message->name ? 0 : -ENAMETOOLONG;
}

int manager_send(const struct init_message *message, int fd) {
  int64_t end_ms = now_ms() + WAIT_MS;
  for (;;) {
    int result = init_message_send(ROLE_FD_INIT, message, fd);
    if (result != -EAGAIN) return result;
    result = wait_for(POLLOUT, end_ms);
    if (result < 0) return result;
  }
}

static int send_name(JSContext *ctx, uint32_t op, JSValueConst value, const char *what, int fd, int *result) {
  const char *name;
  struct init_message message;
  if (js_string(ctx, value, what, &name) < 0) return -1;
  *result = manager_message(&message, op, name);
  JS_FreeCString(ctx, name);
  if (*result == 0) *result = manager_send(&message, fd);
  return 0;
}

JS_BINDING(host_hold) {
  int32_t fd;
  int result;
  if (js_int(ctx, argv[1], "hold: fd", &fd) < 0) return JS_EXCEPTION;
  if (fd < 0) return JS_NewInt32(ctx, -EBADF);
  if (send_name(ctx, INIT_OP_HOLD, argv[0], "hold: name", fd, &result) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_release_held) {
  int result;
  if (send_name(ctx, INIT_OP_RELEASE, argv[0], "releaseHeld: name", -1, &result) < 0) return JS_EXCEPTION;
  return JS_UNDEFINED;
}

/* 1: a message, 0: the list has ended, or -errno. */
static int next_held(struct init_message *message, int *fd, int64_t end_ms) {
  for (;;) {
    int result = wait_for(POLLIN, end_ms);
    if (result < 0) return result;
    result = init_message_receive(ROLE_FD_INIT, message, fd);
    if (result == 0) return -EPIPE;
    if (result < 0 && result != -EAGAIN) return result;
    if (result < 0) continue;
    if (message->op == INIT_OP_HELD_END) return 0;
    if (message->op == INIT_OP_HELD && *fd >= 0) return 1;
    if (*fd >= 0) close(*fd);
  }
}

JS_BINDING(host_held) {
  struct init_message message;
  uint32_t count = 0;
  int fd = -1;
  manager_message(&message, INIT_OP_LIST_HELD, "");
  int64_t end_ms = now_ms() + WAIT_MS;
  int result = manager_send(&message, -1);
  JSValue list = JS_NewArray(ctx);
  while (result >= 0 && count < HELD_MAX && (result = next_held(&message, &fd, end_ms)) == 1) {
    JSValue entry = JS_NewObject(ctx);
    js_set(ctx, entry, "name", js_new_text(ctx, message.name, strnlen(message.name, sizeof message.name)));
    js_set(ctx, entry, "fd", JS_NewInt32(ctx, fd));
    js_push(ctx, list, &count, entry);
  }
  if (result >= 0) return list;
  JS_FreeValue(ctx, list);
  return JS_ThrowInternalError(ctx, "cannot list the descriptors that init holds: %s", strerror(-result));
}

/* Nothing comes from init unasked. That the socket is closed means that init has ended, and so must its manager. */
int js_init_drain(void) {
  struct init_message message;
  int fd;
  for (;;) {
    int result = init_message_receive(ROLE_FD_INIT, &message, &fd);
    if (result == 0) _exit(EXIT_CODE_FAILED);
    if (result < 0) return result == -EAGAIN ? 0 : result;
    if (fd >= 0) close(fd);
  }
}

JS_BINDING(host_finish_shutdown) {
  struct init_message message;
  manager_message(&message, INIT_OP_SHUTDOWN, "");
  if (js_int(ctx, argv[0], "finishShutdown: mode", &message.a) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[1], "finishShutdown: exitCode", &message.b) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[2], "finishShutdown: graceMs", &message.c) < 0) return JS_EXCEPTION;
  int result = manager_send(&message, -1);
  if (result < 0) return JS_ThrowInternalError(ctx, "cannot hand the shutdown to init: %s", strerror(-result));
  return JS_UNDEFINED;
}
