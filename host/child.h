/*
 * What happens between clone and exec, in a child that shares the manager's memory (CLONE_VM) while the spawner thread
 * that made it waits (CLONE_VFORK).
 *
 * The rules in there: raw system calls only; nothing is written but the child's own stack, its plan and its slot in the
 * ledger; descriptors are touched only after the table is the child's own; all signals are blocked until their
 * dispositions are the default ones, so that no handler of the manager can run.
 */
#ifndef GONIT_CHILD_H
#define GONIT_CHILD_H

#include <stdatomic.h>
#include <stdint.h>

#include "spawn.h"

/* The request's descriptors, three standard ones, our own binary and the terminal. */
#define CHILD_MOVES_MAX (SPAWN_DESCRIPTORS_MAX + 5)

#define CHILD_NOT_BEGUN 0
#define CHILD_OWN_TABLE 1 /* its descriptors are no longer the manager's */
#define CHILD_AT_EXEC 2

/* `from` becomes number `child`; -1: it is only kept out of the way of the others. */
struct child_move {
  int32_t child, from;
};

struct child_plan {
  const struct spawn_request *request;
  struct child_slot *slot; /* gets stage and error */
  _Atomic int cancelled;   /* set by the manager: end at once */
  _Atomic int progress;    /* CHILD_* */
  int window;              /* the table is shared: make it our own up to this number. 0: it is our own already */
  int in_cgroup;           /* 1: the kernel put us there */
  int is_user_late;          /* its user namespace comes after the change of user */
  uint32_t own_uid, own_gid; /* who we are outside of a user namespace */
  int parent;              /* init's process number; the parent-death signal is checked against it */
  int set_oom;
  int32_t oom_score_adj;   /* value to go back to where the roles have another */
  uint64_t nofile_soft, nofile_hard; /* to go back to; hard 0: leave as it is */
  uint64_t dispositions;   /* bit n-1: signal n is handled or ignored by the manager */
  uint64_t ignored, blocked; /* likewise, of gonit's own start: who keeps its session keeps them too */
  int32_t exe, terminal;   /* indexes into moves, or -1 */
  int32_t old_group;       /* process group of who started us */
  uint32_t move_count;
  struct child_move moves[CHILD_MOVES_MAX];
};

/* The child's whole life until exec. Never returns; its type is that of clone(2)'s function. */
int child_run(void *plan);

#endif
