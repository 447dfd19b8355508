/* The table of held descriptors (held.h), and the manager's question for all of it. */
#include "held.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

static struct held_table *table(void) { return &init->held; }

static uint32_t hash_of(const char *name) {
  uint32_t hash = 2166136261u;
  for (; *name != '\0'; name++) hash = (hash ^ (uint8_t)*name) * 16777619u;
  return hash;
}

void held_name(int entry, char *name) {
  const struct held_entry *held = &table()->entries[entry];
  size_t used = HELD_INLINE_BYTES;
  memcpy(name, held->text, used);
  for (uint32_t next = held->next; next != 0 && used < HELD_NAME_BYTES; next = table()->blocks[next - 1].next) {
    size_t room = HELD_NAME_BYTES - used, bytes = room < HELD_BLOCK_BYTES ? room : HELD_BLOCK_BYTES;
    memcpy(name + used, table()->blocks[next - 1].text, bytes);
    used += bytes;
  }
  name[used - 1] = '\0';
}

static int find(const char *name) {
  char other[HELD_NAME_BYTES];
  uint32_t hash = hash_of(name);
  for (int i = 0; i < table()->entries_end; i++) {
    if (table()->entries[i].hash != hash || table()->entries[i].fd == 0) continue;
    held_name(i, other);
    if (strcmp(name, other) == 0) return i;
  }
  return -ENOENT;
}

int held_find(const char *name) {
  int entry = find(name);
  return entry < 0 ? entry : table()->entries[entry].fd;
}

static void set_used(uint32_t block, int used) {
  uint32_t *word = &table()->blocks_used[block / 32], bit = 1u << block % 32;
  *word = used ? *word | bit : *word & ~bit;
}

static int block_take(void) {
  int32_t block = 0;
  while (block < table()->blocks_end && (table()->blocks_used[block / 32] >> block % 32 & 1)) block++;
  if (block == HELD_BLOCKS) return -ENOSPC;
  if (block == table()->blocks_end) {
    int error = init_state_room(&table()->blocks[block], sizeof table()->blocks[block]);
    if (error) return error;
    table()->blocks_end = block + 1;
  }
  set_used((uint32_t)block, 1);
  return block;
}

/* What has not found its place before a fault is found by held_repair(). */
static void blocks_free(uint32_t next) {
  while (next != 0) {
    set_used(next - 1, 0);
    next = table()->blocks[next - 1].next;
  }
}

/* The part of a name that an entry has no room for. 0 or -errno; *first is what the entry points at. */
static int blocks_write(const char *rest, uint32_t *first) {
  uint32_t *link = first;
  *first = 0;
  for (;;) {
    int block = block_take();
    if (block < 0) {
      blocks_free(*first);
      return block;
    }
    struct held_block *to = &table()->blocks[block];
    to->next = 0;
    strncpy(to->text, rest, sizeof to->text);
    *link = (uint32_t)block + 1;
    link = &to->next;
    if (strlen(rest) < sizeof to->text) return 0;
    rest += sizeof to->text;
  }
}

static int entry_take(void) {
  int entry = 0;
  while (entry < table()->entries_end && table()->entries[entry].fd != 0) entry++;
  if (entry == HELD_MAX) return -ENOSPC;
  if (entry < table()->entries_end) return entry;
  int error = init_state_room(&table()->entries[entry], sizeof table()->entries[entry]);
  if (error) return error;
  table()->entries_end = entry + 1;
  return entry;
}

static int add(const char *name, int fd) {
  uint32_t first = 0;
  int entry = entry_take(), error = 0;
  if (entry < 0) return entry;
  struct held_entry *held = &table()->entries[entry];
  if (strlen(name) >= sizeof held->text) error = blocks_write(name + sizeof held->text, &first);
  if (error) return error;
  strncpy(held->text, name, sizeof held->text);
  held->next = first;
  held->hash = hash_of(name);
  *(volatile int32_t *)&held->fd = fd;
  return 0;
}

int held_hold(const char *name, int fd) {
  int entry = name[0] == '\0' ? -EINVAL : find(name);
  int result = entry == -ENOENT ? add(name, fd) : entry < 0 ? entry : 0;
  int old = fd;
  if (entry >= 0) {
    old = table()->entries[entry].fd;
    if (old == fd) return 0; /* a fault came in between, and this is the second try */
    table()->entries[entry].fd = fd;
  }
  if (result < 0 || entry >= 0) close(old);
  return result;
}

static void release(struct held_entry *held) {
  int fd = held->fd;
  uint32_t next = held->next;
  *(volatile int32_t *)&held->fd = 0;
  close(fd);
  blocks_free(next);
}

void held_release(const char *name) {
  int entry = find(name);
  if (entry >= 0) release(&table()->entries[entry]);
}

void held_repair(void) {
  for (int i = 0; i < table()->blocks_end; i += 32) table()->blocks_used[i / 32] = 0;
  for (int i = 0; i < table()->entries_end; i++) {
    if (table()->entries[i].fd == 0) continue;
    uint32_t next = table()->entries[i].next;
    for (; next != 0; next = table()->blocks[next - 1].next) set_used(next - 1, 1);
  }
}

void held_list_begin(void) {
  init->listing = 1;
}

int held_list_continue(void) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_HELD};
  if (init->listing == 0 || init->manager.socket == 0) return 0;
  for (; init->listing <= table()->entries_end; init->listing++) {
    const struct held_entry *held = &table()->entries[init->listing - 1];
    if (held->fd == 0) continue;
    held_name(init->listing - 1, message.name);
    int error = init_message_send(init->manager.socket, &message, held->fd);
    if (init_send_is_slow(error)) return error == -EAGAIN;
  }
  message = (struct init_message){.version = CONTRACT_VERSION, .op = INIT_OP_HELD_END};
  int error = init_message_send(init->manager.socket, &message, -1);
  if (init_send_is_slow(error)) return error == -EAGAIN;
  init->listing = 0;
  return 0;
}
