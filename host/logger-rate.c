/*
 * The limit of what a source may write in a second: the first bytes of each second are kept, in whole lines, the rest of
 * it is dropped and counted. A line among the output says how much, in every place that the output goes to.
 *
 * It is an edit of the window between reading and delivery, so that files, consoles and formats need to know nothing of
 * it. A logger that is killed in its midst loses the bytes in hand, which may not be counted then: only sources that
 * write more than they may can lose anything.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "logger-parts.h"

#define RATE_SPAN_MS 1000

/* The note of what was left out. A line that was kept in part is ended first. Its bytes. */
static uint32_t put_note(struct source_rate *rate, uint64_t limit, uint8_t *to) {
  int length = snprintf((char *)to, LOGGER_NOTE_BYTES, "%s[gonit: %" PRIu64 " bytes are left out: more than %" PRIu64 " in a second]\n",
                        rate->is_midline ? "\n" : "", rate->left_out, limit);
  rate->is_midline = 0;
  rate->left_out = 0;
  return (uint32_t)length;
}

/* How much of a text may be kept: up to the last line end where not all of it has room. A line that was kept in part may
 * end, if its end is here. */
static size_t kept_bytes(const struct source_rate *rate, uint64_t limit, const uint8_t *text, size_t bytes) {
  uint64_t room = limit > rate->kept ? limit - rate->kept : 0;
  if (bytes <= room) return bytes;
  size_t kept = (size_t)room;
  while (kept > 0 && text[kept - 1] != '\n') kept--;
  const uint8_t *end = kept == 0 && rate->is_midline ? memchr(text, '\n', bytes) : NULL;
  return end == NULL ? kept : (size_t)(end - text) + 1;
}

static void leave_out(struct source_rate *rate, const uint8_t *text, size_t bytes) {
  if (bytes == 0) return;
  rate->left_out += bytes;
  rate->fresh += bytes;
  rate->skips_line = text[bytes - 1] != '\n';
}

/* The line that was being dropped is dropped to its end. */
static size_t skip_line(struct source_rate *rate, const uint8_t *text, size_t bytes) {
  if (!rate->skips_line) return 0;
  const uint8_t *end = memchr(text, '\n', bytes);
  size_t skipped = end == NULL ? bytes : (size_t)(end - text) + 1;
  leave_out(rate, text, skipped);
  return skipped;
}

int rate_fits(struct source_rate *rate, uint64_t limit, const uint8_t *text, uint32_t bytes) {
  if (logger.now_ms >= rate->since_ms + RATE_SPAN_MS) {
    rate->since_ms = logger.now_ms;
    rate->kept = 0;
    rate->is_dropping = 0;
  }
  if (rate->is_dropping || rate->skips_line || rate->left_out || rate->kept + bytes > limit) return 0;
  rate->kept += bytes;
  rate->is_midline = text[bytes - 1] != '\n';
  return 1;
}

uint32_t rate_edit(struct source_rate *rate, uint64_t limit, uint8_t *window, uint32_t bytes) {
  static uint8_t edited[LIMIT_LOG_WINDOW_BYTES];
  size_t at = 0;
  uint32_t used = 0;
  if (!rate->is_dropping) {
    at = skip_line(rate, window, bytes);
    if (at < bytes && rate->left_out) used = put_note(rate, limit, edited);
    size_t kept = kept_bytes(rate, limit, window + at, bytes - at);
    memcpy(edited + used, window + at, kept);
    if (kept > 0) rate->is_midline = window[at + kept - 1] != '\n';
    rate->kept += kept;
    used += (uint32_t)kept;
    at += kept;
    rate->is_dropping = at < bytes;
  }
  leave_out(rate, window + at, bytes - at);
  memcpy(window, edited, used);
  if (rate->left_out) rate->note_ms = logger.now_ms + RATE_SPAN_MS;
  if (rate->left_out && rate->note_ms < logger.note_ms) logger.note_ms = rate->note_ms;
  return used;
}

/* Nothing more may come for long: what was left out is told all the same. */
void rate_notes(int at_once) {
  uint32_t slots = atomic_load(&logger.part->slot_count);
  logger.note_ms = LOGGER_NEVER;
  for (uint32_t slot = 1; slot < slots && slot < LIMIT_LOG_SLOTS; slot++) {
    struct source_rate *rate = &logger.sources[slot].rate;
    if (rate->left_out == 0) continue;
    source_settings(slot);
    struct log_record *record = record_for(logger.settings.flags);
    if (record_busy(record)) rate->note_ms = logger.now_ms + RATE_SPAN_MS;
    if (!record_busy(record) && (at_once || rate->note_ms <= logger.now_ms)) {
      uint8_t note[LOGGER_NOTE_BYTES];
      record_put(record, slot, note, put_note(rate, logger.settings.rate, note));
    } else if (rate->note_ms < logger.note_ms) {
      logger.note_ms = rate->note_ms;
    }
  }
}
