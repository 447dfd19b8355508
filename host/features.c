/* Which optional kernel calls work here; each is tried once. */
#include "features.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "raw-call.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_memfd_create
#define SYS_memfd_create (-1)
#endif
#ifndef SYS_execveat
#define SYS_execveat (-1)
#endif
#define INTO_CGROUP 0x200000000u /* CLONE_INTO_CGROUP */
#define PATH_EMPTY 0x1000       /* AT_EMPTY_PATH */
#define CLONE_ARGS_CGROUP 88    /* bytes of struct clone_args that reach to the field cgroup, Linux 5.7 */
#define FILE_BYTES 65536

/* The kernel finds that nothing can be read there. A filter answers before the kernel, with whatever error, so each probe
 * wants the one answer that only the call itself gives. */
static int has_clone3(void) { return raw_call(SYS_clone3, 8, CLONE_ARGS_CGROUP) == -EFAULT; }

/* No such descriptor; before Linux 5.7 the field was unknown, which is E2BIG. CLONE_VM: nothing is copied for it. */
static int has_into_cgroup(void) {
  uint64_t arguments[CLONE_ARGS_CGROUP / 8] = {0};
  arguments[0] = INTO_CGROUP | CLONE_VM | CLONE_VFORK;
  arguments[10] = INT32_MAX;
  return has_clone3() && raw_call(SYS_clone3, arguments, sizeof arguments) == -EBADF;
}

static int has_pidfd(void) {
  int fd = (int)raw_call(SYS_pidfd_open, getpid(), 0);
  if (fd < 0) return 0;
  int result = (int)raw_call(SYS_pidfd_send_signal, fd, 0, 0, 0);
  close(fd);
  return result == 0;
}

/* A number that nobody has. Not with CLOSE_RANGE_UNSHARE, which every version has: that would part us from our threads. */
static int has_close_range(void) { return raw_call(SYS_close_range, INT32_MAX, INT32_MAX, 0) == 0; }

static int has_memfd(void) {
  int fd = (int)raw_call(SYS_memfd_create, "gonit", 1u);
  if (fd >= 0) close(fd);
  return fd >= 0;
}

static int has_execveat(void) { return raw_call(SYS_execveat, -1, "", 0, 0, PATH_EMPTY) == -EBADF; }

static int has_children_file(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%ld/children", raw_call(SYS_gettid));
  return access(path, R_OK) == 0;
}

static char *read_proc(const char *path) {
  size_t used = 0;
  char *text = malloc(FILE_BYTES);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  ssize_t got = 1;
  while (text != NULL && fd >= 0 && got > 0 && used < FILE_BYTES - 1) {
    got = read(fd, text + used, FILE_BYTES - 1 - used);
    if (got > 0) used += (size_t)got;
  }
  if (text != NULL) text[used] = '\0';
  if (fd >= 0) close(fd);
  return text;
}

/* The fields of a line of mountinfo (proc(5)): root and mount point are the 4th and 5th, the type follows " - ". */
static int cgroup_mount(char *line, const char *group, char *path, size_t size) {
  char root[256], point[256];
  const char *type = strstr(line, " - ");
  if (type == NULL || strncmp(type + 3, "cgroup2 ", 8) != 0) return 0;
  if (sscanf(line, "%*s %*s %*s %255s %255s", root, point) != 2 || strchr(point, '\\') != NULL) return 0;
  size_t length = strcmp(root, "/") == 0 ? 0 : strlen(root);
  if (strncmp(group, root, length) != 0) return 0;
  const char *rest = group + length;
  int used = snprintf(path, size, "%s%s%s", point, *rest == '/' || *rest == '\0' ? "" : "/", rest);
  if (used < 0 || (size_t)used >= size) return 0;
  if (used > 1 && path[used - 1] == '/') path[used - 1] = '\0';
  return 1;
}

/* Our own group in the unified hierarchy: the line "0::/path" of /proc/self/cgroup (cgroups(7)). */
static int own_group(char *group, size_t size) {
  char *text = read_proc("/proc/self/cgroup");
  char *line = text == NULL ? NULL : strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
  int found = line != NULL;
  if (found) {
    line = strstr(line, "0::") + 3;
    line[strcspn(line, "\n")] = '\0';
    found = (size_t)snprintf(group, size, "%s", line) < size;
  }
  free(text);
  return found;
}

static void find_cgroup_root(struct features *features) {
  char group[256], path[256], procs[300];
  if (!own_group(group, sizeof group)) return;
  char *text = read_proc("/proc/self/mountinfo");
  char *rest = NULL;
  for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
    if (!cgroup_mount(line, group, path, sizeof path)) continue;
    snprintf(procs, sizeof procs, "%s/cgroup.procs", path);
    if (access(path, W_OK | X_OK) != 0 || access(procs, W_OK) != 0) continue;
    memcpy(features->cgroup_root, path, sizeof path);
    break;
  }
  free(text);
}

/* Every group but the topmost has the file; there, any group below tells. None is made to look: a manager that is killed
 * meanwhile would leave it. */
static int has_cgroup_kill(const char *root) {
  char file[600];
  if (root[0] == '\0') return 0;
  snprintf(file, sizeof file, "%s/cgroup.kill", root);
  int result = access(file, W_OK) == 0;
  DIR *directory = result ? NULL : opendir(root);
  for (struct dirent *entry; directory != NULL && !result && (entry = readdir(directory)) != NULL;) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    snprintf(file, sizeof file, "%s/%s/cgroup.kill", root, entry->d_name);
    result = access(file, W_OK) == 0;
  }
  if (directory != NULL) closedir(directory);
  return result;
}

const struct features *features_get(void) {
  static struct features features;
  static int is_known;
  if (is_known) return &features;
  features.clone3 = has_clone3();
  features.into_cgroup = has_into_cgroup();
  features.pidfd = has_pidfd();
  features.close_range = has_close_range();
  features.memfd = has_memfd();
  features.execveat = has_execveat();
  features.children_file = has_children_file();
  find_cgroup_root(&features);
  features.cgroup_kill = has_cgroup_kill(features.cgroup_root);
  is_known = 1;
  return &features;
}
