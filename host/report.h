/* init's own messages, in the look of src/runtime/own-log.ts: through the logger while there is one, else to standard
 * error, and on a machine without a logger to the kernel's log. Never waiting. */
#ifndef GONIT_REPORT_H
#define GONIT_REPORT_H

#include <stdint.h>

#define REPORT_TEXT 0
#define REPORT_LOGFMT 1
#define REPORT_JSON 2

struct report_field {
  const char *name;
  const char *text; /* NULL: the number */
  int64_t number;
};

/* A list of fields in the order in which they are shown. */
#define REPORT_FIELDS(...) ((const struct report_field[]){__VA_ARGS__, {NULL, NULL, 0}})

/* Chooses format and colour by --log-format, GONIT_LOG_FORMAT and whether standard error is a terminal. */
void report_begin(int argc, char **argv);

/* level: info, warn or error. */
void report(const char *level, const char *message, const struct report_field *fields);

/* strerror(3) */
const char *report_error(int error);

#endif
