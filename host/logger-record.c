/*
 * Exactly once: how a record goes from a pipe to its file and its console. log-table.h has the model.
 *
 * There are three records, because a record whose console is full must wait without holding up the others: one for
 * sources without console, one for each console.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "logger-parts.h"
#include "test-hook.h"

#define RECORD_ATTEMPTS_MAX 3 /* a step at which so many loggers crashed in a row is given up with its record */

uint8_t *record_window(const struct log_record *record) {
  return logger.part->windows[record - logger.part->records];
}

struct log_step *record_step(struct log_record *record) {
  return &record->steps[atomic_load_explicit(&record->turn, memory_order_relaxed) & 1];
}

struct log_step *record_prepare(struct log_record *record) {
  struct log_step *now = record_step(record);
  struct log_step *next = now == record->steps ? now + 1 : record->steps;
  TEST_HOOK("log-prepare");
  *next = *now;
  return next;
}

void record_commit(struct log_record *record) {
  uint32_t turn = atomic_load_explicit(&record->turn, memory_order_relaxed);
  TEST_HOOK("log-commit");
  atomic_store_explicit(&record->turn, turn + 1, memory_order_release);
  TEST_HOOK("log-committed");
}

static void set_phase(struct log_record *record, uint32_t phase) {
  atomic_store_explicit(&record->phase, phase, memory_order_release);
}

int record_busy(const struct log_record *record) {
  return atomic_load(&record->phase) != LOG_PHASE_IDLE;
}

int record_is_got(const struct log_record *record) {
  return atomic_load(&record->phase) == LOG_PHASE_GOT;
}

struct log_record *record_for(uint32_t flags) {
  return &logger.part->records[1 + source_console(flags)];
}

/* The file and the memory take all of the window; they never wait. */
static void deliver_text(struct log_record *record) {
  for (;;) {
    struct log_step *step = record_step(record);
    struct log_piece piece;
    if (step->rotate) {
      file_rotate(record);
      continue;
    }
    if ((step->sink == LOG_SINK_FILE || step->sink == LOG_SINK_STREAM) && step->progress.error && step->progress.area) {
      file_write_kept(record);
      continue;
    }
    if (step->sink == LOG_SINK_NONE) return;
    int closes = record->flush && !step->object_closed && json_is_open(record->flags, &step->progress);
    if (step->text_taken >= record->bytes && !closes) return;
    struct log_step *next = record_prepare(record);
    lines_next(record, next, &piece);
    if (piece.bytes) file_write(record, next, &piece);
    next->text_taken += piece.taken;
    if (piece.rotate && next->sink == LOG_SINK_FILE) next->rotate = file_rotation(record->keep);
    record_commit(record);
  }
}

/* Adds the record's bytes to the counters once, and gives the slot its new progress. */
static void finish(struct log_record *record) {
  struct log_state *state = &logger.part->states[record->slot];
  struct log_step *step = record_step(record);
  if (!step->closed) {
    struct log_step *next = record_prepare(record);
    next->progress.bytes += record->bytes;
    next->progress.lines += lines_count(record_window(record), record->bytes);
    next->closed = 1;
    record_commit(record);
    step = next;
  }
  TEST_HOOK("log-phase-finished");
  set_phase(record, LOG_PHASE_FINISHED);
  uint64_t lines = step->progress.lines - state->progress.lines;
  int console = (int)(record - logger.part->records) - 1;
  int troubled = (state->progress.error != 0) != (step->progress.error != 0);
  TEST_HOOK("log-finish-partial");
  if (state->progress.partial != step->progress.partial) partial_release(&state->progress);
  TEST_HOOK("log-finish-progress");
  state->progress = step->progress;
  TEST_HOOK("log-finish-trouble");
  if (troubled) atomic_fetch_add(&logger.part->trouble_count, 1);
  TEST_HOOK("log-finish-open");
  if (console >= 0) logger.part->console_open[console] = step->open;
  TEST_HOOK("log-phase-idle");
  set_phase(record, LOG_PHASE_IDLE);
  TEST_HOOK("log-finished");
  source_partial(record->slot, lines > 0);
  int is_readable = lines > 0 || step->object_closed;
  if (troubled || ((record->flags & LOG_FLAG_WATCH) && is_readable)) messages_lines_arrived();
}

