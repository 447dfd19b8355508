/* Host calls of module manager: limits of processes that run. */
#include <errno.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "js.h"

static rlim_t amount(int64_t value) { return value < 0 ? RLIM_INFINITY : (rlim_t)value; }

JS_BINDING(host_limit_process) {
  int64_t pid, resource, soft, hard;
  struct rlimit now;
  if (js_integer(ctx, argv[0], "limitProcess: pid", 1, INT32_MAX, &pid) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "limitProcess: resource", 0, RLIM_NLIMITS - 1, &resource) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "limitProcess: soft", -1, 1ll << 53, &soft) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[3], "limitProcess: hard", -1, 1ll << 53, &hard) < 0) return JS_EXCEPTION;
  struct rlimit wanted = {amount(soft), amount(hard)};
  if (prlimit((pid_t)pid, (int)resource, NULL, &now) != 0) return js_number(-errno);
  if (now.rlim_cur == wanted.rlim_cur && now.rlim_max == wanted.rlim_max) return js_number(0);
  return js_number(prlimit((pid_t)pid, (int)resource, &wanted, NULL) == 0 ? 1 : -errno);
}

JS_BINDING(host_nice_thread) {
  int64_t tid, nice;
  if (js_integer(ctx, argv[0], "niceThread: tid", 1, INT32_MAX, &tid) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "niceThread: nice", -20, 19, &nice) < 0) return JS_EXCEPTION;
  return js_number(setpriority(PRIO_PROCESS, (id_t)tid, (int)nice) == 0 ? 0 : -errno);
}
