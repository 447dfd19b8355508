/* init's own messages, see report.h. */
#include "report.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#define LINE_BYTES 1024
#define MESSAGE_WIDTH 44
/* A terminal that says it is writable takes at least so much. */
#define PIECE_BYTES 256

struct line {
  char text[LINE_BYTES];
  size_t used;
};

static void put(struct line *line, const char *text) {
  while (*text != '\0' && line->used < sizeof line->text - 1) line->text[line->used++] = *text++;
}

static void put_number(struct line *line, int64_t number) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)number);
  put(line, text);
}

/* As JSON, which logfmt takes too. Bytes above 0x7f pass as they are. */
static void put_quoted(struct line *line, const char *text) {
  char escape[8];
  put(line, "\"");
  for (; *text != '\0'; text++) {
    unsigned char byte = (unsigned char)*text;
    if (byte == '"' || byte == '\\') snprintf(escape, sizeof escape, "\\%c", byte);
    else if (byte < 0x20 || byte == 0x7f) snprintf(escape, sizeof escape, "\\u%04x", byte);
    else snprintf(escape, sizeof escape, "%c", byte);
    put(line, escape);
  }
  put(line, "\"");
}

static void put_word(struct line *line, const char *text) {
  int is_plain = *text != '\0';
  for (const char *at = text; *at != '\0'; at++) is_plain &= (unsigned char)*at > ' ' && !strchr("\"=\x7f", *at);
  if (is_plain) put(line, text);
  else put_quoted(line, text);
}

static int named_format(const char *name) {
  static const char *const names[] = {"text", "logfmt", "json"};
  for (int format = 0; name != NULL && format < 3; format++) {
    if (strcmp(name, names[format]) == 0) return format;
  }
  return -1;
}

void report_begin(int argc, char **argv) {
  const char *no_colour = getenv("NO_COLOR"), *terminal = getenv("TERM");
  int format = named_format(getenv("GONIT_LOG_FORMAT")), is_terminal = isatty(2);
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    if (strncmp(argv[i], "--log-format=", 13) == 0) format = named_format(argv[i] + 13);
    else if (strcmp(argv[i], "--log-format") == 0 && i + 1 < argc) format = named_format(argv[i + 1]);
  }
  init->log_format = format >= 0 ? format : is_terminal ? REPORT_TEXT : REPORT_LOGFMT;
  init->log_colour = is_terminal && no_colour == NULL && (terminal == NULL || strcmp(terminal, "dumb") != 0);
  if (!is_terminal) return;
  /* O_NONBLOCK on standard error itself would reach whoever shares it. */
  int fd = init_high(open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (fd > 0) init->terminal_fd = fd;
}

static void put_time(struct line *line) {
  struct timespec now;
  struct tm parts;
  char text[64];
  clock_gettime(CLOCK_REALTIME, &now);
  gmtime_r(&now.tv_sec, &parts);
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ", parts.tm_year + 1900, parts.tm_mon + 1,
           parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, now.tv_nsec / 1000000);
  put(line, text);
}

static const char *colour_of(const char *level) {
  return *level == 'i' ? "\x1b[36m" : *level == 'w' ? "\x1b[33m" : "\x1b[31m";
}

static void put_coloured(struct line *line, const char *level, const char *text) {
  if (init->log_colour) put(line, colour_of(level));
  put(line, text);
  if (init->log_colour) put(line, "\x1b[0m");
}

static void compose_text(struct line *line, const char *level, const char *message, const struct report_field *field) {
  int64_t started_ns = init_ledger.exits != NULL ? init_ledger.exits->started_ns : init_now_ns();
  char text[256];
  put_coloured(line, level, *level == 'i' ? "INFO" : *level == 'w' ? "WARN" : "ERRO");
  snprintf(text, sizeof text, "[%04d] %-*s", (int)(init_now_ns() / 1000000000 - started_ns / 1000000000),
           field->name != NULL ? MESSAGE_WIDTH : 0, message);
  put(line, text);
  for (; field->name != NULL; field++) {
    put(line, " ");
    put_coloured(line, level, field->name);
    put(line, "=");
    if (field->text != NULL) put_word(line, field->text);
    else put_number(line, field->number);
  }
}

static void compose_logfmt(struct line *line, const char *level, const char *message,
                           const struct report_field *field) {
  put(line, "time=");
  put_time(line);
  put(line, " level=");
  put(line, level);
  put(line, " msg=");
  put_word(line, message);
  for (; field->name != NULL; field++) {
    put(line, " ");
    put(line, field->name);
    put(line, "=");
    if (field->text != NULL) put_word(line, field->text);
    else put_number(line, field->number);
  }
}

static void compose_json(struct line *line, const char *level, const char *message, const struct report_field *field) {
  put(line, "{\"time\":\"");
  put_time(line);
  put(line, "\",\"level\":\"");
  put(line, level);
  put(line, "\",\"msg\":");
  put_quoted(line, message);
  for (; field->name != NULL; field++) {
    put(line, ",");
    put_quoted(line, field->name);
    put(line, ":");
    if (field->text != NULL) put_quoted(line, field->text);
    else put_number(line, field->number);
  }
  put(line, "}");
}

/* A pipe or terminal that says it is writable takes a small piece without waiting. What it does not take is dropped. */
static void write_error(const char *text, size_t length) {
  int fd = init->terminal_fd != 0 ? init->terminal_fd : 2;
  while (length > 0) {
    struct pollfd writable = {.fd = fd, .events = POLLOUT};
    if (poll(&writable, 1, 0) != 1 || !(writable.revents & POLLOUT)) return;
    ssize_t done = write(fd, text, length < PIECE_BYTES ? length : PIECE_BYTES);
    if (done <= 0) return;
    text += done;
    length -= (size_t)done;
  }
}

/* 1: the kernel's log has it. Only a machine's first process writes there. */
static int write_kernel(const char *level, const char *text) {
  struct line line = {.used = 0};
  int role = init_ledger.exits != NULL ? (int)init_ledger.exits->role : role_decide();
  if (getpid() != 1 || role != ROLE_VM) return 0;
  int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return 0;
  put(&line, *level == 'i' ? "<6>gonit: " : *level == 'w' ? "<4>gonit: " : "<3>gonit: ");
  put(&line, text);
  ssize_t done = write(fd, line.text, line.used);
  close(fd);
  return done > 0;
}

/* Whether a logger reads the pipe of our own messages, or will in a moment. */
static int has_logger(void) {
  if (init->own_log[1] == 0) return 0;
  if (init->logger.pid > 0) return 1;
  return init->logger.restart_ns != NEVER && init->logger.restart_ns - init_now_ns() < 500 * MS_NS;
}

void report(const char *level, const char *message, const struct report_field *fields) {
  struct line line = {.used = 0};
  if (init->log_format == REPORT_TEXT) compose_text(&line, level, message, fields);
  else if (init->log_format == REPORT_LOGFMT) compose_logfmt(&line, level, message, fields);
  else compose_json(&line, level, message, fields);
  if (line.used > sizeof line.text - 2) line.used = sizeof line.text - 2;
  line.text[line.used++] = '\n';
  line.text[line.used] = '\0';
  if (has_logger() && write(init->own_log[1], line.text, line.used) == (ssize_t)line.used) return;
  if (!write_kernel(level, line.text)) write_error(line.text, line.used);
}

const char *report_error(int error) { return strerror(error); }
