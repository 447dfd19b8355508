/*
 * The end: what is in the pipes is written, what was written is made durable, within LOG_DRAIN_MS. A console that takes
 * nothing gets a part of that time, then it is given up, because files wait behind it.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "logger-parts.h"

#define DRAIN_PIPES_MS 2000   /* for sources that never stop writing */
#define DRAIN_CONSOLE_MS 1500 /* for a console to take something */
#define DRAIN_SYNC_MS 1000
#define DRAIN_STEP_MS 10

static uint32_t slots_used(void) {
  uint32_t count = atomic_load(&logger.part->slot_count);
  return count < LIMIT_LOG_SLOTS ? count : LIMIT_LOG_SLOTS;
}

static int pipes_have_bytes(void) {
  for (uint32_t slot = 0; slot < slots_used(); slot++) {
    int available = 0;
    if (logger.sources[slot].pipe && ioctl(logger.sources[slot].pipe, FIONREAD, &available) == 0 && available > 0) return 1;
  }
  return 0;
}

static uint64_t consoles_hold(void) {
  uint64_t bytes = 0;
  for (int i = 0; i < LOG_CONSOLES; i++) {
    struct console *console = &logger.consoles[i];
    bytes += console->level + console->copy_bytes - console->copy_done;
    if (record_busy(&logger.part->records[1 + i])) bytes++;
  }
  return bytes;
}

static void end_unfinished_lines(void) {
  for (uint32_t slot = 0; slot < slots_used(); slot++) {
    if (logger.sources[slot].flush_ms) logger.sources[slot].flush_ms = 1;
  }
  logger.flush_ms = 0;
  logger.now_ms = logger_clock_ms();
  sources_flush();
  consoles_pump();
}

static void give_up_consoles(void) {
  for (int i = 0; i < LOG_CONSOLES; i++) {
    if (!record_busy(&logger.part->records[1 + i]) && logger.consoles[i].level == 0) continue;
    console_give_up(i);
    console_ready(i);
  }
}

static void drain_pipes(void) {
  int64_t end_ms = logger_clock_ms() + DRAIN_PIPES_MS, moved_ms = logger_clock_ms();
  uint64_t held = consoles_hold();
  while (logger_clock_ms() < end_ms && (pipes_have_bytes() || consoles_hold() > 0)) {
    logger_turn(logger_clock_ms() + DRAIN_STEP_MS);
    if (consoles_hold() < held || consoles_hold() == 0) moved_ms = logger_clock_ms();
    held = consoles_hold();
    if (logger_clock_ms() > moved_ms + DRAIN_CONSOLE_MS) give_up_consoles();
  }
}

void drain(void) {
  logger_unwatch(logger.init); /* a socket that was closed would be reported for ever */
  drain_pipes();
  rate_notes(1);
  end_unfinished_lines();
  drain_pipes();
  end_unfinished_lines(); /* what half of a character was kept back for */
  give_up_consoles();
  logger.now_ms = logger_clock_ms();
  files_retry(1);
  sync_all();
  int64_t end_ms = logger_clock_ms() + DRAIN_SYNC_MS;
  while (sync_pending() && logger_clock_ms() < end_ms) usleep(1000);
}