int record_continue(struct log_record *record) {
  int console = (int)(record - logger.part->records) - 1;
  if (logger.settings.slot != record->slot || !logger.settings.name) source_settings(record->slot);
  file_resume(record->slot, record);
  deliver_text(record);
  if (console >= 0 && !console_deliver(record, console)) return 0;
  finish(record);
  return 1;
}

static int64_t wall_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A canary that the bytes to come do not begin with, but for a chance of 2^-128. */
static void random_canary(uint8_t canary[LOG_CANARY_BYTES]) {
  static uint64_t state[2];
  if (state[0] == 0 && getrandom(state, sizeof state, GRND_NONBLOCK) != sizeof state) {
    state[0] = (uint64_t)wall_ms() * 0x9e3779b97f4a7c15u;
    state[1] = (uint64_t)getpid() << 32 | 1;
  }
  for (int i = 0; i < 2; i++) { /* xorshift128+ */
    uint64_t a = state[0], b = state[1];
    a ^= a << 23;
    state[0] = b;
    state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    a = state[1] + b;
    memcpy(canary + 8 * i, &a, sizeof a);
  }
}

static void prepare(struct log_record *record, uint32_t slot) {
  const struct log_settings *settings = &logger.settings;
  struct log_step *step = record_step(record);
  int console = (int)(record - logger.part->records) - 1;
  struct log_step before = *step;
  TEST_HOOK("log-take-step");
  memset(step, 0, sizeof *step);
  if (logger.appending) step->device = before.device, step->inode = before.inode;
  step->progress = logger.part->states[slot].progress;
  step->open = console >= 0 ? logger.part->console_open[console] : 0;
  TEST_HOOK("log-take-settings");
  record->slot = slot;
  record->generation = logger.sources[slot].generation;
  record->flags = settings->flags;
  record->keep = settings->keep;
  record->line_limit = settings->line_limit;
  record->max_size = settings->max_size;
  record->wall_ms = wall_ms();
  record->flush = 0;
  record->attempts = 0;
  TEST_HOOK("log-take-pushing");
  atomic_store(&record->pushing, atomic_load(&record->turn));
  TEST_HOOK("log-take-file");
  file_begin(slot, step);
}

static uint32_t canary_bytes(const struct log_record *record) {
  return record->bytes < LOG_CANARY_BYTES ? record->bytes : LOG_CANARY_BYTES;
}

/* What is counted is what came. */
static void limit_rate(struct log_record *record, uint32_t slot) {
  struct source_rate *rate = &logger.sources[slot].rate;
  struct log_progress *progress = &record_step(record)->progress;
  uint8_t *window = record_window(record);
  uint64_t limit = logger.settings.rate;
  if (limit == 0 || rate_fits(rate, limit, window, record->bytes)) return;
  set_phase(record, LOG_PHASE_IDLE); /* what is about to become another text must not be taken for this one */
  uint32_t came = record->bytes, lines = lines_count(window, came);
  record->bytes = rate_edit(rate, limit, window, came);
  progress->bytes += (uint64_t)came - record->bytes;
  progress->lines += (uint64_t)lines - lines_count(window, record->bytes);
  progress->dropped += rate->fresh;
  rate->fresh = 0;
}

