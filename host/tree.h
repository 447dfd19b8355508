/*
 * All processes of one start, found and signalled by a thread of the manager (reading /proc can block).
 *
 * (1) a cgroup2 directory of the start's own: cgroup.procs, cgroup.kill; else
 * (2) children of init that have no slot, and their descendants, whose environment carries the start's mark, together
 *     with the process group; SIGKILL stops them first and rescans until two scans agree (5 at most); else
 * (3) the process group alone.
 */
#ifndef GONIT_TREE_H
#define GONIT_TREE_H

#include <stdint.h>

#include "ledger.h"

#define TREE_MARKS_MAX 4
#define TREE_PIDS_REPORTED 16

struct tree_request {
  uint64_t ticket; /* of the answer */
  uint64_t of;     /* ticket of the main process */
  int32_t slot;    /* its slot, -1 when it was reaped and freed */
  int32_t pid;     /* process group number, 0: unknown */
  int32_t signal;  /* 0: only look */
  int32_t is_anywhere; /* 1: not a start of ours, but all processes with the marks that are no descendants of init */
  char cgroup[256];
  char marks[TREE_MARKS_MAX][160]; /* NAME=value, all of them must be there; unused ones are empty */
};

struct tree_result {
  uint64_t ticket, of;
  int32_t signalled, left, error;
  int32_t how; /* 1 cgroup, 2 mark, 3 group */
  int32_t pid_count;
  int32_t pids[TREE_PIDS_REPORTED];
};

int tree_begin(struct ledger *ledger);
int tree_submit(const struct tree_request *request); /* 0 or -EAGAIN */
int tree_event_fd(void);
int tree_next(struct tree_result *result); /* 1 or 0 */

#endif
