/* Processes of a start by its own cgroup2 directory; see tree-cgroup.h. */
#include "tree-cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contract.h"

#define PATH_BYTES 1024
#define KILL_ROUNDS 5 /* without cgroup.kill: a process may make another while the list is read */

struct visit {
  int32_t *pids;
  int max, count;
  int signal; /* 0: none */
  int signalled;
  int removes; /* 1: the groups, in place of the above */
};

/* A member of a cgroup that we read about a moment ago; the same small race as that of every kill(2) by number. */
static void visit_process(struct visit *visit, int32_t pid) {
  if (visit->count < visit->max) visit->pids[visit->count] = pid;
  visit->count++;
  if (visit->signal != 0 && kill(pid, visit->signal) == 0) visit->signalled++;
}

static int visit_members(struct visit *visit, int group) {
  int pid;
  int fd = openat(group, "cgroup.procs", O_RDONLY | O_CLOEXEC);
  FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
  if (file == NULL) {
    int result = -errno;
    if (fd >= 0) close(fd);
    return result;
  }
  /* 0 stands for a process that our own namespace cannot see (cgroups(7)). */
  while (fscanf(file, "%d", &pid) == 1)
    if (pid > 0) visit_process(visit, pid);
  fclose(file);
  return 0;
}

/* Names may be as long as their owner likes, so no path is ever put together. */
static int visit_group(struct visit *visit, int at, const char *name, int depth) {
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *directory = fd < 0 ? NULL : fdopendir(fd);
  if (directory == NULL) {
    int result = -errno;
    if (fd >= 0) close(fd);
    return result;
  }
  int result = visit->removes ? 0 : visit_members(visit, fd);
  for (struct dirent *entry; depth < LIMIT_CGROUP_DEPTH && result == 0 && (entry = readdir(directory)) != NULL;) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    result = visit_group(visit, fd, entry->d_name, depth + 1);
    if (result == -ENOENT || visit->removes) result = 0; /* removed meanwhile; what cannot be keeps those above it too */
  }
  closedir(directory);
  return visit->removes && unlinkat(at, name, AT_REMOVEDIR) < 0 ? -errno : result;
}

int cgroup_list(const char *path, int32_t *pids, int max) {
  struct visit visit = {.pids = pids, .max = max};
  int result = visit_group(&visit, AT_FDCWD, path, 0);
  if (result == -ENOENT) return 0; /* no group, no members */
  return result < 0 ? result : visit.count;
}

static int kill_whole(const char *path) {
  char name[PATH_BYTES];
  if ((size_t)snprintf(name, sizeof name, "%s/cgroup.kill", path) >= sizeof name) return -ENAMETOOLONG;
  int fd = open(name, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t written = write(fd, "1", 1);
  int result = written == 1 ? 0 : -errno;
  close(fd);
  return result;
}

int cgroup_signal(const char *path, int signal) {
  struct visit visit = {.signal = signal};
  int count = signal == SIGKILL ? cgroup_list(path, NULL, 0) : 0;
  if (signal == SIGKILL && (count <= 0 || kill_whole(path) == 0)) return count;
  int rounds = signal == SIGKILL ? KILL_ROUNDS : 1;
  for (int i = 0; i < rounds; i++) {
    visit.count = 0;
    int result = visit_group(&visit, AT_FDCWD, path, 0);
    if (result < 0) return result == -ENOENT ? 0 : result;
    if (visit.count == 0) break;
  }
  return signal == SIGKILL ? count : visit.signalled;
}

int cgroup_remove(const char *path) {
  struct visit visit = {.removes = 1};
  int result = visit_group(&visit, AT_FDCWD, path, 0);
  return result == -ENOENT ? 0 : result;
}
