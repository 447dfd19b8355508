/*
 * Users and groups from /etc/passwd and /etc/group, read with a bound and without NSS (a static binary has none).
 * Files are re-read when their stat(2) changed.
 */
#ifndef GONIT_USERS_H
#define GONIT_USERS_H

#include <stdint.h>

#include "spawn.h"

struct user_record {
  uint32_t uid, gid;
  char name[64], home[256], shell[128];
  uint32_t group_count;
  uint32_t groups[SPAWN_GROUPS_MAX];
};

/* By name or number. A number without an entry gives home "/", gid = uid, no groups. 0, -ENOENT, or -errno of reading. */
int users_find(const char *name_or_number, struct user_record *user);

/* 0 and *gid, -ENOENT, or -errno. */
int users_find_group(const char *name_or_number, uint32_t *gid);

#endif
