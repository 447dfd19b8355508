/*
 * Bytes to whole lines of a console, each behind the name of its service.
 *
 * A line that has not ended is kept in a block of the ledger until its rest comes, so that lines of different sources
 * do not mix; after LOGGER_FLUSH_MS, or when it is too long for a block or no block is free, it is shown as far as it
 * is. The console then has an open line: its own source goes on behind it, any other one ends it first.
 *
 * Like the lines of files, a function of the record and its step only. A block is written to only while nothing of it
 * is on its way, so that the step can be done again.
 */
#include <stdio.h>
#include <string.h>

#include "logger-parts.h"

#define PREFIX_BYTES_MAX (LOG_NAME_BYTES + 32)

struct prefix {
  const struct log_record *record;
  struct log_step *next;
  uint8_t *out, *to, *limit;
};

void partial_release(struct log_progress *progress) {
  uint32_t block = progress->partial;
  progress->partial = 0;
  progress->partial_bytes = 0;
  if (block > 0 && block <= LOG_PARTIALS) logger.part->partial_owner[block - 1] = 0;
}

static uint32_t partial_claim(uint32_t slot) {
  uint32_t *owners = logger.part->partial_owner;
  for (uint32_t i = 0; i < LOG_PARTIALS; i++) {
    if (owners[i] != 0 && owners[i] != 1 + slot) continue;
    owners[i] = 1 + slot;
    return 1 + i;
  }
  return 0;
}

/* Keeps the start of a line until its rest comes. 0: it must be shown now. */
static int partial_keep(struct prefix *prefix, const uint8_t *in, uint32_t bytes) {
  struct log_progress *progress = &prefix->next->progress;
  if (prefix->to > prefix->out || progress->partial_bytes + bytes > LOG_PARTIAL_BYTES) return 0;
  if (prefix->next->partial_taken > 0) return 0;
  if (!progress->partial) progress->partial = partial_claim(prefix->record->slot), progress->partial_bytes = 0;
  if (!progress->partial) return 0;
  memcpy(logger.part->partials[progress->partial - 1] + progress->partial_bytes, in, bytes);
  progress->partial_bytes += bytes;
  return 1;
}

/* The name's colour stays the same over restarts and machines. */
static int colour_of(const char *label) {
  static const uint8_t colours[] = {36, 33, 32, 35, 34, 96, 93, 92, 95, 94};
  return colours[ledger_checksum(label, strlen(label)) % sizeof colours];
}

static void put(struct prefix *prefix, const void *text, size_t bytes) {
  memcpy(prefix->to, text, bytes);
  prefix->to += bytes;
}

/* 0: there is no room for it. */
static int line_begin(struct prefix *prefix, int colour) {
  const char *label = logger.settings.label;
  char text[PREFIX_BYTES_MAX];
  int bytes = 0;
  if (prefix->limit - prefix->to < PREFIX_BYTES_MAX) return 0;
  if (prefix->next->open) put(prefix, "\n", 1);
  prefix->next->open = 1 + prefix->record->slot;
  if (!(prefix->record->flags & LOG_FLAG_PREFIX)) return 1;
  if (colour) bytes = snprintf(text, sizeof text, "\033[%dm%s |\033[0m ", colour_of(label), label);
  else bytes = snprintf(text, sizeof text, "%s | ", label);
  put(prefix, text, (size_t)bytes);
  return 1;
}

/* 0: not all of it had room. */
static int partial_show(struct prefix *prefix) {
  struct log_progress *progress = &prefix->next->progress;
  if (!progress->partial) return 1;
  size_t room = (size_t)(prefix->limit - prefix->to), left = progress->partial_bytes - prefix->next->partial_taken;
  size_t bytes = left < room ? left : room;
  put(prefix, logger.part->partials[progress->partial - 1] + prefix->next->partial_taken, bytes);
  prefix->next->partial_taken += (uint32_t)bytes;
  if (bytes < left) return 0;
  progress->partial = 0; /* the block is free when the record is finished */
  progress->partial_bytes = 0;
  prefix->next->partial_taken = 0;
  return 1;
}

static void line_show(struct prefix *prefix, const uint8_t *in, size_t bytes) {
  size_t room = (size_t)(prefix->limit - prefix->to);
  if (bytes > room) bytes = room;
  if (bytes == 0) return;
  put(prefix, in, bytes);
  prefix->next->console_taken += (uint32_t)bytes;
  if (in[bytes - 1] == '\n') prefix->next->open = 0;
}

/* Leaves out the carriage return that a terminal puts before a line end; one that comes last waits for what follows.
 * 1: it was all that was to be taken. */
static int without_return(struct prefix *prefix, const uint8_t *in, uint32_t *left, const uint8_t **newline) {
  struct log_progress *progress = &prefix->next->progress;
  if (*left == 0) return 0;
  if ((progress->held_return & LOG_RETURN_CONSOLE) && *in != '\n' && prefix->next->open == 1 + prefix->record->slot)
    put(prefix, "\r", 1);
  progress->held_return &= (uint8_t)~LOG_RETURN_CONSOLE;
  const uint8_t *last = *newline ? *newline : in + *left;
  if (last == in || last[-1] != '\r') return 0;
  if (last - 1 == in) {
    prefix->next->console_taken++;
    if (!*newline) progress->held_return |= LOG_RETURN_CONSOLE;
    return 1;
  }
  *left = (uint32_t)(last - 1 - in);
  *newline = NULL;
  return 0;
}

uint32_t prefix_next(const struct log_record *record, struct log_step *next, int colour, uint8_t out[LOGGER_PUSH_BYTES]) {
  struct prefix prefix = {record, next, out, out, out + LOGGER_PUSH_BYTES};
  while (prefix.to < prefix.limit) {
    const uint8_t *in = record_window(record) + next->console_taken;
    uint32_t left = record->bytes - next->console_taken;
    if (left == 0 && !(record->flush && next->progress.partial)) break;
    const uint8_t *newline = memchr(in, '\n', left);
    if ((record->flags & LOG_FLAG_TERMINAL) && without_return(&prefix, in, &left, &newline)) continue;
    if (!newline && !record->flush && next->open != 1 + record->slot) {
      if (prefix.to > out) break; /* the block may be written to only when what was taken from it is committed */
      if (partial_keep(&prefix, in, left)) {
        next->console_taken += left;
        break;
      }
    }
    if (next->open != 1 + record->slot && !line_begin(&prefix, colour)) break;
    if (!partial_show(&prefix)) break;
    line_show(&prefix, in, newline ? (size_t)(newline - in) + 1 : left);
  }
  return (uint32_t)(prefix.to - out);
}
