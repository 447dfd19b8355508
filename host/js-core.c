/* Host calls of module core: what every program may ask of the process it runs in. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "embedded.h"
#include "js.h"
#include "ledger-status.h"
#include "names.h"

#ifndef GONIT_VERSION
#define GONIT_VERSION "0.1.0"
#endif

extern char **environ;

JS_BINDING(host_args) {
  JSValue list = JS_NewArray(ctx);
  uint32_t count = 0;
  const struct js_program *program = js_program();
  for (int i = 1; i < program->argc; i++) js_push(ctx, list, &count, js_new_name(ctx, program->argv[i]));
  return list;
}

JS_BINDING(host_argv0) {
  const struct js_program *program = js_program();
  const char *name = program->argc > 0 ? program->argv[0] : "";
  const char *slash = strrchr(name, '/');
  return js_new_name(ctx, slash != NULL ? slash + 1 : name);
}

JS_BINDING(host_environment) {
  JSValue list = JS_NewArray(ctx);
  uint32_t count = 0;
  for (char **entry = environ; entry != NULL && *entry != NULL; entry++)
    js_push(ctx, list, &count, js_new_name(ctx, *entry));
  return list;
}

static double clock_ms(clockid_t clock) {
  struct timespec now;
  if (clock_gettime(clock, &now) < 0) return 0;
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

JS_BINDING(host_now) {
  JSValue now = JS_NewObject(ctx);
  js_set(ctx, now, "monotonicMs", JS_NewFloat64(ctx, clock_ms(CLOCK_MONOTONIC)));
  js_set(ctx, now, "bootMs", JS_NewFloat64(ctx, clock_ms(CLOCK_BOOTTIME)));
  js_set(ctx, now, "wallMs", JS_NewFloat64(ctx, clock_ms(CLOCK_REALTIME)));
  return now;
}

/* Early in a boot the kernel's pool may not be ready; clocks and addresses are enough for jitter and tickets. */
static uint32_t mixed_random(void) {
  static uint64_t state;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  state = (state + (uint64_t)now.tv_nsec + (uint64_t)(uintptr_t)&now) * 0x9e3779b97f4a7c15ull + (uint64_t)getpid();
  return (uint32_t)(state >> 32);
}

JS_BINDING(host_random) {
  uint32_t number;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) number = mixed_random();
  return js_number(number);
}

JS_BINDING(host_write) {
  int32_t fd;
  struct js_bytes bytes;
  if (js_int(ctx, argv[0], "write: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "write: data", &bytes) < 0) return JS_EXCEPTION;
  ssize_t written;
  do written = write(fd, bytes.data, bytes.length);
  while (written < 0 && errno == EINTR);
  int64_t result = written < 0 ? -errno : written;
  js_bytes_free(ctx, &bytes);
  return js_number(result);
}

/* All of it, also to a descriptor that someone else made non-blocking. */
static int write_all(int fd, const uint8_t *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, data, length);
    if (written >= 0) {
      data += written;
      length -= (size_t)written;
    } else if (errno == EAGAIN) {
      struct pollfd slow = {.fd = fd, .events = POLLOUT};
      poll(&slow, 1, -1);
    } else if (errno != EINTR) {
      return -errno;
    }
  }
  return 0;
}

