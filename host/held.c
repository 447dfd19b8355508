/*
 * Descriptors that outlive manager and logger, each under a name; and the log pipes' read ends, which every new logger
 * gets again. A name's hash stands in a dense table, so that a thousand services cost no more than a sweep.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

static uint32_t hash_of(const char *name, int kind) {
  uint32_t hash = 2166136261u ^ (uint32_t)kind;
  for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash | 1; /* 0: a free entry */
}

static struct held *find(const char *name, int kind) {
  uint32_t hash = hash_of(name, kind);
  for (int32_t i = 0; i < init->held_end; i++) {
    if (init->held_hash[i] != hash) continue;
    struct held *held = &init->held[i];
    if (held->kind == kind && strcmp(held->name, name) == 0) return held;
  }
  return NULL;
}

static struct held *find_source(int slot, uint64_t generation, int any_generation) {
  for (int32_t i = 0; i < init->held_end; i++) {
    struct held *held = &init->held[i];
    if (init->held_hash[i] == 0 || held->kind != HELD_SOURCE || held->slot != slot) continue;
    if (any_generation || held->generation == generation) return held;
  }
  return NULL;
}

static struct held *take_free(const char *name, int kind) {
  int32_t at = 0;
  while (at < init->held_end && init->held_hash[at] != 0) at++;
  if (at >= HELD_MAX) return NULL;
  struct held *held = &init->held[at];
  memset(held, 0, sizeof *held);
  held->kind = (uint8_t)kind;
  strncpy(held->name, name, sizeof held->name - 1);
  init->held_hash[at] = hash_of(held->name, kind);
  if (at >= init->held_end) init->held_end = at + 1;
  return held;
}

static void drop(struct held *held) {
  if (held == NULL) return;
  close(held->fd);
  held->kind = HELD_FREE;
  init->held_hash[held - init->held] = 0;
}

void held_hold(const struct init_message *message, int fd) {
  struct held *held = find(message->name, HELD_NAMED);
  if (held != NULL) close(held->fd);
  else held = message->name[0] != '\0' ? take_free(message->name, HELD_NAMED) : NULL;
  if (held != NULL) held->fd = fd;
  else close(fd);
}

void held_release(const char *name) { drop(find(name, HELD_NAMED)); }

void held_source(const struct init_message *message, int fd, int from_logger) {
  struct held *held = find_source(message->a, message->ticket, from_logger);
  if (held != NULL) close(held->fd);
  else held = take_free(message->name, HELD_SOURCE);
  if (held == NULL) {
    close(fd);
    return;
  }
  held->fd = fd;
  held->slot = message->a;
  held->generation = message->ticket;
  held->forgotten = 0;
  /* What came from the logger is for its successors only. */
  held->sent = from_logger ? 1 : 0;
  held->sent_life = init_ledger.exits->logger.life;
  if (!from_logger) init->sources_wait = 1;
}

void held_forget(const struct init_message *message, int from_logger) {
  struct held *held = find_source(message->a, message->ticket, 0);
  if (from_logger) {
    drop(held);
    return;
  }
  char name[HELD_NAME_BYTES + 8];
  snprintf(name, sizeof name, "log:%s", message->name);
  held_release(name);
  if (held == NULL) return;
  held->forgotten = 1;
  init->sources_wait = 1;
}

static int is_slow(int result) { return result == -EAGAIN || result == -ENOBUFS || result == -ETOOMANYREFS; }

static void fill(struct init_message *message, uint32_t op, const struct held *held) {
  memset(message, 0, sizeof *message);
  message->version = CONTRACT_VERSION;
  message->op = op;
  message->ticket = held->generation;
  message->a = held->slot;
  memcpy(message->name, held->name, sizeof message->name);
}

void held_list_begin(void) { init->listing = 0; }

int held_list_continue(void) {
  struct init_message message;
  if (init->listing < 0 || init->manager.socket < 0) return 0;
  for (; init->listing < init->held_end; init->listing++) {
    struct held *held = &init->held[init->listing];
    if (init->held_hash[init->listing] == 0 || held->kind != HELD_NAMED) continue;
    fill(&message, INIT_OP_HELD, held);
    if (is_slow(init_message_send(init->manager.socket, &message, held->fd))) return 1;
  }
  struct held end = {0};
  fill(&message, INIT_OP_HELD_END, &end);
  if (is_slow(init_message_send(init->manager.socket, &message, -1))) return 1;
  init->listing = -1;
  return 0;
}

/* What the running logger does not know yet of one source: the descriptor first, then that it is forgotten. */
static int send_source(struct held *held, uint32_t life) {
  struct init_message message;
  if (held->sent_life != life) held->sent = 0;
  held->sent_life = life;
  if (held->sent == 0) {
    fill(&message, INIT_OP_LOG_SOURCE, held);
    int result = init_message_send(init->logger.socket, &message, held->fd);
    if (is_slow(result)) return result;
    held->sent = 1;
  }
  if (held->forgotten && held->sent == 1) {
    fill(&message, INIT_OP_LOG_FORGET, held);
    int result = init_message_send(init->logger.socket, &message, -1);
    if (is_slow(result)) return result;
    held->sent = 2;
  }
  return 0;
}

int held_sources_continue(void) {
  uint32_t life = init_ledger.exits->logger.life;
  if (init->logger.socket < 0 || !init->sources_wait) return 0;
  for (int32_t i = 0; i < init->held_end; i++) {
    struct held *held = &init->held[i];
    if (init->held_hash[i] == 0 || held->kind != HELD_SOURCE) continue;
    int known = held->sent_life == life && held->sent >= (held->forgotten ? 2 : 1);
    if (!known && send_source(held, life) < 0) return 1;
  }
  init->sources_wait = 0;
  return 0;
}
