/* The manager's side of the log table: see logger.h for what is said to init, log-table.h for who writes what. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "init-message.h"
#include "log-table.h"
#include "logger.h"
#include "test-hook.h"

#define SEND_TRIES 3
#define SEND_WAIT_MS 1000

static struct log_part *part_of(struct ledger *ledger) {
  return (struct log_part *)ledger->logs;
}

static uint32_t name_hash(const char *name) {
  uint64_t hash = ledger_checksum(name, strlen(name));
  return (uint32_t)(hash ^ hash >> 32);
}

static uint32_t slots_used(const struct log_part *part) {
  uint32_t count = atomic_load(&part->slot_count);
  return count < LIMIT_LOG_SLOTS ? count : LIMIT_LOG_SLOTS;
}

static int slot_find(const struct log_part *part, const char *name, uint32_t state, struct log_settings *settings) {
  uint32_t hash = name_hash(name), count = slots_used(part);
  if (log_settings_load(part, 0, settings) == 0 && !strcmp(settings->name, name)) return 0;
  for (uint32_t slot = 1; slot < count; slot++) {
    if (part->name_hashes[slot] != hash) continue;
    if (atomic_load(&part->configs[slot].state) != state) continue;
    if (log_settings_load(part, slot, settings) == 0 && !strcmp(settings->name, name)) return (int)slot;
  }
  return -ENOENT;
}

/* Each store leaves the slot free or used, so a manager that dies here loses nothing but the claim. */
static int slot_claim(struct log_part *part) {
  uint32_t count = slots_used(part);
  for (uint32_t slot = 1; slot < LIMIT_LOG_SLOTS; slot++) {
    struct log_config_slot *config = &part->configs[slot];
    uint32_t state = atomic_load(&config->state), generation = atomic_load(&config->generation);
    if (state == LOG_SLOT_USED) continue;
    if (state == LOG_SLOT_FORGOTTEN && atomic_load(&part->states[slot].released) != generation) continue;
    TEST_HOOK("log-claim-state");
    atomic_store(&config->state, LOG_SLOT_FREE);
    TEST_HOOK("log-claim-generation");
    atomic_store(&config->generation, generation + 1);
    TEST_HOOK("log-claim-count");
    if (slot >= count) atomic_store(&part->slot_count, slot + 1);
    return (int)slot;
  }
  return -EAGAIN;
}

/* Room for a version's text; the version in use keeps its own. */
static int text_room(struct log_part *part, struct log_config_slot *config, uint32_t bytes) {
  uint32_t size = LOG_TEXT_BYTES_MIN;
  if (config->space_bytes >= bytes) return 0;
  while (size < bytes) size *= 2;
  if (size > LOG_TEXT_BYTES_MAX) size = LOG_TEXT_BYTES_MAX;
  if (part->text_used + 2 * size > sizeof part->text) return -ENOSPC;
  uint32_t at = part->text_used;
  TEST_HOOK("log-text-used");
  part->text_used += 2 * size;
  TEST_HOOK("log-text-at");
  config->space_at = at;
  TEST_HOOK("log-text-size");
  config->space_bytes = size;
  return 0;
}

static int is_same(const struct log_settings *now, const struct log_config *config) {
  return now->max_size == config->max_size && now->keep == config->keep && now->flags == config->flags &&
         now->line_limit == config->line_limit && now->sync_ms == config->sync_ms &&
         now->rate == config->rate &&
         !strcmp(now->label, config->label) && !strcmp(now->path, config->path);
}

static int config_write(struct log_part *part, uint32_t slot, const struct log_config *wanted) {
  struct log_config_slot *config = &part->configs[slot];
  size_t name = strlen(wanted->name) + 1, label = strlen(wanted->label) + 1, path = strlen(wanted->path) + 1;
  uint32_t version = atomic_load(&config->version), bytes = (uint32_t)(name + label + path);
  int error = text_room(part, config, bytes);
  if (error) return error;
  uint32_t at = config->space_at + ((version + 1) & 1) * config->space_bytes;
  TEST_HOOK("log-configure-text");
  memcpy(part->text + at, wanted->name, name);
  memcpy(part->text + at + name, wanted->label, label);
  memcpy(part->text + at + name + label, wanted->path, path);
  TEST_HOOK("log-configure-settings");
  config->versions[(version + 1) & 1] = (struct log_config_version){
      .max_size = wanted->max_size,
      .keep = wanted->keep,
      .flags = wanted->flags,
      .line_limit = wanted->line_limit,
      .sync_ms = wanted->sync_ms,
      .rate = wanted->rate,
      .text_at = at,
      .text_bytes = (uint16_t)bytes,
  };
  if (version + 1 == 0) version++; /* 0 means never */
  TEST_HOOK("log-configure-version");
  atomic_store_explicit(&config->version, version + 1, memory_order_release);
  return 0;
}