JS_BINDING(host_print) {
  int32_t fd;
  struct js_bytes bytes;
  if (js_int(ctx, argv[0], "print: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "print: text", &bytes) < 0) return JS_EXCEPTION;
  int result = write_all(fd, bytes.data, bytes.length);
  js_bytes_free(ctx, &bytes);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_exit) {
  int32_t code;
  if (js_int(ctx, argv[0], "exit: code", &code) < 0) return JS_EXCEPTION;
  _exit(code & 255);
}

static int code_argument(JSContext *ctx, JSValueConst value, const char *what, int *code) {
  int32_t number;
  if (js_int(ctx, value, what, &number) < 0) return -1;
  *code = number < 0 && number > INT32_MIN ? -number : number;
  return 0;
}

JS_BINDING(host_errno_name) {
  int code;
  char text[16];
  if (code_argument(ctx, argv[0], "errnoName: errno", &code) < 0) return JS_EXCEPTION;
  return js_new_name(ctx, errno_name(code, text, sizeof text));
}

JS_BINDING(host_errno_text) {
  int code;
  if (code_argument(ctx, argv[0], "errnoText: errno", &code) < 0) return JS_EXCEPTION;
  return js_new_name(ctx, strerror(code));
}

JS_BINDING(host_signal_name) {
  int32_t number;
  char text[16];
  if (js_int(ctx, argv[0], "signalName: signal", &number) < 0) return JS_EXCEPTION;
  return js_new_name(ctx, signal_name(number, text, sizeof text));
}

JS_BINDING(host_is_terminal) {
  int32_t fd;
  if (js_int(ctx, argv[0], "isTerminal: fd", &fd) < 0) return JS_EXCEPTION;
  return JS_NewBool(ctx, isatty(fd));
}

JS_BINDING(host_window_size) {
  int32_t fd;
  struct winsize size;
  if (js_int(ctx, argv[0], "windowSize: fd", &fd) < 0) return JS_EXCEPTION;
  if (ioctl(fd, TIOCGWINSZ, &size) < 0) return JS_NULL;
  JSValue pair = JS_NewArray(ctx);
  uint32_t count = 0;
  js_push(ctx, pair, &count, JS_NewInt32(ctx, size.ws_col));
  js_push(ctx, pair, &count, JS_NewInt32(ctx, size.ws_row));
  return pair;
}

JS_BINDING(host_set_window_size) {
  int32_t fd;
  int64_t columns, rows;
  struct winsize size = {0};
  if (js_int(ctx, argv[0], "setWindowSize: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "setWindowSize: columns", 0, UINT16_MAX, &columns) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "setWindowSize: rows", 0, UINT16_MAX, &rows) < 0) return JS_EXCEPTION;
  size.ws_col = (unsigned short)columns;
  size.ws_row = (unsigned short)rows;
  return JS_NewInt32(ctx, ioctl(fd, TIOCSWINSZ, &size) < 0 ? -errno : 0);
}

JS_BINDING(host_pid) { return JS_NewInt32(ctx, getpid()); }
JS_BINDING(host_uid) { return js_number(geteuid()); }
JS_BINDING(host_gid) { return js_number(getegid()); }
JS_BINDING(host_version) { return js_new_name(ctx, GONIT_VERSION); }
JS_BINDING(host_build) { return js_new_name(ctx, embedded_build); }
JS_BINDING(host_role) { return JS_NewInt32(ctx, (int32_t)js_program()->role); }

JS_BINDING(host_decode_utf8) {
  struct js_bytes bytes;
  if (js_bytes(ctx, argv[0], "decodeUtf8: bytes", &bytes) < 0) return JS_EXCEPTION;
  JSValue text = js_new_text(ctx, bytes.data, bytes.length);
  js_bytes_free(ctx, &bytes);
  return text;
}

JS_BINDING(host_is_utf8) {
  struct js_bytes bytes;
  if (js_bytes(ctx, argv[0], "isUtf8: bytes", &bytes) < 0) return JS_EXCEPTION;
  int64_t bad = utf8_first_bad(bytes.data, bytes.length);
  js_bytes_free(ctx, &bytes);
  return js_number(bad);
}

/* The engine writes half of a surrogate pair as three bytes ED A0..BF xx, which is no UTF-8: U+FFFD has three too. */
JS_BINDING(host_encode_utf8) {
  struct js_bytes bytes;
  if (js_bytes(ctx, argv[0], "encodeUtf8: text", &bytes) < 0) return JS_EXCEPTION;
  JSValue result = js_new_bytes(ctx, bytes.data, bytes.length);
  js_bytes_free(ctx, &bytes);
  if (JS_IsException(result)) return result;
  size_t length;
  uint8_t *data = JS_GetUint8Array(ctx, &length, result);
  for (size_t i = 0; i + 2 < length; i++)
    if (data[i] == 0xed && data[i + 1] >= 0xa0) memcpy(data + i, "\xef\xbf\xbd", 3);
  return result;
}

JS_BINDING(host_ledger_status) {
  int32_t pid;
  char *text;
  if (js_int(ctx, argv[0], "ledgerStatus: pid", &pid) < 0) return JS_EXCEPTION;
  int result = ledger_status(pid, &text);
  JSValue value = result < 0 ? JS_NewInt32(ctx, result) : js_new_name(ctx, text);
  free(text);
  return value;
}

JS_TABLE(js_core, HOST_CALLS_CORE)
