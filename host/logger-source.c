/* Sources: the pipes that services write to. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "logger-parts.h"

#define SOURCE_RECORDS_A_TURN 8
#define SOURCE_MUCH_BYTES 16384
#define SOURCE_PIPE_BYTES 262144

int source_console(uint32_t flags) {
  if (!(flags & LOG_FLAG_CONSOLE)) return -1;
  return logger.consoles[flags & LOG_FLAG_CONSOLE_ERROR ? 1 : 0].same_as;
}

/* With -errno the settings say that nothing is kept, so that the pipe is emptied all the same. */
int source_settings(uint32_t slot) {
  struct log_settings *settings = &logger.settings;
  uint32_t version = atomic_load_explicit(&logger.part->configs[slot].version, memory_order_acquire);
  if (settings->slot != slot || settings->version != version || !settings->name) {
    int error = log_settings_load(logger.part, slot, settings);
    if (error) {
      memset(settings, 0, sizeof *settings);
      settings->slot = slot;
      settings->name = settings->label = settings->path = settings->text;
      return error;
    }
  }
  struct source *source = &logger.sources[slot];
  if (source->version != settings->version) {
    sync_later(slot);
    file_close(slot);
    source->retry_ms = 0;
  }
  source->version = settings->version;
  return 0;
}

static void source_close(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  if (source->pipe == 0) return;
  if (!source->paused) logger_unwatch(source->pipe);
  close(source->pipe);
  source->pipe = 0;
  logger.live_pipes--;
}

void source_add(uint32_t slot, uint32_t generation, int pipe) {
  struct source *source = &logger.sources[slot];
  struct log_config_slot *config = &logger.part->configs[slot];
  struct log_state *state = &logger.part->states[slot];
  source_close(slot);
  if (atomic_load(&state->generation) != generation) {
    memset(&state->progress, 0, sizeof state->progress);
    atomic_store(&state->generation, generation);
  }
  source->pipe = pipe;
  source->generation = generation;
  source->grown = 0;
  source->forgotten = atomic_load(&config->state) == LOG_SLOT_FORGOTTEN && atomic_load(&config->generation) == generation;
  logger.live_pipes++;
  if (!source->paused) logger_watch(pipe, EPOLLIN, slot);
  source_partial(slot, 0);
}

/* The pipe of a forgotten source was read to its end, or there was none. */
static void source_released(uint32_t slot, uint32_t generation) {
  struct source *source = &logger.sources[slot];
  struct log_state *state = &logger.part->states[slot];
  sync_later(slot);
  file_close(slot);
  memory_release(slot, &state->progress);
  partial_release(&state->progress);
  source->flush_ms = 0;
  source->forgotten = 0;
  viewers_end(slot);
  atomic_store_explicit(&state->released, generation, memory_order_release);
  messages_say(INIT_OP_LOG_FORGET, (int)slot, generation, -1);
}

void source_forget(uint32_t slot, uint32_t generation) {
  struct source *source = &logger.sources[slot];
  if (source->pipe && source->generation == generation) source->forgotten = 1; /* its end will be seen by epoll */
  else source_released(slot, generation);
}

/* Waits until the record of its console is free. Without a place in the epoll set, because a pipe that is ready would
 * be reported again and again. */
static void source_pause(uint32_t slot, uint32_t record) {
  struct source *source = &logger.sources[slot];
  if (source->paused) return;
  logger_unwatch(source->pipe);
  source->paused = 1;
  source->next_paused = logger.paused[record];
  logger.paused[record] = 1 + slot;
}

void sources_resume(uint32_t record) {
  uint32_t next = logger.paused[record];
  logger.paused[record] = 0;
  while (next) {
    uint32_t slot = next - 1;
    struct source *source = &logger.sources[slot];
    next = source->next_paused;
    source->paused = 0;
    source->next_paused = 0;
    if (source->pipe) logger_watch(source->pipe, EPOLLIN, slot);
  }
}

