/*
 * A tree of mounts made read-only: in one call where the kernel has mount_setattr(2) (5.12), else each mount by itself,
 * as /proc/self/mountinfo lists them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolated.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#define ATTRIBUTE_READ_ONLY 1

struct attributes {
  uint64_t set, clear, propagation, user_namespace;
};

/* mountinfo writes space, tab, newline and backslash as three octal digits (proc(5)). */
static void decode_path(char *path) {
  char *to = path;
  for (char *from = path; *from != '\0'; from++) {
    if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
      *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
      from += 3;
    } else {
      *to++ = *from;
    }
  }
  *to = '\0';
}

static int is_below(const char *path, const char *top) {
  size_t length = strlen(top);
  return strncmp(path, top, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* In a user namespace the flags that a mount has already may not be taken from it, so they are given again. */
static int remount(const char *path) {
  struct statvfs status;
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY;
  /* What is covered by another mount cannot be reached by its path, nor by anybody else. */
  if (statvfs(path, &status) < 0) return errno == ENOENT || errno == EACCES ? 0 : -errno;
  if (status.f_flag & ST_NOSUID) flags |= MS_NOSUID;
  if (status.f_flag & ST_NODEV) flags |= MS_NODEV;
  if (status.f_flag & ST_NOEXEC) flags |= MS_NOEXEC;
  if (status.f_flag & ST_NOATIME) flags |= MS_NOATIME;
  if (status.f_flag & ST_NODIRATIME) flags |= MS_NODIRATIME;
  if (status.f_flag & ST_RELATIME) flags |= MS_RELATIME;
  return mount(NULL, path, NULL, flags, NULL) < 0 ? -errno : 0;
}

/* The host's /proc shows our mounts too: "self" is whoever reads. */
static FILE *open_mounts(void) {
  FILE *file = fopen(ISOLATED_HOST "/proc/self/mountinfo", "re");
  return file != NULL ? file : fopen("/proc/self/mountinfo", "re");
}

static int remount_all(const char *top) {
  char *line = NULL, path[PATH_MAX];
  size_t size = 0;
  int result = 0;
  FILE *file = open_mounts();
  if (file == NULL) return -errno;
  while (result == 0 && getline(&line, &size, file) > 0) {
    if (sscanf(line, "%*d %*d %*s %*s %4095s", path) != 1) continue;
    decode_path(path);
    if (is_below(path, top)) result = remount(path);
  }
  free(line);
  fclose(file);
  return result;
}

int isolated_read_only(struct isolated_world *world, const char *path) {
  struct attributes attributes = {.set = ATTRIBUTE_READ_ONLY};
  int result = isolated_step(world, "make %s read-only", path);
  if (result < 0) return result;
  if (syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &attributes, sizeof attributes) == 0) return 0;
  return remount_all(path);
}
