/*
 * The service's own directories (`directories:` of the configuration), made before the child gives up its privileges.
 *
 * The base (such as /run) is trusted, what lies below it is not: a service may own a part of the way. So each part is
 * opened by the descriptor of the part before, symbolic links are refused, and owner and mode are given to the descriptor
 * of what was opened, never to a name.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stddef.h>

#include "child-steps.h"
#include "raw-call.h"

#ifndef SYS_statx
#define SYS_statx (-1) /* the kernel answers ENOSYS */
#endif
#ifndef AT_EMPTY_PATH
#define AT_EMPTY_PATH 0x1000
#endif

#define PATH_BYTES 4096
#define PART_BYTES 256
#define PARENT_MODE 0755
#define PARENT_UMASK 022
#define NO_CHANGE 0xffffffffu /* chown(2) */

static long open_directory(int parent, const char *name, int flags) {
  return raw_call(SYS_openat, parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK | flags, 0);
}

/* The base and what is missing on the way to it: a user's ~/.local/state, or /var/cache of a small image. */
static long open_base(const char *path) {
  char part[PATH_BYTES];
  long fd = open_directory(AT_FDCWD, path, 0);
  if (fd != -ENOENT) return fd;
  for (size_t at = 0; at < sizeof part; at++) {
    part[at] = path[at];
    if (at == 0 || (path[at] != '/' && path[at] != '\0')) continue;
    part[at] = '\0';
    long result = raw_call(SYS_mkdirat, AT_FDCWD, part, PARENT_MODE);
    if (path[at] == '\0') return result == 0 || result == -EEXIST ? open_directory(AT_FDCWD, path, 0) : result;
    part[at] = '/';
  }
  return -ENAMETOOLONG;
}

/* Nothing is changed where nothing has to be: the file system may be readable only. */
static long give(const struct child_plan *plan, int fd, uint32_t mode) {
  const struct spawn_request *request = plan->request;
  uint32_t uid = request->set & SPAWN_SET_USER ? request->uid : NO_CHANGE;
  uint32_t gid = request->set & SPAWN_SET_GROUP ? request->gid : NO_CHANGE;
  struct statx found;
  long result = raw_call(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MODE | STATX_UID | STATX_GID, &found);
  int known = result == 0;
  if (known && (uid == NO_CHANGE || uid == found.stx_uid) && (gid == NO_CHANGE || gid == found.stx_gid)) result = 0;
  else result = raw_call(SYS_fchownat, fd, "", uid, gid, AT_EMPTY_PATH);
  if (result == 0 && !(known && (found.stx_mode & 07777u) == mode)) result = raw_call(SYS_fchmod, fd, mode);
  return result;
}

/* The next part of `name` below `parent`, which is closed. Its descriptor, or -errno. */
static long enter_part(long parent, const char *part, uint32_t mode) {
  long made = raw_call(SYS_mkdirat, parent, part, mode);
  long fd = made == 0 || made == -EEXIST ? open_directory((int)parent, part, O_NOFOLLOW) : made;
  if (fd == -ENOENT && made == -EEXIST) fd = -ENOTDIR; /* a link to nowhere */
  raw_call(SYS_close, parent);
  return fd;
}

static int is_step(const char *part) {
  return part[0] == '\0' || (part[0] == '.' && (part[1] == '\0' || (part[1] == '.' && part[2] == '\0')));
}

static long make_directory(const struct child_plan *plan, const struct spawn_directory *directory) {
  const char *name = directory->name;
  char part[PART_BYTES];
  long fd = open_base(directory->base);
  for (size_t length = 0; fd >= 0;) {
    if (length == sizeof part) return -ENAMETOOLONG;
    part[length] = *name;
    if (*name != '\0' && *name != '/') {
      length++, name++;
      continue;
    }
    part[length] = '\0';
    if (is_step(part)) return -EINVAL;
    fd = enter_part(fd, part, *name == '\0' ? directory->mode : PARENT_MODE);
    if (*name == '\0') break;
    length = 0, name++;
  }
  if (fd < 0) return fd;
  long result = give(plan, (int)fd, directory->mode);
  raw_call(SYS_close, fd);
  return result;
}

int child_make_directories(struct child_plan *plan) {
  long result = 0;
  if (plan->request->directory_count == 0) return 0;
  long umask = raw_call(SYS_umask, PARENT_UMASK); /* gonit's own says nothing about what lies on the way */
  for (uint32_t i = 0; i < plan->request->directory_count && result == 0; i++)
    result = make_directory(plan, &plan->request->directories[i]);
  raw_call(SYS_umask, umask);
  return (int)result;
}
