/* The end of a machine: file systems in order, then power off, reboot or halt. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "init.h"

#define MOUNTS_BYTES 65536
#define MOUNTS_MAX 256
#define PASSES 3

/* Octal escapes of proc(5): \040 is a blank. */
static void unescape(char *text) {
  char *to = text;
  for (; *text != '\0'; text++) {
    int is_escape = text[0] == '\\' && text[1] >= '0' && text[1] <= '3' && text[2] != '\0' && text[3] != '\0';
    *to++ = is_escape ? (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 | (text[3] - '0')) : *text;
    if (is_escape) text += 3;
  }
  *to = '\0';
}

/* Mount points in the order in which they were mounted; returns how many. */
static int list_mounts(char *text, char **points) {
  int count = 0, fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);
  size_t used = 0;
  ssize_t got = fd < 0 ? 0 : 1;
  while (got > 0 && used < MOUNTS_BYTES - 1) {
    got = read(fd, text + used, MOUNTS_BYTES - 1 - used);
    if (got > 0) used += (size_t)got;
  }
  if (fd >= 0) close(fd);
  text[used] = '\0';
  char *rest = text;
  for (char *line; count < MOUNTS_MAX && (line = strsep(&rest, "\n")) != NULL;) {
    char *point = strchr(line, ' ');
    char *end = point != NULL ? strchr(point + 1, ' ') : NULL;
    if (end == NULL) continue;
    *end = '\0';
    unescape(point + 1);
    points[count++] = point + 1;
  }
  return count;
}

static int is_kept(const char *point) {
  static const char *const kept[] = {"/", "/proc", "/sys", "/dev"};
  for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++) {
    if (strcmp(point, kept[i]) == 0) return 1;
  }
  return 0;
}

/* In a child, for each of these calls may hang. What cannot be unmounted becomes read-only, the root always. */
void machine_bring_in_order(void) {
  static char text[MOUNTS_BYTES];
  static char *points[MOUNTS_MAX];
  machine_facts_keep();
  sync();
  for (int pass = 0, failed = 1; pass < PASSES && failed > 0; pass++) {
    int count = list_mounts(text, points);
    failed = 0;
    while (--count >= 0) {
      if (is_kept(points[count]) || umount2(points[count], 0) == 0) continue;
      failed++;
      mount(NULL, points[count], NULL, MS_REMOUNT | MS_RDONLY, NULL);
    }
  }
  mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
  sync();
}

void machine_end(int mode) {
  if (mode == SHUTDOWN_MODE_REBOOT) reboot(RB_AUTOBOOT);
  else if (mode == SHUTDOWN_MODE_HALT) {
    watchdog_disarm();
    reboot(RB_HALT_SYSTEM);
  }
  else reboot(RB_POWER_OFF);
  for (;;) pause(); /* a machine without that switch: process 1 must not return */
}