int log_configure(struct ledger *ledger, const struct log_config *config) {
  struct log_part *part = part_of(ledger);
  struct log_settings now;
  struct log_config wanted = *config;
  if (!wanted.name[0] || strlen(wanted.name) >= LOG_NAME_BYTES) return -EINVAL;
  if (strlen(wanted.label) >= LOG_NAME_BYTES || strlen(wanted.path) >= LOG_PATH_BYTES) return -ENAMETOOLONG;
  int slot = slot_find(part, wanted.name, LOG_SLOT_USED, &now);
  if (slot == 0) wanted.flags |= LOG_FLAG_OWN;
  if (slot >= 0) return is_same(&now, &wanted) ? slot : config_write(part, (uint32_t)slot, &wanted) ?: slot;
  slot = slot_claim(part);
  if (slot < 0) return slot;
  int error = config_write(part, (uint32_t)slot, &wanted);
  if (error) return error;
  TEST_HOOK("log-configure-hash");
  part->name_hashes[slot] = name_hash(wanted.name);
  TEST_HOOK("log-configure-used");
  atomic_store_explicit(&part->configs[slot].state, LOG_SLOT_USED, memory_order_release);
  TEST_HOOK("log-configured");
  return slot;
}

/* init reads its socket at every turn; a full one is empty again soon. */
static int say(int init_socket, uint32_t op, int slot, uint64_t generation, const char *name, int fd) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = op, .ticket = generation, .a = slot};
  struct pollfd writable = {init_socket, POLLOUT, 0};
  int error = -EAGAIN;
  snprintf(message.name, sizeof message.name, "%s%s", op == INIT_OP_HOLD || op == INIT_OP_RELEASE ? "log:" : "", name);
  for (int i = 0; i < SEND_TRIES && error == -EAGAIN; i++) {
    error = init_message_send(init_socket, &message, fd);
    if (error == -EAGAIN) poll(&writable, 1, SEND_WAIT_MS);
  }
  return error;
}

static int is_slot(const struct log_part *part, int slot) {
  return slot > 0 && (uint32_t)slot < slots_used(part) && atomic_load(&part->configs[slot].state) == LOG_SLOT_USED;
}

/* The logger gets what is read from, init keeps what is written to. */
static int give_ends(int init_socket, int slot, const struct log_settings *settings, const int ends[2]) {
  int error = say(init_socket, INIT_OP_HOLD, slot, settings->generation, settings->name, ends[1]);
  return error ? error : say(init_socket, INIT_OP_LOG_SOURCE, slot, settings->generation, settings->name, ends[0]);
}

int log_pipe(struct ledger *ledger, int init_socket, int slot, int capacity_bytes) {
  struct log_part *part = part_of(ledger);
  struct log_settings settings;
  int ends[2];
  if (!is_slot(part, slot) || log_settings_load(part, (uint32_t)slot, &settings) != 0) return -EINVAL;
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  fcntl(ends[0], F_SETFL, O_NONBLOCK); /* the read end is the logger's alone; the write end blocks, as programs expect */
  if (capacity_bytes > 0) fcntl(ends[1], F_SETPIPE_SZ, capacity_bytes); /* above the user's limit it stays as it is */
  int error = give_ends(init_socket, slot, &settings, ends);
  close(ends[0]);
  if (!error) return ends[1];
  close(ends[1]);
  return error;
}

int log_terminal(struct ledger *ledger, int init_socket, int slot, int master, int slave) {
  struct log_part *part = part_of(ledger);
  struct log_settings settings;
  if (!is_slot(part, slot) || log_settings_load(part, (uint32_t)slot, &settings) != 0) return -EINVAL;
  return give_ends(init_socket, slot, &settings, (int[]){master, slave});
}

