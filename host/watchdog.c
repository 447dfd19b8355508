/*
 * The hardware watchdog: as long as init holds a descriptor named "watchdog" (the manager opens /dev/watchdog), its loop
 * tells the device that it is alive. A machine whose process 1 does not run any more is reset by it, also in the midst of
 * a shutdown. What the manager does is not watched here: that is the guard's work (init-guard.c).
 */
#include <linux/watchdog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "init.h"

/* So often within the device's time limit. */
#define TELLS 3
#define INTERVAL_S_DEFAULT 5

static void take_up(int fd, int64_t now) {
  int seconds = 0;
  if (ioctl(fd, WDIOC_GETTIMEOUT, &seconds) < 0 || seconds <= 0) seconds = TELLS * INTERVAL_S_DEFAULT;
  init->watchdog.fd = fd;
  init->watchdog.interval_ns = seconds * 1000 * MS_NS / TELLS;
  init->watchdog.next_ns = now;
}

void watchdog_continue(int64_t now) {
  int fd = held_find("watchdog");
  if (fd <= 0) {
    init->watchdog.fd = 0;
    return;
  }
  if (fd != init->watchdog.fd) take_up(fd, now);
  if (now < init->watchdog.next_ns) return;
  ioctl(fd, WDIOC_KEEPALIVE, 0);
  init->watchdog.next_ns = now + init->watchdog.interval_ns;
}

int64_t watchdog_next_ns(void) { return init->watchdog.fd > 0 ? init->watchdog.next_ns : NEVER; }

void watchdog_disarm(void) {
  int fd = held_find("watchdog");
  if (fd > 0 && write(fd, "V", 1) == 1) close(fd); /* the magic character of the kernel's watchdog interface */
}