void source_end(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  struct log_state *state = &logger.part->states[slot];
  source_settings(slot);
  struct log_record *record = record_for(logger.settings.flags);
  int kept = state->progress.error && state->progress.area;
  if (kept) source->retry_ms = 0;
  int is_shown = state->progress.partial && source_console(logger.settings.flags) >= 0;
  while (kept || is_shown || json_is_open(logger.settings.flags, &state->progress)) {
    record_flush(record, slot);
    if (record_busy(record)) {
      source_pause(slot, (uint32_t)(record - logger.part->records));
      return;
    }
    kept = is_shown = 0;
  }
  int forgotten = source->forgotten;
  source_close(slot);
  if (forgotten) source_released(slot, source->generation);
}

/* A source that fills its pipe gets a larger one: fewer changes between it and us. Where its user has too many already,
 * the kernel refuses and nothing is lost. */
static void source_grow(struct source *source, uint32_t available) {
  if (source->grown || available < LIMIT_LOG_WINDOW_BYTES) return;
  source->grown = 1;
  fcntl(source->pipe, F_SETPIPE_SZ, SOURCE_PIPE_BYTES);
}

static uint32_t source_available(const struct source *source) {
  int available = 0;
  if (ioctl(source->pipe, FIONREAD, &available) != 0 || available < 0) return 0;
  return (uint32_t)available;
}

/* Takes what is in the pipe, and what comes meanwhile as long as it is much: a busy source then costs few system calls.
 * Other sources wait for some records at most. Whether the file is still as we left it is asked at every fourth. */
static void source_take(struct log_record *record, uint32_t slot, uint32_t available) {
  struct source *source = &logger.sources[slot];
  source_grow(source, available);
  for (int i = 0; i < SOURCE_RECORDS_A_TURN && available > 0; i++) {
    logger.appending = i % 4 != 0;
    record_take(record, slot, available);
    if (record_busy(record)) break;
    if (available >= 2 * LIMIT_LOG_WINDOW_BYTES) available -= LIMIT_LOG_WINDOW_BYTES;
    else available = source_available(source);
    if (available < SOURCE_MUCH_BYTES) break;
  }
  logger.appending = 0;
}

void source_ready(uint32_t slot, int hangup) {
  struct source *source = &logger.sources[slot];
  if (source->pipe == 0 || source->paused) return;
  source_settings(slot);
  struct log_record *record = record_for(logger.settings.flags);
  if (record_busy(record)) {
    source_pause(slot, (uint32_t)(record - logger.part->records));
    return;
  }
  uint32_t available = source_available(source);
  if (available > 0) source_take(record, slot, available);
  else if (hangup) source_end(slot);
}

void source_partial(uint32_t slot, int new_line) {
  struct source *source = &logger.sources[slot];
  const struct log_progress *progress = &logger.part->states[slot].progress;
  int is_open = progress->partial > 0;
  if (!is_open && (progress->column | progress->carry_bytes) && source_settings(slot) == 0)
    is_open = json_is_open(logger.settings.flags, progress);
  if (!is_open) source->flush_ms = 0;
  else if (new_line || source->flush_ms == 0) source->flush_ms = logger.now_ms + LOGGER_FLUSH_MS;
  if (source->flush_ms && source->flush_ms < logger.flush_ms) logger.flush_ms = source->flush_ms;
}

void sources_flush(void) {
  uint32_t count = atomic_load(&logger.part->slot_count);
  logger.flush_ms = LOGGER_NEVER;
  for (uint32_t slot = 0; slot < count && slot < LIMIT_LOG_SLOTS; slot++) {
    struct source *source = &logger.sources[slot];
    if (source->flush_ms == 0) continue;
    source_settings(slot);
    struct log_record *record = record_for(logger.settings.flags);
    if (source->flush_ms <= logger.now_ms && !record_busy(record)) source->flush_ms = 0, record_flush(record, slot);
    else if (source->flush_ms <= logger.now_ms) source->flush_ms = logger.now_ms + LOGGER_FLUSH_MS;
    if (source->flush_ms && source->flush_ms < logger.flush_ms) logger.flush_ms = source->flush_ms;
  }
}
