/*
 * Lines of a file as JSON objects, one a line.
 *
 * What has come of a line is written at once, so its object stays open until the line ends. Nobody can read an open
 * object: one whose line does not end soon is closed and marked as `partial`, and what comes of the line then stands in
 * another one. So is one that reaches the line limit, or the end of its file. The messages of partial objects and of the
 * next one that is not, put together, are the line.
 */
#include <string.h>

#include "logger-text.h"

#define JSON_HEAD_BYTES 1024 /* a name whose every byte is escaped still fits */
#define JSON_PARTIAL "\",\"partial\":true}\n"
#define JSON_ROOM_BYTES 32 /* for a character, what stands for half a one, and an end */

/* One character of a JSON text, or the escape that stands for it. */
static size_t json_character(uint8_t *to, uint8_t byte) {
  static const char hex[] = "0123456789abcdef";
  static const char shorts[] = "\bb\ff\nn\rr\tt\"\"\\\\";
  for (const char *at = shorts; *at; at += 2) {
    if ((uint8_t)*at != byte) continue;
    to[0] = '\\';
    to[1] = (uint8_t)at[1];
    return 2;
  }
  if (byte >= 0x20 && byte != 0x7f) {
    to[0] = byte;
    return 1;
  }
  memcpy(to, "\\u00", 4);
  to[4] = (uint8_t)hex[byte >> 4];
  to[5] = (uint8_t)hex[byte & 15];
  return 6;
}

/* How many bytes from here on stand for themselves: printable ASCII without quote and backslash. Blocks of bytes are
 * looked at together; the last ones one by one. */
static size_t json_plain(const uint8_t *data, size_t bytes) {
  size_t at = 0;
  for (; bytes - at >= sizeof(lines_block); at += sizeof(lines_block)) {
    lines_block block;
    uint64_t halves[2];
    memcpy(&block, data + at, sizeof block);
    lines_block other = (lines_block)(block < 0x20) | (lines_block)(block > 0x7e) | (lines_block)(block == '"') |
                        (lines_block)(block == '\\');
    memcpy(halves, &other, sizeof halves);
    if (halves[0] | halves[1]) break;
  }
  while (at < bytes && data[at] >= 0x20 && data[at] <= 0x7e && data[at] != '"' && data[at] != '\\') at++;
  return at;
}

/* Bytes of the UTF-8 sequence that a byte begins; 0: it begins none. */
static int utf8_length(uint8_t first) {
  if (first >= 0xc2 && first <= 0xdf) return 2;
  if (first >= 0xe0 && first <= 0xef) return 3;
  if (first >= 0xf0 && first <= 0xf4) return 4;
  return 0;
}

/* Whether a byte may be the next one of a sequence: the table of well-formed sequences in the Unicode standard. */
static int utf8_continues(const struct log_progress *progress, uint8_t byte) {
  if ((byte & 0xc0) != 0x80) return 0;
  if (progress->carry_bytes > 1) return 1;
  switch (progress->carry[0]) {
    case 0xe0: return byte >= 0xa0;
    case 0xed: return byte <= 0x9f;
    case 0xf0: return byte >= 0x90;
    case 0xf4: return byte <= 0x8f;
    default: return 1;
  }
}

static void json_replacement(struct lines *lines) {
  lines_put(lines, "\xef\xbf\xbd", 3); /* U+FFFD stands for what is no UTF-8 */
  lines->step->progress.carry_bytes = 0;
}

/* A byte above 127: kept until its sequence is whole, which may be in a later record. 1: taken, 0: look at it again. */
static int json_sequence(struct lines *lines, uint8_t byte) {
  struct log_progress *progress = &lines->step->progress;
  if (progress->carry_bytes && !utf8_continues(progress, byte)) {
    json_replacement(lines);
    return 0;
  }
  if (!progress->carry_bytes && !utf8_length(byte)) {
    json_replacement(lines);
    return 1;
  }
  progress->carry[progress->carry_bytes++] = byte;
  if (progress->carry_bytes < utf8_length(progress->carry[0])) return 1;
  lines_put(lines, progress->carry, progress->carry_bytes);
  progress->carry_bytes = 0;
  return 1;
}

