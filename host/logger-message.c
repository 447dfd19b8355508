/* What init says, and what is said to init. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "init-message.h"
#include "logger-parts.h"

#define MESSAGES_A_TURN 64
#define SAY_WAIT_MS 1000

static void source_message(const struct init_message *message, int fd) {
  uint32_t number = (uint32_t)message->a;
  if (fd < 0) return;
  if (number < LIMIT_LOG_SLOTS) source_add(number, (uint32_t)message->ticket, fd);
  else if (number < LIMIT_LOG_SLOTS + 2 * LOG_CONSOLES)
    console_keep((int)(number - LIMIT_LOG_SLOTS) / 2, (int)(number - LIMIT_LOG_SLOTS) % 2, fd);
  else close(fd);
}

/* 0: init has closed the socket. */
static int take_message(struct init_message *message, int fd) {
  if (message->version != CONTRACT_VERSION) message->op = 0;
  switch (message->op) {
    case INIT_OP_LOG_SOURCE:
      source_message(message, fd);
      return 1;
    case INIT_OP_LOG_VIEWER:
      if (fd < 0 || message->a <= 0 || message->a >= LIMIT_LOG_SLOTS) break;
      viewer_add((uint32_t)message->a, fd);
      return 1;
    case INIT_OP_LOG_FORGET:
      if (message->a > 0 && message->a < LIMIT_LOG_SLOTS) source_forget((uint32_t)message->a, (uint32_t)message->ticket);
      break;
    case INIT_OP_LOG_DRAIN:
      logger.draining = 1;
      break;
    default:
      break;
  }
  if (fd >= 0) close(fd);
  return 1;
}

void messages_receive(void) {
  for (int i = 0; i < MESSAGES_A_TURN && !logger.draining; i++) {
    struct init_message message;
    int fd = -1;
    int got = init_message_receive(logger.init, &message, &fd);
    if (got == -EINTR || got == -ECONNRESET) continue; /* a reset comes before what is still queued */
    if (got == -EAGAIN) return;
    if (got > 0) take_message(&message, fd);
    else logger.draining = 1; /* init is gone, and with it all that could come */
  }
}

void messages_say(int op, int a, uint64_t ticket, int fd) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = (uint32_t)op, .ticket = ticket, .a = a};
  struct pollfd writable = {logger.init, POLLOUT, 0};
  int error = init_message_send(logger.init, &message, fd);
  if (error != -EAGAIN || poll(&writable, 1, SAY_WAIT_MS) <= 0) return;
  init_message_send(logger.init, &message, fd); /* an init that is stuck for a second loses it */
}

void messages_lines_arrived(void) {
  int64_t due = logger.rung_ms + LOGGER_RING_MS;
  if (logger.ring_ms == LOGGER_NEVER) logger.ring_ms = due > logger.now_ms ? due : logger.now_ms;
}
