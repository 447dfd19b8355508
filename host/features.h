/* Optional kernel calls, each probed once; ENOSYS, EPERM and EINVAL all mean absent. */
#ifndef GONIT_FEATURES_H
#define GONIT_FEATURES_H

struct features {
  int clone3, into_cgroup, pidfd, close_range, memfd, execveat, children_file, cgroup_kill;
  char cgroup_root[256]; /* a cgroup2 directory in which we may make groups, or empty */
};

/* Probes at the first call. Not for init, which asks only for what it needs. */
const struct features *features_get(void);

#endif