static size_t json_head(const struct log_record *record, uint8_t *head) {
  const struct log_settings *settings = &logger.settings;
  char stamp[LINES_STAMP_BYTES];
  size_t length = strlen(settings->name), at = 0;
  int error = length > 4 && !strcmp(settings->name + length - 4, ":err");
  lines_stamp(record->wall_ms, stamp);
  memcpy(head, "{\"time\":\"", 9), at = 9;
  memcpy(head + at, stamp, LINES_STAMP_BYTES - 1), at += LINES_STAMP_BYTES - 1;
  memcpy(head + at, "\",\"service\":\"", 13), at += 13;
  for (const char *label = settings->label; *label; label++) at += json_character(head + at, (uint8_t)*label);
  memcpy(head + at, error ? "\",\"stream\":\"stderr\"" : "\",\"stream\":\"stdout\"", 19), at += 19;
  memcpy(head + at, ",\"message\":\"", 12), at += 12;
  return at;
}

static void json_end(struct lines *lines) {
  if (lines->step->progress.carry_bytes) json_replacement(lines);
  lines_put(lines, "\"}\n", 3);
  lines->step->progress.column = 0;
}

/* The line goes on in the next object. */
static void json_cut(struct lines *lines) {
  lines_put(lines, JSON_PARTIAL, sizeof JSON_PARTIAL - 1);
  lines->step->progress.column = 0;
}

int json_is_open(uint32_t flags, const struct log_progress *progress) {
  return (flags & LOG_FLAG_JSON) && (progress->column > 0 || progress->carry_bytes > 0);
}

/* A character that is not whole waits for its rest once, then it is told as what it is. */
void json_close(struct lines *lines) {
  if (lines->step->progress.column == 0) {
    lines->to += json_head(lines->record, lines->to);
    json_replacement(lines);
  }
  json_cut(lines);
}

/* Copies what stands for itself, as far as the line limit and the output allow. */
static void json_copy(struct lines *lines) {
  struct log_progress *progress = &lines->step->progress;
  size_t bytes = (size_t)(lines->end - lines->in), room = (size_t)(lines->limit - lines->to) - JSON_ROOM_BYTES;
  uint32_t limit = lines->record->line_limit;
  if (bytes > room) bytes = room;
  if (limit && progress->column >= limit) return;
  if (limit && bytes > limit - progress->column) bytes = limit - progress->column;
  bytes = json_plain(lines->in, bytes);
  lines_put(lines, lines->in, bytes);
  lines->in += bytes;
  progress->column += (uint32_t)bytes;
}

/* The line at hand, until it ends or must be cut. */
static void json_line(struct lines *lines) {
  struct log_progress *progress = &lines->step->progress;
  while (lines->in < lines->end && lines->limit - lines->to > JSON_ROOM_BYTES) {
    uint8_t byte = *lines->in;
    if (byte == '\n') {
      json_end(lines);
      lines->in++;
      return;
    }
    if (lines_over_limit(lines)) {
      json_cut(lines);
      return;
    }
    if (byte >= 0x80) {
      if (!json_sequence(lines, byte)) continue;
    } else {
      if (progress->carry_bytes) json_replacement(lines);
      lines->to += json_character(lines->to, byte);
    }
    lines->in++;
    progress->column++;
    if (!progress->carry_bytes && lines->limit - lines->to > JSON_ROOM_BYTES) json_copy(lines);
  }
}

void lines_json(struct lines *lines) {
  uint8_t head[JSON_HEAD_BYTES];
  size_t bytes = json_head(lines->record, head);
  while (lines->in < lines->end && (size_t)(lines->limit - lines->to) > bytes + JSON_ROOM_BYTES) {
    if (lines_full(lines, bytes + lines_length(lines) + 2)) {
      if (lines->step->progress.column > 0) json_cut(lines);
      lines->rotate = 1;
      return;
    }
    if (lines->step->progress.column == 0) lines_put(lines, head, bytes);
    json_line(lines);
  }
}
