/*
 * Bytes to the text of a file: as they are, with a time before each line, or as JSON lines.
 *
 * A pure function of the record and its step, so that a successor that does a step again writes the same bytes. Lines
 * are not collected: what has come of a line is written at once, and the step remembers how far the line is. JSON is
 * made in logger-json.c.
 *
 * A file is rotated between lines. Only a line that was begun in the file, or is longer than a file, may exceed
 * max_size, and that by LINES_OVERSHOOT at most.
 */
#include <string.h>

#include "logger-text.h"

#define LINES_OUT_BYTES 32768
#define LINES_OVERSHOOT 65536
#define LINES_CUT " [gonit: no line end]\n" /* shorter than a stamp; src/control/partial-lines.ts knows it too */

static uint8_t lines_out[LINES_OUT_BYTES];

/* Line ends in at most 255 blocks: each byte of the sum counts those in its column, and cannot overflow. */
static uint32_t blocks_count(const uint8_t *data, size_t blocks) {
  lines_block sum = {0};
  uint32_t count = 0;
  for (size_t i = 0; i < blocks; i++) {
    lines_block block;
    memcpy(&block, data + i * sizeof block, sizeof block);
    sum -= (lines_block)(block == '\n');
  }
  for (size_t i = 0; i < sizeof sum; i++) count += sum[i];
  return count;
}

uint32_t lines_count(const uint8_t *data, size_t bytes) {
  uint32_t count = 0;
  while (bytes >= sizeof(lines_block)) {
    size_t blocks = bytes / sizeof(lines_block);
    if (blocks > 255) blocks = 255;
    count += blocks_count(data, blocks);
    data += blocks * sizeof(lines_block);
    bytes -= blocks * sizeof(lines_block);
  }
  while (bytes-- > 0) count += *data++ == '\n';
  return count;
}

static void digits(char *to, int count, uint32_t value) {
  while (count-- > 0) {
    to[count] = (char)('0' + value % 10);
    value /= 10;
  }
}

/* Days since 1970-01-01 to a date of the Gregorian calendar, counted in years that begin in March. */
static void date(int64_t days, uint32_t *year, uint32_t *month, uint32_t *day) {
  int64_t shifted = days + 719468;
  int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  uint32_t of_era = (uint32_t)(shifted - era * 146097);
  uint32_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  uint32_t of_year = of_era - (365 * years + years / 4 - years / 100);
  uint32_t from_march = (5 * of_year + 2) / 153;
  *day = of_year - (153 * from_march + 2) / 5 + 1;
  *month = from_march < 10 ? from_march + 3 : from_march - 9;
  *year = (uint32_t)(years + era * 400 + (*month <= 2));
}

void lines_stamp(int64_t wall_ms, char stamp[LINES_STAMP_BYTES]) {
  uint32_t year, month, day;
  int64_t days = wall_ms / 86400000, of_day = wall_ms % 86400000;
  if (of_day < 0) days--, of_day += 86400000;
  date(days, &year, &month, &day);
  uint32_t ms = (uint32_t)of_day;
  memcpy(stamp, "0000-00-00T00:00:00.000Z ", LINES_STAMP_BYTES);
  digits(stamp, 4, year);
  digits(stamp + 5, 2, month);
  digits(stamp + 8, 2, day);
  digits(stamp + 11, 2, ms / 3600000);
  digits(stamp + 14, 2, ms / 60000 % 60);
  digits(stamp + 17, 2, ms / 1000 % 60);
  digits(stamp + 20, 3, ms % 1000);
}

static uint64_t lines_size(const struct lines *lines) {
  return lines->step->progress.file_size + (uint64_t)(lines->to - lines_out);
}

static int lines_may_rotate(const struct lines *lines) {
  return lines->record->max_size && lines->step->sink == LOG_SINK_FILE;
}

int lines_full(const struct lines *lines, size_t bytes) {
  if (!lines_may_rotate(lines)) return 0;
  uint64_t size = lines_size(lines), most = lines->record->max_size;
  if (lines->step->progress.column == 0) return size > 0 && size + bytes > most;
  return size >= most + LINES_OVERSHOOT;
}

size_t lines_length(const struct lines *lines) {
  size_t left = (size_t)(lines->end - lines->in);
  const uint8_t *newline = memchr(lines->in, '\n', left);
  return newline ? (size_t)(newline - lines->in) + 1 : left;
}

void lines_put(struct lines *lines, const void *text, size_t bytes) {
  memcpy(lines->to, text, bytes);
  lines->to += bytes;
}

int lines_over_limit(const struct lines *lines) {
  uint32_t limit = lines->record->line_limit;
  return limit && lines->step->progress.column >= limit && *lines->in != '\n';
}

/* The part of the line at hand that fits: into the limit, into the output. */
static void lines_copy(struct lines *lines, size_t length) {
  struct log_progress *progress = &lines->step->progress;
  uint32_t limit = lines->record->line_limit;
  size_t room = (size_t)(lines->limit - lines->to);
  int ended = lines->in[length - 1] == '\n';
  if (limit && length - (size_t)ended > limit - progress->column) length = limit - progress->column, ended = 0;
  if (length > room) length = room, ended = 0;
  lines_put(lines, lines->in, length);
  lines->in += length;
  progress->column = ended ? 0 : progress->column + (uint32_t)length;
}