void record_take(struct log_record *record, uint32_t slot, uint32_t available) {
  uint8_t *window = record_window(record);
  prepare(record, slot);
  TEST_HOOK("log-take-bytes");
  record->available = available;
  uint32_t room = LIMIT_LOG_WINDOW_BYTES - (logger.settings.rate ? LOGGER_NOTE_BYTES : 0);
  record->bytes = available < room ? available : room;
  random_canary(record->canary);
  TEST_HOOK("log-take-canary");
  memcpy(window, record->canary, canary_bytes(record));
  TEST_HOOK("log-phase-reading");
  set_phase(record, LOG_PHASE_READING);
  TEST_HOOK("log-take-read");
  ssize_t got = read(logger.sources[slot].pipe, window, record->bytes);
  if (got <= 0) {
    set_phase(record, LOG_PHASE_IDLE);
    return;
  }
  TEST_HOOK("log-take-got");
  record->bytes = (uint32_t)got; /* as it was: only we read, so what FIONREAD saw was there */
  if (record->flags & LOG_FLAG_TERMINAL) viewers_show(slot, window, record->bytes);
  limit_rate(record, slot);
  TEST_HOOK("log-phase-got");
  set_phase(record, LOG_PHASE_GOT);
  TEST_HOOK("log-take-deliver");
  record_continue(record);
}

void record_flush(struct log_record *record, uint32_t slot) {
  prepare(record, slot);
  TEST_HOOK("log-flush-bytes");
  record->bytes = 0;
  TEST_HOOK("log-flush-mark");
  record->flush = 1;
  TEST_HOOK("log-flush-phase");
  set_phase(record, LOG_PHASE_GOT);
  record_continue(record);
}

void record_put(struct log_record *record, uint32_t slot, const uint8_t *text, uint32_t bytes) {
  prepare(record, slot);
  memcpy(record_window(record), text, bytes);
  record->bytes = bytes;
  struct log_progress *progress = &record_step(record)->progress;
  progress->bytes -= bytes; /* it did not come from the source */
  progress->lines -= lines_count(text, bytes);
  set_phase(record, LOG_PHASE_GOT);
  record_continue(record);
}

/* Did the read that a dead logger began happen? Bytes that differ from the canary were read. Fewer bytes than a canary
 * may be equal to it by chance; then the pipe tells: without a read it cannot hold less than it did. */
static int read_happened(const struct log_record *record) {
  int now = 0, pipe = logger.sources[record->slot].pipe;
  if (memcmp(record_window(record), record->canary, canary_bytes(record)) != 0) return 1;
  if (record->bytes >= LOG_CANARY_BYTES) return 0;
  if (pipe == 0 || ioctl(pipe, FIONREAD, &now) != 0) return 0;
  return (uint32_t)now < record->available;
}

/* A record over which logger after logger dies: what it still has is dropped. */
static void give_up(struct log_record *record) {
  struct log_step *step = record_step(record);
  TEST_HOOK("log-give-up");
  step->progress.dropped += record->bytes - step->text_taken;
  step->progress.torn = step->progress.column > 0;
  step->progress.error = EIO;
  step->progress.partial = step->progress.partial_bytes = 0;
  step->closed = 1;
  finish(record);
}

/* Whether the step makes loggers crash. One that was killed has nothing to do with it. */
static int is_deadly(struct log_record *record) {
  uint32_t turn = atomic_load(&record->turn);
  if (record->attempt_turn != turn || !logger.crashed) record->attempts = 0;
  TEST_HOOK("log-recover-attempt");
  record->attempt_turn = turn;
  return ++record->attempts > RECORD_ATTEMPTS_MAX;
}

void record_recover(struct log_record *record) {
  uint32_t phase = atomic_load(&record->phase);
  int console = (int)(record - logger.part->records) - 1;
  if (phase == LOG_PHASE_IDLE) return;
  if (record->slot >= LIMIT_LOG_SLOTS || record->bytes > LIMIT_LOG_WINDOW_BYTES) {
    set_phase(record, LOG_PHASE_IDLE);
    return;
  }
  if (phase == LOG_PHASE_READING && !read_happened(record)) {
    TEST_HOOK("log-recover-unread");
    set_phase(record, LOG_PHASE_IDLE);
    return;
  }
  if (source_settings(record->slot) != 0 || is_deadly(record)) {
    give_up(record);
    return;
  }
  if (phase == LOG_PHASE_FINISHED) {
    finish(record);
    return;
  }
  TEST_HOOK("log-recover-phase");
  set_phase(record, LOG_PHASE_GOT);
  if (console < 0) record_continue(record);
  else console_ready(console); /* or later, when init has brought its pipe */
}
