/* Host call of module yaml: time zones as the C library reads their files. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "js.h"

/* The reader and clients have one thread, so the environment is theirs to change. */
JS_BINDING(host_zone_offset) {
  const char *path;
  int64_t seconds;
  char zone[PATH_MAX + 1];
  struct tm local;
  if (js_integer(ctx, argv[1], "zoneOffset: seconds", INT32_MIN, UINT32_MAX, &seconds) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "zoneOffset: path", &path) < 0) return JS_EXCEPTION;
  int length = snprintf(zone, sizeof zone, ":%s", path);
  JS_FreeCString(ctx, path);
  if (length >= (int)sizeof zone) return JS_ThrowRangeError(ctx, "zoneOffset: path is too long");
  setenv("TZ", zone, 1);
  tzset();
  time_t at = (time_t)seconds;
  localtime_r(&at, &local);
  return js_number(local.tm_gmtoff);
}