static void lines_stamped(struct lines *lines) {
  struct log_progress *progress = &lines->step->progress;
  char stamp[LINES_STAMP_BYTES];
  lines_stamp(lines->record->wall_ms, stamp);
  while (lines->in < lines->end && lines->limit - lines->to > LINES_STAMP_BYTES) {
    size_t length = lines_length(lines);
    if (lines_full(lines, LINES_STAMP_BYTES + length)) {
      lines->rotate = 1;
      return;
    }
    if (lines_over_limit(lines)) {
      lines_put(lines, LINES_CUT, sizeof LINES_CUT - 1);
      progress->column = 0;
      continue;
    }
    if (progress->column == 0) lines_put(lines, stamp, sizeof stamp);
    lines_copy(lines, length);
  }
}

static const uint8_t *last_newline(const uint8_t *data, size_t bytes) {
  while (bytes > 0 && data[bytes - 1] != '\n') bytes--;
  return bytes ? data + bytes - 1 : NULL;
}

/* Where a block of bytes that does not fit into the file is cut: after the last line that fits, else after the end of
 * the line that was begun here. 0: the file is rotated first. */
static size_t lines_raw_cut(struct lines *lines, size_t left) {
  uint64_t size = lines_size(lines), most = lines->record->max_size;
  size_t room = size < most ? (size_t)(most - size) : 0;
  if (room >= left) return left;
  const uint8_t *newline = last_newline(lines->in, room);
  lines->rotate = 1;
  if (newline) return (size_t)(newline - lines->in) + 1;
  if (lines_full(lines, left)) return 0;
  newline = memchr(lines->in + room, '\n', left - room);
  if (newline) return (size_t)(newline - lines->in) + 1;
  lines->rotate = 0;
  return left;
}

static void lines_raw(struct lines *lines) {
  size_t left = (size_t)(lines->end - lines->in);
  if (lines_may_rotate(lines)) left = lines_raw_cut(lines, left);
  if (left == 0) return;
  const uint8_t *newline = last_newline(lines->in, left);
  struct log_progress *progress = &lines->step->progress;
  if (newline) progress->column = (uint32_t)(lines->in + left - 1 - newline);
  else if (progress->column < LIMIT_LOG_WINDOW_BYTES) progress->column += (uint32_t)left; /* only 0 or not matters */
  lines->in += left;
}

/* The next carriage return of a terminal that a line end follows, or nothing yet. */
static const uint8_t *line_return(const uint8_t *at, const uint8_t *end) {
  while ((at = memchr(at, '\r', (size_t)(end - at))) != NULL && at + 1 < end && at[1] != '\n') at++;
  return at;
}

/* Leaves out the carriage return that a terminal puts before a line end. 1: there is nothing else to be done now; what
 * was taken stands in `lines`. */
static int lines_without_return(struct lines *lines) {
  static const uint8_t kept[] = "\r";
  struct log_progress *progress = &lines->step->progress;
  const uint8_t *found = line_return(lines->in, lines->end);
  int is_held = (progress->held_return & LOG_RETURN_TEXT) && *lines->in != '\n';
  progress->held_return &= (uint8_t)~LOG_RETURN_TEXT;
  if (is_held) {
    lines->in = kept;
    lines->end = kept + 1;
    return 0;
  }
  if (found == lines->in) {
    if (++lines->in == lines->end) progress->held_return |= LOG_RETURN_TEXT;
    return 1;
  }
  if (found != NULL) lines->end = found;
  return 0;
}

void lines_next(const struct log_record *record, struct log_step *next, struct log_piece *piece) {
  const uint8_t *window = record_window(record), *from = window + next->text_taken;
  struct lines lines = {record, next, from, window + record->bytes, lines_out, lines_out + sizeof lines_out, 0};
  if (next->progress.torn && (next->sink == LOG_SINK_FILE || next->sink == LOG_SINK_STREAM)) {
    next->progress.torn = 0;
    next->progress.column = 0;
    next->progress.carry_bytes = 0;
    *piece = (struct log_piece){(const uint8_t *)"\n", 1, 0, 0};
    return;
  }
  if (from == lines.end) {
    json_close(&lines);
    next->object_closed = 1;
    *piece = (struct log_piece){lines_out, (uint32_t)(lines.to - lines_out), 0, 0};
    return;
  }
  if ((record->flags & LOG_FLAG_TERMINAL) && lines_without_return(&lines)) {
    *piece = (struct log_piece){NULL, 0, 1, 0};
    return;
  }
  const uint8_t *begin = lines.in;
  if (record->flags & LOG_FLAG_JSON) lines_json(&lines);
  else if (record->flags & LOG_FLAG_STAMP) lines_stamped(&lines);
  else lines_raw(&lines);
  uint32_t used = (uint32_t)(lines.in - begin);
  piece->taken = begin == from ? used : 0; /* a carriage return that was held back was taken before */
  if (begin != from && used == 0) next->progress.held_return |= LOG_RETURN_TEXT;
  piece->rotate = lines.rotate;
  piece->data = lines.to > lines_out ? lines_out : begin;
  piece->bytes = lines.to > lines_out ? (uint32_t)(lines.to - lines_out) : used;
}
