/* The little system's root: a tmpfs with the host's directories in it, read-only. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "isolated.h"

#define OLD_ROOT (ISOLATED_HOST + 1)

/* What the little system has of its own instead. */
static const char *const fresh[] = {".", "..", "dev", "proc", "run", "system", "tmp", OLD_ROOT, NULL};
/* Where the new root is mounted until pivot_root(2) moves it away again; any directory will do. */
static const char *const places[] = {"/tmp", "/run", "/mnt", "/proc", NULL};

int isolated_step(struct isolated_world *world, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(world->step, sizeof world->step, format, arguments);
  va_end(arguments);
#ifdef GONIT_TEST_HOOKS
  const char *refused = getenv("GONIT_TEST_ISOLATED_REFUSE");
  if (refused != NULL && strcmp(refused, world->step) == 0) return -EPERM;
#endif
  return 0;
}

void isolated_notice(struct isolated_world *world, const char *text) {
  int room = (int)(sizeof world->result->notices / sizeof world->result->notices[0]) - 1;
  if (world->notice_count < room) world->result->notices[world->notice_count++] = text;
}

int isolated_mount(struct isolated_world *world, const char *source, const char *target, const char *type,
                   unsigned long flags, const char *data) {
  int result = isolated_step(world, "mount %s on %s", type != NULL ? type : source, target);
  if (result < 0) return result;
  return mount(source, target, type, flags, data) < 0 ? -errno : 0;
}

int isolated_make_file(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW, 0644);
  if (fd < 0) return -errno;
  close(fd);
  return 0;
}

int isolated_make_path(const char *path) {
  char part[PATH_MAX];
  if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) return -ENAMETOOLONG;
  for (char *slash = part + 1;; slash++) {
    if (*slash != '/' && *slash != '\0') continue;
    char saved = *slash;
    *slash = '\0';
    if (mkdir(part, 0755) < 0 && errno != EEXIST) return -errno;
    if (saved == '\0') return 0;
    *slash = saved;
  }
}

int isolated_bind_read_only(struct isolated_world *world, const char *source, const char *target) {
  int result = isolated_mount(world, source, target, NULL, MS_BIND | MS_REC, NULL);
  return result < 0 ? result : isolated_read_only(world, target);
}

static int is_fresh(const char *name) {
  for (int i = 0; fresh[i] != NULL; i++)
    if (strcmp(fresh[i], name) == 0) return 1;
  return 0;
}

static int copy_link(const char *source, const char *target) {
  char text[PATH_MAX];
  ssize_t length = readlink(source, text, sizeof text - 1);
  if (length < 0) return -errno;
  text[length] = '\0';
  return symlink(text, target) < 0 ? -errno : 0;
}

/* One entry of the host's root directory. Sockets, FIFOs and devices have no place there and are left out. */
static int take_entry(struct isolated_world *world, const char *name) {
  char source[PATH_MAX], target[PATH_MAX];
  struct stat status;
  snprintf(source, sizeof source, "%s/%s", ISOLATED_HOST, name);
  snprintf(target, sizeof target, "/%s", name);
  int result = isolated_step(world, "take over %s", target);
  if (result < 0) return result;
  if (lstat(source, &status) < 0) return -errno;
  if (S_ISLNK(status.st_mode)) return copy_link(source, target);
  if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) return 0;
  if (S_ISDIR(status.st_mode)) result = mkdir(target, 0755) < 0 ? -errno : 0;
  else result = isolated_make_file(target);
  return result < 0 ? result : isolated_bind_read_only(world, source, target);
}

static int take_entries(struct isolated_world *world) {
  int result = isolated_step(world, "read the host's root directory");
  if (result < 0) return result;
  DIR *directory = opendir(ISOLATED_HOST);
  if (directory == NULL) return -errno;
  struct dirent *entry;
  while (result == 0 && (entry = readdir(directory)) != NULL)
    if (!is_fresh(entry->d_name)) result = take_entry(world, entry->d_name);
  closedir(directory);
  return result;
}

/* Mounts the tmpfs and makes it the root; the old root is then complete again, what was covered by it included. */
static int change_root(struct isolated_world *world) {
  char old[64];
  int at = 0, result = -ENOENT;
  while (places[at] != NULL && access(places[at], F_OK) < 0) at++;
  if (places[at] == NULL) return isolated_step(world, "find a place for the new root") < 0 ? -EPERM : -ENOENT;
  result = isolated_mount(world, "gonit", places[at], "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  if (result < 0) return result;
  snprintf(old, sizeof old, "%s%s", places[at], ISOLATED_HOST);
  result = isolated_step(world, "change the root");
  if (result < 0) return result;
  if (mkdir(old, 0755) < 0) return -errno;
  if (syscall(SYS_pivot_root, places[at], old) < 0 || chdir("/") < 0) return -errno;
  return 0;
}

int isolated_root_make(struct isolated_world *world) {
  static const char *const directories[] = {"/dev", "/proc", "/run", "/system", "/tmp", NULL};
  int result = isolated_step(world, "make the mounts private");
  if (result == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) result = -errno;
  if (result == 0) result = change_root(world);
  for (int i = 0; result == 0 && directories[i] != NULL; i++)
    if (mkdir(directories[i], 0755) < 0) result = -errno;
  return result < 0 ? result : take_entries(world);
}

/* Where the working directory is not there, such as a deleted one, the root is. */
static void return_to(const char *directory) {
  if (directory[0] != '\0' && chdir(directory) == 0) return;
  if (chdir("/") < 0) return;
}

int isolated_root_finish(struct isolated_world *world) {
  int result = isolated_step(world, "leave the host's root");
  if (result < 0) return result;
  if (umount2(ISOLATED_HOST, MNT_DETACH) < 0 || rmdir(ISOLATED_HOST) < 0) return -errno;
  result = isolated_step(world, "make the root read-only");
  if (result < 0) return result;
  if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0) return -errno;
  return_to(world->directory);
  return 0;
}
