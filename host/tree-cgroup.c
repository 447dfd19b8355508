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

#define PATH_BYTES 1024
#define DEPTH_MAX 16
#define KILL_ROUNDS 5 /* without cgroup.kill: a process may make another while the list is read */

struct visit {
  int32_t *pids;
  int max, count;
  int signal; /* 0: none */
  int signalled;
};

/* A member of a cgroup that we read about a moment ago; the same small race as that of every kill(2) by number. */
static void visit_process(struct visit *visit, int32_t pid) {
  if (visit->count < visit->max) visit->pids[visit->count] = pid;
  visit->count++;
  if (visit->signal != 0 && kill(pid, visit->signal) == 0) visit->signalled++;
}

static int visit_members(struct visit *visit, const char *path) {
  char name[PATH_BYTES];
  int pid;
  if ((size_t)snprintf(name, sizeof name, "%s/cgroup.procs", path) >= sizeof name) return -ENAMETOOLONG;
  FILE *file = fopen(name, "re");
  if (file == NULL) return -errno;
  /* 0 stands for a process that our own namespace cannot see (cgroups(7)). */
  while (fscanf(file, "%d", &pid) == 1)
    if (pid > 0) visit_process(visit, pid);
  fclose(file);
  return 0;
}

static int visit_group(struct visit *visit, const char *path, int depth) {
  int result = visit_members(visit, path);
  if (result < 0 || depth == DEPTH_MAX) return result;
  DIR *directory = opendir(path);
  if (directory == NULL) return -errno;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL && result == 0;) {
    char below[PATH_BYTES];
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    if ((size_t)snprintf(below, sizeof below, "%s/%s", path, entry->d_name) >= sizeof below) continue;
    result = visit_group(visit, below, depth + 1);
    if (result == -ENOENT) result = 0; /* removed meanwhile */
  }
  closedir(directory);
  return result;
}

int cgroup_list(const char *path, int32_t *pids, int max) {
  struct visit visit = {.pids = pids, .max = max};
  int result = visit_group(&visit, path, 0);
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
    int result = visit_group(&visit, path, 0);
    if (result < 0) return result == -ENOENT ? 0 : result;
    if (visit.count == 0) break;
  }
  return signal == SIGKILL ? count : visit.signalled;
}
