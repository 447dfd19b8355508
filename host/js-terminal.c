/* Host calls of module terminal: a client that takes keys as they are typed. */
#include <errno.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "js.h"

static struct {
  int fd; /* whose modes are saved; only when raw */
  int raw;
  struct termios modes;
} saved;

static int restore(void) {
  if (!saved.raw) return 0;
  saved.raw = 0;
  return tcsetattr(saved.fd, TCSANOW, &saved.modes) < 0 ? -errno : 0;
}

static int make_raw(int fd) {
  struct termios raw;
  int result = restore();
  if (result < 0 || tcgetattr(fd, &saved.modes) < 0) return result < 0 ? result : -errno;
  raw = saved.modes;
  cfmakeraw(&raw);
  if (tcsetattr(fd, TCSADRAIN, &raw) < 0) return -errno;
  saved.fd = fd;
  saved.raw = 1;
  return 0;
}

JS_BINDING(host_raw_mode) {
  int32_t fd;
  if (js_int(ctx, argv[0], "rawMode: fd", &fd) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, JS_ToBool(ctx, argv[1]) > 0 ? make_raw(fd) : restore());
}

JS_TABLE(js_terminal, HOST_CALLS_TERMINAL)
