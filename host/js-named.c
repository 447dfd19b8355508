/* Host calls of module manager: processes that a service names as its main one, which no spawn of ours made. */
#include <errno.h>
#include <unistd.h>

#include "features.h"
#include "js-manager.h"
#include "js.h"
#include "raw-call.h"
#include "spawn.h"

JS_BINDING(host_open_process) {
  int64_t pid;
  if (js_integer(ctx, argv[0], "openProcess: pid", 1, INT32_MAX, &pid) < 0) return JS_EXCEPTION;
  if (!features_get()->pidfd) return JS_NewInt32(ctx, -ENOSYS);
  return JS_NewInt32(ctx, (int32_t)raw_call(SYS_pidfd_open, pid, 0));
}

JS_BINDING(host_signal_process) {
  int32_t fd;
  int64_t number;
  if (js_int(ctx, argv[0], "signalProcess: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "signalProcess: signal", 0, 64, &number) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, (int32_t)raw_call(SYS_pidfd_send_signal, fd, number, 0, 0));
}

JS_BINDING(host_name_process) {
  int64_t ticket, pid;
  const char *instance;
  if (js_integer(ctx, argv[0], "nameProcess: ticket", 1, 1ll << 53, &ticket) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "nameProcess: pid", 2, INT32_MAX, &pid) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[2], "nameProcess: instance", &instance) < 0) return JS_EXCEPTION;
  int slot = slots_name(&manager.ledger, (uint64_t)ticket, (int32_t)pid, instance);
  JS_FreeCString(ctx, instance);
  return JS_NewInt32(ctx, slot);
}
