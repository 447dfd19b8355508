/*
 * gonit's own program at /system/gonit, the links in /system/bin, and the host's commands that end a system covered by
 * it: `poweroff` must end the little system, also when it is typed as /usr/sbin/poweroff.
 *
 * On many hosts these are links to systemctl. A bind mount on the path would go through the link and cover systemctl
 * itself; through a descriptor of the link it covers the link alone (docs/discoveries/mount-on-link.md).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolated.h"

static const char *const names[] = {"poweroff", "reboot", "halt", "shutdown", NULL};
static const char *const folders[] = {"/sbin",          "/usr/sbin",      "/bin", "/usr/bin", "/usr/local/sbin",
                                      "/usr/local/bin", NULL};

static int copy_program(int from, const char *path) {
  char buffer[65536];
  ssize_t got;
  int to = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
  if (to < 0) return -errno;
  int result = fchmod(to, 0755) < 0 ? -errno : 0;
  off_t at = 0;
  while (result == 0 && (got = pread(from, buffer, sizeof buffer, at)) > 0) {
    if (write(to, buffer, (size_t)got) != got) result = -ENOSPC;
    at += got;
  }
  if (result == 0 && (got < 0 || at == 0)) result = got < 0 ? -errno : -ENOENT;
  close(to);
  return result;
}

/* Bound where it can be, so that its memory is shared with the outer process; a deleted program is copied. */
static int place_program(struct isolated_world *world) {
  char source[PATH_MAX + sizeof ISOLATED_HOST];
  int result = isolated_step(world, "place gonit at %s", ISOLATED_BINARY);
  if (result < 0) return result;
  result = isolated_make_file(ISOLATED_BINARY);
  if (result < 0) return result;
  snprintf(source, sizeof source, "%s%s", ISOLATED_HOST, world->exe);
  if (world->exe[0] == '/' && isolated_bind_read_only(world, source, ISOLATED_BINARY) == 0) return 0;
  result = isolated_step(world, "copy gonit to %s", ISOLATED_BINARY);
  return result < 0 ? result : copy_program(world->exe_fd, ISOLATED_BINARY);
}

static int make_links(void) {
  char path[64];
  if (mkdir("/system/bin", 0755) < 0 || symlink(ISOLATED_BINARY, "/system/bin/gonit") < 0) return -errno;
  for (int i = 0; names[i] != NULL; i++) {
    snprintf(path, sizeof path, "/system/bin/%s", names[i]);
    if (symlink(ISOLATED_BINARY, path) < 0) return -errno;
  }
  return 0;
}

static int cover(struct isolated_world *world, const char *folder, const char *name) {
  char path[PATH_MAX], target[64];
  struct stat status;
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
  int result = isolated_step(world, "cover %s", path);
  if (result == 0 && fstat(fd, &status) < 0) result = -errno;
  snprintf(target, sizeof target, "/proc/self/fd/%d", fd);
  if (result == 0 && !S_ISDIR(status.st_mode) && mount(ISOLATED_BINARY, target, NULL, MS_BIND, NULL) < 0)
    result = -errno;
  close(fd);
  return result;
}

/* /sbin is often a link to /usr/sbin: what is covered once must not be covered again. */
static int cover_folder(struct isolated_world *world, int at) {
  char *real = realpath(folders[at], NULL);
  int result = 0, done = real == NULL;
  for (int i = 0; !done && i < at; i++) {
    char *earlier = realpath(folders[i], NULL);
    done = earlier != NULL && strcmp(earlier, real) == 0;
    free(earlier);
  }
  for (int i = 0; !done && result == 0 && names[i] != NULL; i++) result = cover(world, real, names[i]);
  free(real);
  return result;
}

/* Called when the new /proc is there, for it is through /proc/self/fd that a link is covered. */
int isolated_commands(struct isolated_world *world) {
  int result = place_program(world);
  if (result < 0) return result;
  result = isolated_step(world, "make links in /system/bin");
  if (result == 0) result = make_links();
  for (int i = 0; result == 0 && folders[i] != NULL; i++) result = cover_folder(world, i);
  return result;
}
