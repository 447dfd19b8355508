#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

static int named_format(const char *name) {
  if (name == NULL) return -1;
  if (strcmp(name, "text") == 0) return REPORT_TEXT;
  if (strcmp(name, "logfmt") == 0) return REPORT_LOGFMT;
  return strcmp(name, "json") == 0 ? REPORT_JSON : -1;
}

int report_format(int argc, char **argv) {
  int format = named_format(getenv("GONIT_LOG_FORMAT"));
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--") == 0) break;
    if (strncmp(argv[i], "--log-format=", 13) == 0) format = named_format(argv[i] + 13);
    else if (strcmp(argv[i], "--log-format") == 0 && i + 1 < argc) format = named_format(argv[i + 1]);
  }
  return format >= 0 ? format : isatty(2) ? REPORT_TEXT : REPORT_LOGFMT;
}

static void time_text(char *text, size_t size) {
  struct timespec now;
  struct tm parts;
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  size_t used = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &parts);
  snprintf(text + used, size - used, ".%03ldZ", now.tv_nsec / 1000000);
}

/* name=value pairs as JSON members. Values are numbers or words of our own. */
static int json_fields(const char *fields, char *text, size_t size) {
  size_t used = 0;
  while (*fields != '\0' && used + 8 < size) {
    size_t name = strcspn(fields, "="), value = strcspn(fields + name, " ");
    int length = snprintf(text + used, size - used, ",\"%.*s\":\"%.*s\"", (int)name, fields,
                          value > 0 ? (int)value - 1 : 0, fields + name + (value > 0));
    if (length < 0 || (size_t)length >= size - used) break;
    used += (size_t)length;
    fields += name + value;
    while (*fields == ' ') fields++;
  }
  return (int)used;
}

static int compose(char *text, size_t size, const char *level, const char *message, const char *fields) {
  char time[40], members[400];
  if (init->log_format == REPORT_TEXT) {
    const char *shown = strcmp(level, "info") == 0 ? "INFO" : strcmp(level, "warn") == 0 ? "WARN" : "ERRO";
    int64_t since = init_ledger.exits != NULL ? init_now_ns() - init_ledger.exits->started_ns : 0;
    int width = *fields != '\0' ? 44 : 0;
    return snprintf(text, size, "%s[%04d] %-*s%s%s\n", shown, (int)(since / 1000000000), width, message,
                    *fields != '\0' ? " " : "", fields);
  }
  time_text(time, sizeof time);
  if (init->log_format == REPORT_LOGFMT) {
    return snprintf(text, size, "time=%s level=%s msg=\"%s\"%s%s\n", time, level, message, *fields != '\0' ? " " : "",
                    fields);
  }
  members[json_fields(fields, members, sizeof members)] = '\0';
  return snprintf(text, size, "{\"time\":\"%s\",\"level\":\"%s\",\"msg\":\"%s\"%s}\n", time, level, message, members);
}

void report(const char *level, const char *message, const char *format, ...) {
  char fields[400], text[900];
  va_list list;
  va_start(list, format);
  vsnprintf(fields, sizeof fields, format, list);
  va_end(list);
  int length = compose(text, sizeof text, level, message, fields);
  if (length < 0) return;
  if ((size_t)length >= sizeof text) length = sizeof text - 1;
  int fd = init->logger.pid > 0 && init->own_log[1] >= 0 ? init->own_log[1] : 2;
  ssize_t written = write(fd, text, (size_t)length);
  if (written < 0 && fd != 2) written = write(2, text, (size_t)length);
}
