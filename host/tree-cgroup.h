/* Processes of a start by its own cgroup2 directory (cgroups(7)), groups below it included. */
#ifndef GONIT_TREE_CGROUP_H
#define GONIT_TREE_CGROUP_H

#include <stddef.h>
#include <stdint.h>

/* Fills `pids` with the first `max` of them. How many there are in all, or -errno. */
int cgroup_list(const char *path, int32_t *pids, int max);

/* Signals all: by cgroup.kill for SIGKILL where there is one. How many got it, or -errno. */
int cgroup_signal(const char *path, int signal);

/* The group and those below it, from the lowest up. 0, also when there is none, or -errno: EBUSY where processes are. */
int cgroup_remove(const char *path);

#endif
