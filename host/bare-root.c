/*
 * A root file system that cannot be written to and lacks the folders on which the kernel's file systems are mounted: a
 * file system in memory is put over it, with all that the root holds bound into it. Without this there would be no /dev,
 * and no program could be started.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

/* The same numbers on every architecture (Linux 5.2); libc has no calls of these names. */
#define SYS_MOVE_MOUNT 429
#define SYS_FSOPEN 430
#define SYS_FSCONFIG 431
#define SYS_FSMOUNT 432
#define CONFIG_SET_STRING 1u
#define CONFIG_CREATE 6u
#define FROM_EMPTY_PATH 4u

static int is_bare(void) {
  static const char *const needed[] = {"/proc", "/sys", "/dev", "/run", "/tmp"};
  struct statvfs root;
  if (statvfs("/", &root) < 0 || (root.f_flag & ST_RDONLY) == 0) return 0;
  for (unsigned i = 0; i < sizeof needed / sizeof needed[0]; i++)
    if (access(needed[i], F_OK) < 0) return 1;
  return 0;
}

/* A tmpfs on top of the root, which is not our root yet. Its descriptor, or -errno. */
static int mount_above(void) {
  int context = (int)syscall(SYS_FSOPEN, "tmpfs", 1u /* FSOPEN_CLOEXEC */);
  if (context < 0) return -errno;
  int fd = -1;
  if (syscall(SYS_FSCONFIG, context, CONFIG_SET_STRING, "mode", "0755", 0) == 0 &&
      syscall(SYS_FSCONFIG, context, CONFIG_CREATE, NULL, NULL, 0) == 0)
    fd = (int)syscall(SYS_FSMOUNT, context, 1u /* FSMOUNT_CLOEXEC */, 0);
  if (fd >= 0 && syscall(SYS_MOVE_MOUNT, fd, "", AT_FDCWD, "/", FROM_EMPTY_PATH) < 0) {
    close(fd);
    fd = -1;
  }
  int error = errno;
  close(context);
  return fd >= 0 ? fd : -error;
}

/* An entry of the root, into the working directory under the same name. */
static int bring_in(const char *name) {
  char from[PATH_MAX], target[PATH_MAX];
  struct stat status;
  if (snprintf(from, sizeof from, "/%s", name) >= (int)sizeof from || lstat(from, &status) < 0) return -1;
  if (S_ISLNK(status.st_mode)) {
    ssize_t length = readlink(from, target, sizeof target - 1);
    if (length < 0) return -1;
    target[length] = '\0';
    return symlink(target, name);
  }
  int made = S_ISDIR(status.st_mode) ? mkdir(name, 0755) : mknod(name, S_IFREG | 0600, 0);
  return made < 0 ? made : mount(from, name, NULL, MS_BIND | MS_REC, NULL);
}

static void bring_all_in(void) {
  DIR *root = opendir("/");
  if (root == NULL) return;
  for (struct dirent *entry; (entry = readdir(root)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (bring_in(entry->d_name) == 0) continue;
    report("warn", "Cannot bring an entry of the bare root file system in",
           REPORT_FIELDS({"error", report_error(errno), 0}, {"name", entry->d_name, 0}));
  }
  closedir(root);
}

int bare_root_cover(void) {
  if (!is_bare()) return 0;
  int fd = mount_above();
  if (fd < 0) {
    report("warn", "The root file system is read-only and lacks /proc, /sys, /dev, /run or /tmp",
           REPORT_FIELDS({"error", report_error(-fd), 0}));
    return 0;
  }
  if (fchdir(fd) == 0) {
    bring_all_in();
    if (chroot(".") < 0 || chdir("/") < 0)
      report("warn", "Cannot enter the cover of the bare root file system",
             REPORT_FIELDS({"error", report_error(errno), 0}));
  }
  close(fd);
  return 1;
}
