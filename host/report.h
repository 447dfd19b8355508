/* init's own messages, in the look of src/runtime/own-log.ts: through the logger while there is one, else to standard
 * error; never waiting. */
#ifndef GONIT_REPORT_H
#define GONIT_REPORT_H

#define REPORT_TEXT 0
#define REPORT_LOGFMT 1
#define REPORT_JSON 2

/* Chooses by --log-format, GONIT_LOG_FORMAT and whether standard error is a terminal. */
int report_format(int argc, char **argv);

/* level: info, warn or error. fields: a format that makes name=value pairs separated by blanks, values without blanks. */
void report(const char *level, const char *message, const char *fields, ...) __attribute__((format(printf, 3, 4)));

#endif
