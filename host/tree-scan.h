/*
 * Which processes belong to which start, seen from /proc.
 *
 * A scan lists descendants of init. Each has a root: the child of init at the top of its chain of parents. A root is
 * either a slot's process or an orphan that init took over. Two ways to list them:
 *
 *   by children   /proc/PID/task/TID/children, beginning with init: orphans and what is below them, and what is below
 *                 the slots that were asked for. Costs as much as there is to find.
 *   by directory  everything in /proc, where the kernel has no such file, or where processes come and go too quickly.
 *
 * Neither is a picture of one moment. A process that dies while we look may have given a child to init after init's
 * children were read: so a scan is settled only when nobody in it was found newly dead, dying or gone.
 */
#ifndef GONIT_TREE_SCAN_H
#define GONIT_TREE_SCAN_H

#include <stdint.h>

#include "ledger.h"
#include "spawn.h"
#include "tree.h"

#define SCAN_ROOT_ORPHAN (-1) /* came to init from a process that ended */
#define SCAN_ROOT_OTHER (-2)  /* a role, or nobody of ours: never touched */

struct scan_process {
  int32_t pid, parent, group, threads;
  int32_t root;      /* slot, or SCAN_ROOT_* */
  int32_t parent_at; /* index, -1: not in the list */
  int32_t marks_at;  /* in the arena, -1: not read yet, -2: has none */
  uint32_t marks_length;
  uint64_t start;    /* since boot, in ticks: with pid it names the process for good */
  char state;        /* as in proc(5) */
  uint8_t is_exiting; /* on its way to Z: its environment cannot be read any more */
  uint8_t is_chosen;
};

struct scan {
  const struct ledger *ledger;
  struct scan_process *list; /* SCAN_PROCESSES_MAX entries of address space */
  uint32_t count;
  int is_cut;     /* there were more */
  int is_settled; /* 0: too much came and went; what was found is there, but there may be others */
  char *arena;
  uint32_t arena_used;
  uint64_t dead_before, dead; /* which processes were found dead or dying, summed up */
  uint32_t gone;
};

/* Takes the address space, once. 0 or -errno. */
int scan_begin(struct scan *scan, const struct ledger *ledger);

/* Looks anew. `slots`: whose processes are asked for; NULL: all processes of the machine are. 0, or -errno where /proc
 * cannot be read. */
int scan_take(struct scan *scan, const int32_t *slots, uint32_t slot_count);

/* Marks what belongs to a request (is_chosen) and is alive. How many. */
uint32_t scan_choose(struct scan *scan, const struct tree_request *request);

/* Signals a process, after making sure that the number is still its own. 1: sent, 0: it has ended, or -errno. */
int scan_signal(const struct scan_process *process, int signal);

/* Stopped by a signal or a debugger: it can make no more processes. */
int scan_is_stopped(const struct scan_process *process);

/* It had ended when the scan met it: a zombie. */
int scan_is_dead(const struct scan_process *process);

/* Looks again: it has ended, or is about to. */
int scan_has_left(const struct scan_process *process);

#endif
