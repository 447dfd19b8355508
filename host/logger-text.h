/* What makes the text of a file out of bytes (logger-lines.c, logger-json.c); nobody else includes this. */
#ifndef GONIT_LOGGER_TEXT_H
#define GONIT_LOGGER_TEXT_H

#include "logger-parts.h"

#define LINES_STAMP_BYTES 25

/* Bytes that are looked at together. The compiler makes of it what the processor has. */
typedef uint8_t lines_block __attribute__((vector_size(16)));

struct lines {
  const struct log_record *record;
  struct log_step *step;
  const uint8_t *in, *end;
  uint8_t *to, *limit;
  int rotate;
};

/* At a line's start: does a line of `bytes` belong to the next file? In the middle of one: has it gone too far? */
int lines_full(const struct lines *lines, size_t bytes);
size_t lines_length(const struct lines *lines); /* of what is at hand of the next line */
int lines_over_limit(const struct lines *lines); /* the line is ended, and goes on as a new one */
void lines_put(struct lines *lines, const void *text, size_t bytes);

void lines_json(struct lines *lines);
void json_close(struct lines *lines); /* the object of a line that has not ended */

#endif
