/* Host calls of module manager: the logger's table, and gonit's own lines. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "js-manager.h"
#include "js.h"
#include "logger.h"

static int slot_argument(JSContext *ctx, JSValueConst value, const char *what, int *slot) {
  int64_t number;
  if (js_integer(ctx, value, what, 0, LIMIT_LOG_SLOTS - 1, &number) < 0) return -1;
  *slot = (int)number;
  return 0;
}

static int text_field(JSContext *ctx, JSValueConst object, const char *name, const char **text) {
  JSValue value = JS_GetPropertyStr(ctx, object, name);
  int result = js_string(ctx, value, name, text);
  JS_FreeValue(ctx, value);
  return result;
}

static int number_field(JSContext *ctx, JSValueConst object, const char *name, int64_t high, int64_t *number) {
  JSValue value = JS_GetPropertyStr(ctx, object, name);
  int result = js_integer(ctx, value, name, 0, high, number);
  JS_FreeValue(ctx, value);
  return result;
}

static int read_numbers(JSContext *ctx, JSValueConst object, struct log_config *config) {
  int64_t max_size, rate, keep, flags, line_limit, sync_ms;
  if (number_field(ctx, object, "maxSize", 1ll << 53, &max_size) < 0) return -1;
  if (number_field(ctx, object, "rate", 1ll << 53, &rate) < 0) return -1;
  if (number_field(ctx, object, "keep", UINT32_MAX, &keep) < 0) return -1;
  if (number_field(ctx, object, "flags", UINT32_MAX, &flags) < 0) return -1;
  if (number_field(ctx, object, "lineLimit", UINT32_MAX, &line_limit) < 0) return -1;
  if (number_field(ctx, object, "syncMs", UINT32_MAX, &sync_ms) < 0) return -1;
  config->max_size = (uint64_t)max_size;
  config->rate = (uint64_t)rate;
  config->keep = (uint32_t)keep;
  config->flags = (uint32_t)flags;
  config->line_limit = (uint32_t)line_limit;
  config->sync_ms = (uint32_t)sync_ms;
  return 0;
}

JS_BINDING(host_configure_log) {
  struct log_config config = {0};
  int failed = read_numbers(ctx, argv[0], &config) < 0 || text_field(ctx, argv[0], "name", &config.name) < 0 ||
               text_field(ctx, argv[0], "label", &config.label) < 0 ||
               text_field(ctx, argv[0], "path", &config.path) < 0;
  int slot = failed ? -EINVAL : log_configure(&manager.ledger, &config);
  if (config.name != NULL) JS_FreeCString(ctx, config.name);
  if (config.label != NULL) JS_FreeCString(ctx, config.label);
  if (config.path != NULL) JS_FreeCString(ctx, config.path);
  return failed ? JS_EXCEPTION : JS_NewInt32(ctx, slot);
}

JS_BINDING(host_log_pipe) {
  int slot;
  int64_t capacity;
  if (slot_argument(ctx, argv[0], "logPipe: slot", &slot) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "logPipe: capacityBytes", 0, 1 << 30, &capacity) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, log_pipe(&manager.ledger, ROLE_FD_INIT, slot, (int)capacity));
}

JS_BINDING(host_forget_log) {
  const char *name;
  if (js_string(ctx, argv[0], "forgetLog: name", &name) < 0) return JS_EXCEPTION;
  log_forget(&manager.ledger, ROLE_FD_INIT, name);
  JS_FreeCString(ctx, name);
  return JS_UNDEFINED;
}

JS_BINDING(host_log_counters) {
  int slot;
  struct log_counters counters = {0};
  if (slot_argument(ctx, argv[0], "logCounters: slot", &slot) < 0) return JS_EXCEPTION;
  log_read_counters(&manager.ledger, slot, &counters);
  JSValue result = JS_NewObject(ctx);
  js_set(ctx, result, "bytes", js_number((int64_t)counters.bytes));
  js_set(ctx, result, "stored", js_number((int64_t)counters.stored));
  js_set(ctx, result, "lines", js_number((int64_t)counters.lines));
  js_set(ctx, result, "dropped", js_number((int64_t)counters.dropped));
  js_set(ctx, result, "fileSize", js_number((int64_t)counters.file_size));
  js_set(ctx, result, "errno", js_number(counters.error));
  js_set(ctx, result, "flags", js_number(counters.flags));
  return result;
}

JS_BINDING(host_log_troubles) {
  (void)argv;
  (void)ctx;
  return js_number(log_troubles(&manager.ledger));
}

JS_BINDING(host_log_drained) {
  int slot;
  int32_t fd;
  if (slot_argument(ctx, argv[0], "logDrained: slot", &slot) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[1], "logDrained: fd", &fd) < 0) return JS_EXCEPTION;
  return JS_NewBool(ctx, log_drained(&manager.ledger, slot, fd));
}

JS_BINDING(host_log_memory) {
  int slot;
  uint8_t bytes[LIMIT_LOG_MEMORY_BYTES];
  if (slot_argument(ctx, argv[0], "logMemory: slot", &slot) < 0) return JS_EXCEPTION;
  return js_new_bytes(ctx, bytes, log_read_memory(&manager.ledger, slot, bytes, sizeof bytes));
}

JS_BINDING(host_log_command) {
  const char *command;
  if (js_string(ctx, argv[0], "logCommand: command", &command) < 0) return JS_EXCEPTION;
  int is_reopen = strcmp(command, "reopen") == 0;
  JS_FreeCString(ctx, command);
  if (!is_reopen) return JS_ThrowTypeError(ctx, "logCommand: unknown command");
  log_reopen(&manager.ledger, ROLE_FD_INIT);
  return JS_UNDEFINED;
}

/* Never waits for the logger. A pipe takes up to PIPE_BUF bytes as one, see pipe(7); a longer text goes as far as there
 * is room, and what is left of it is dropped. */
int manager_own_log(const void *text, size_t length) {
  size_t done = 0;
  while (done < length) {
    struct pollfd room = {.fd = ROLE_FD_LOG, .events = POLLOUT};
    size_t piece = length - done < 4096 ? length - done : 4096;
    if (poll(&room, 1, 0) <= 0 || (room.revents & POLLOUT) == 0) return done > 0 ? 0 : -EAGAIN;
    ssize_t written = write(ROLE_FD_LOG, (const char *)text + done, piece);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return done > 0 ? 0 : -errno;
    done += (size_t)written;
  }
  return 0;
}

JS_BINDING(host_own_log) {
  struct js_bytes text;
  if (js_bytes(ctx, argv[0], "ownLog: text", &text) < 0) return JS_EXCEPTION;
  int result = manager_own_log(text.data, text.length);
  js_bytes_free(ctx, &text);
  return JS_NewInt32(ctx, result);
}
