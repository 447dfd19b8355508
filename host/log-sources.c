/*
 * Read ends of log pipes, by slot of the logger's table. Every new logger gets all of them again; what is forgotten
 * stays until the logger has read it to its end. The protocol stands in logger.h.
 */
#include <errno.h>
#include <unistd.h>

#include "init.h"

static struct held_table *table(void) { return &init->held; }

static int is_slot(int slot) { return slot > 0 && slot < LIMIT_LOG_SLOTS; }

static void set_flags(int slot, uint8_t flags) {
  table()->source_flags[slot] = flags;
  if (slot >= table()->sources_end) table()->sources_end = slot + 1;
  init->sources_pending = 1;
}

void sources_add(const struct init_message *message, int fd) {
  struct log_source *source = is_slot(message->a) ? &table()->sources[message->a] : NULL;
  int old = source != NULL ? source->fd : fd;
  if (source != NULL && source->fd == fd) return; /* a fault came in between, and this is the second try */
  if (source == NULL || init_state_room(source, sizeof *source) < 0) {
    close(fd);
    return;
  }
  source->generation = (uint32_t)message->ticket;
  source->fd = fd;
  if (old != 0) close(old);
  set_flags(message->a, SOURCE_SEND);
}

void sources_add_own(const struct init_message *message, int fd) {
  int number = message->a - LIMIT_LOG_SLOTS;
  if (number < 0 || number >= LIMIT_LOG_OWN_PIPES) {
    close(fd);
    return;
  }
  int old = table()->own_pipes[number];
  table()->own_pipes[number] = fd;
  if (old != 0 && old != fd) close(old);
}

/* A slot whose pipe was never made is forgotten too: the logger has to say that it is done with it. */
void sources_forget(const struct init_message *message) {
  int slot = message->a;
  if (!is_slot(slot)) return;
  struct log_source *source = &table()->sources[slot];
  if (source->fd != 0 && source->generation != (uint32_t)message->ticket) return;
  source->generation = (uint32_t)message->ticket;
  set_flags(slot, table()->source_flags[slot] | SOURCE_FORGOTTEN | SOURCE_SEND_FORGET);
}

/* The logger has read it to its end. */
void sources_forgotten(const struct init_message *message) {
  if (!is_slot(message->a)) return;
  struct log_source *source = &table()->sources[message->a];
  if (source->generation != (uint32_t)message->ticket) return; /* the slot is another's already */
  int fd = source->fd;
  source->fd = 0;
  table()->source_flags[message->a] = 0;
  if (fd != 0) close(fd);
}

void sources_resend(void) {
  for (int slot = 1; slot < table()->sources_end; slot++) {
    uint8_t flags = table()->source_flags[slot] & SOURCE_FORGOTTEN;
    if (table()->sources[slot].fd != 0) flags |= SOURCE_SEND;
    if (flags & SOURCE_FORGOTTEN) flags |= SOURCE_SEND_FORGET;
    if (flags != table()->source_flags[slot]) table()->source_flags[slot] = flags;
  }
  table()->own_pipes_send = (1u << LIMIT_LOG_OWN_PIPES) - 1;
  init->sources_pending = 1;
}

/* 0: taken, or nobody is there to take it; else the error of a socket that is slow. */
static int say(uint32_t op, int slot, uint32_t generation, int fd) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = op, .ticket = generation, .a = slot};
  int error = init_message_send(init->logger.socket, &message, fd);
  return init_send_is_slow(error) ? error : 0;
}

static int send_own_pipes(void) {
  for (int i = 0; i < LIMIT_LOG_OWN_PIPES; i++) {
    int fd = table()->own_pipes[i];
    if ((table()->own_pipes_send >> i & 1) == 0) continue;
    int error = fd != 0 ? say(INIT_OP_LOG_SOURCE, LIMIT_LOG_SLOTS + i, 0, fd) : 0;
    if (error) return error;
    table()->own_pipes_send &= (uint8_t)~(1u << i);
  }
  return 0;
}

static int send_slot(int slot) {
  struct log_source *source = &table()->sources[slot];
  uint8_t *flags = &table()->source_flags[slot];
  int error = 0;
  if ((*flags & SOURCE_SEND) && source->fd != 0) error = say(INIT_OP_LOG_SOURCE, slot, source->generation, source->fd);
  if (error) return error;
  *flags &= (uint8_t)~SOURCE_SEND;
  if (*flags & SOURCE_SEND_FORGET) error = say(INIT_OP_LOG_FORGET, slot, source->generation, -1);
  if (error) return error;
  *flags &= (uint8_t)~SOURCE_SEND_FORGET;
  return 0;
}

int sources_continue(void) {
  if (!init->sources_pending || init->logger.socket == 0) return 0;
  int error = send_own_pipes();
  for (int slot = 1; error == 0 && slot < table()->sources_end; slot++) {
    if (table()->source_flags[slot] & (SOURCE_SEND | SOURCE_SEND_FORGET)) error = send_slot(slot);
  }
  if (error == 0) init->sources_pending = 0;
  return error == -EAGAIN;
}
