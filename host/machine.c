/* What only process 1 of a machine does: API file systems and a console at the start, order and power at the end. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define MOUNTS_BYTES 65536
#define MOUNTS_MAX 256
#define PASSES 3

struct api_mount {
  const char *type, *target, *options;
  unsigned long flags;
};

static const struct api_mount api_mounts[] = {
    {"proc", "/proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"sysfs", "/sys", "", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"devtmpfs", "/dev", "mode=0755", MS_NOSUID},
    {"devpts", "/dev/pts", "mode=0620,gid=5,ptmxmode=0666", MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/dev/shm", "mode=1777", MS_NOSUID | MS_NODEV},
    {"tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV},
    {"cgroup2", "/sys/fs/cgroup", "", MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

static int is_mount_point(const char *path) {
  struct stat here, above;
  char parent[64];
  snprintf(parent, sizeof parent, "%s/..", path);
  return stat(path, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

/* Without /dev the kernel could not give us a console as 0, 1 and 2. */
static void open_console(void) {
  struct stat now, null;
  if (fstat(2, &now) == 0 && !(stat("/dev/null", &null) == 0 && now.st_rdev == null.st_rdev)) return;
  int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return;
  for (int standard = 0; standard <= 2; standard++) dup2(fd, standard);
  if (fd > 2) close(fd);
}

/* A file system that is there already (from an initramfs) is left alone; one that fails is missed later, by name. */
void machine_mount(void) {
  for (unsigned i = 0; i < sizeof api_mounts / sizeof api_mounts[0]; i++) {
    const struct api_mount *api = &api_mounts[i];
    if (is_mount_point(api->target)) continue;
    mkdir(api->target, 0755);
    mount(api->type, api->target, api->type, api->flags, api->options);
  }
  open_console();
}

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
  else if (mode == SHUTDOWN_MODE_HALT) reboot(RB_HALT_SYSTEM);
  else reboot(RB_POWER_OFF);
  for (;;) pause(); /* a machine without that switch: process 1 must not return */
}