int log_viewer(int init_socket, int slot, int socket) { return say(init_socket, INIT_OP_LOG_VIEWER, slot, 0, "", socket); }

void log_forget(struct ledger *ledger, int init_socket, const char *name) {
  struct log_part *part = part_of(ledger);
  struct log_settings settings;
  int slot = slot_find(part, name, LOG_SLOT_USED, &settings);
  if (slot < 0) slot = slot_find(part, name, LOG_SLOT_FORGOTTEN, &settings);
  if (slot <= 0) return;
  TEST_HOOK("log-forget-state");
  atomic_store(&part->configs[slot].state, LOG_SLOT_FORGOTTEN);
  TEST_HOOK("log-forget-tell");
  say(init_socket, INIT_OP_LOG_FORGET, slot, settings.generation, settings.name, -1);
}

void log_read_counters(struct ledger *ledger, int slot, struct log_counters *counters) {
  struct log_part *part = part_of(ledger);
  struct log_settings settings;
  memset(counters, 0, sizeof *counters);
  if (slot < 0 || (uint32_t)slot >= slots_used(part)) return;
  if (log_settings_load(part, (uint32_t)slot, &settings) == 0) counters->flags = settings.flags;
  const struct log_state *state = &part->states[slot];
  if (atomic_load(&state->generation) != settings.generation) return; /* the logger has not heard of it yet */
  const struct log_progress progress = state->progress;
  counters->bytes = progress.bytes;
  counters->lines = progress.lines;
  counters->dropped = progress.dropped;
  counters->file_size = progress.file_size;
  counters->stored = progress.stored;
  counters->error = progress.error;
  if (progress.area) counters->flags |= LOG_FLAG_MEMORY;
  if (progress.area && progress.error && progress.memory_total > LIMIT_LOG_MEMORY_BYTES)
    counters->dropped += progress.memory_total - LIMIT_LOG_MEMORY_BYTES; /* counted for good when the rest is written */
}

uint32_t log_troubles(struct ledger *ledger) {
  return atomic_load(&part_of(ledger)->trouble_count);
}

size_t log_read_memory(struct ledger *ledger, int slot, uint8_t *buffer, size_t size) {
  struct log_part *part = part_of(ledger);
  if (slot < 0 || (uint32_t)slot >= slots_used(part)) return 0;
  const volatile struct log_progress *progress = &part->states[slot].progress;
  uint32_t area = progress->area;
  uint64_t total = progress->memory_total, bytes = total;
  if (area == 0 || area > LIMIT_LOG_MEMORY_SLOTS) return 0;
  if (bytes > LIMIT_LOG_MEMORY_BYTES) bytes = LIMIT_LOG_MEMORY_BYTES;
  if (bytes > size) bytes = size;
  for (uint64_t i = 0; i < bytes; i++)
    buffer[i] = part->areas[area - 1][(total - bytes + i) % LIMIT_LOG_MEMORY_BYTES];
  /* What the logger has overwritten meanwhile was the oldest part. */
  atomic_thread_fence(memory_order_acquire);
  uint64_t newer = progress->memory_total - total, room = LIMIT_LOG_MEMORY_BYTES - bytes;
  uint64_t lost = newer > room ? newer - room : 0;
  if (lost >= bytes || progress->area != area) return 0;
  memmove(buffer, buffer + lost, (size_t)(bytes - lost));
  return (size_t)(bytes - lost);
}

int log_drained(struct ledger *ledger, int slot, int fd) {
  struct log_part *part = part_of(ledger);
  int waiting = 0;
  if (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0) return 0;
  for (int i = 0; i < LOG_RECORDS; i++) {
    const struct log_record *record = &part->records[i];
    if (atomic_load(&record->phase) != LOG_PHASE_IDLE && record->slot == (uint32_t)slot) return 0;
  }
  return 1;
}

void log_reopen(struct ledger *ledger, int init_socket) {
  TEST_HOOK("log-reopen-count");
  atomic_fetch_add(&part_of(ledger)->reopen_count, 1);
  TEST_HOOK("log-reopen-tell");
  say(init_socket, INIT_OP_LOG_CHANGED, 0, 0, "", -1);
}
