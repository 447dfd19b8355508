/*
 * Starting processes: a queue, two spawner threads, and results.
 *
 * A spawn is a clone(CLONE_VM|CLONE_VFORK|CLONE_FILES|CLONE_PARENT|CLONE_PARENT_SETTID) in a thread of its own, so that
 * a child that blocks before or in exec blocks that thread only, and so that the child is init's, not the manager's.
 * Between clone and exec only raw system calls are made (host/child.c).
 */
#ifndef GONIT_SPAWN_H
#define GONIT_SPAWN_H

#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

#define SPAWN_REQUEST_VERSION 1
#define SPAWN_DESCRIPTORS_MAX 64
#define SPAWN_RLIMITS_MAX 16
#define SPAWN_GROUPS_MAX 128
#define SPAWN_DIRECTORIES_MAX 32
#define SPAWN_MOUNTS_MAX 80

/* Which optional fields are set. */
#define SPAWN_SET_USER 1u
#define SPAWN_SET_GROUP 2u
#define SPAWN_SET_GROUPS 4u
#define SPAWN_SET_UMASK 8u
#define SPAWN_SET_NICE 16u
#define SPAWN_SET_OOM 32u
#define SPAWN_SET_CAPABILITIES 64u
#define SPAWN_NO_NEW_PRIVILEGES 128u
#define SPAWN_OWN_BINARY 256u
#define SPAWN_KEEP_SESSION 512u
#define SPAWN_TERMINAL_FD 1024u
#define SPAWN_LISTEN_PID 4096u /* LISTEN_PID= in envp has room for the child's number */
#define SPAWN_READ_ONLY 2048u /* everything that is mounted, in a mount namespace; see `mounts` */

/* As `ours` of a descriptor: the terminal named in the request, which the child opens itself. */
#define SPAWN_FROM_TERMINAL (-2)

struct spawn_rlimit {
  int32_t resource;
  uint64_t soft, hard;
};

/* A directory of the service's own: `name`, which may have several parts, below `base`. */
struct spawn_directory {
  const char *base, *name;
  uint32_t mode;
};

struct spawn_mount {
  const char *path;
  uint32_t how; /* SPAWN_MOUNT_*, contract.h */
};

/* One spawn request; fields that are not used are zero. Strings and lists lie in the same allocation. */
struct spawn_request {
  uint32_t version; /* SPAWN_REQUEST_VERSION */
  uint32_t slot;    /* claimed by slots_claim */
  uint64_t ticket;
  uint32_t set; /* SPAWN_* bits */
  uint32_t uid, gid;
  uint32_t group_count;
  uint32_t groups[SPAWN_GROUPS_MAX];
  uint32_t umask;
  int32_t nice;
  int32_t oom_score_adj;
  uint32_t rlimit_count;
  struct spawn_rlimit rlimits[SPAWN_RLIMITS_MAX];
  uint64_t capabilities;
  uint32_t namespaces; /* CLONE_NEW* */
  uint32_t join_namespaces; /* CLONE_NEW* of those to be joined */
  int32_t join_pid;         /* whose they are, and whose root; 0: nobody's */
  int32_t parent_death_signal;
  uint64_t signal_mask; /* bit n-1: signal n stays blocked */
  int32_t terminal_fd;
  uint32_t descriptor_count;
  struct { int32_t child, ours; } descriptors[SPAWN_DESCRIPTORS_MAX]; /* `ours` is borrowed: kept open until the result */
  uint16_t seccomp_count; /* struct sock_filter entries */
  const void *seccomp;
  const char *file; /* program; found along search_path when it holds no slash */
  const char *search_path;
  char **argv;
  char **envp;
  const char *directory, *root, *cgroup, *terminal;
  uint32_t directory_count;
  struct spawn_directory *directories; /* made below the root that it has then, and given to uid and gid */
  uint32_t mount_count;
  struct spawn_mount *mounts;
  const char *input; /* opened by the child as its standard input: one that blocks blocks nobody else */
};

struct spawn_result {
  uint32_t slot;
  uint64_t ticket;
  int32_t pid; /* 0 where no process was made */
  uint32_t stage;
  int32_t error;
};

/*
 * Starts the threads. exe_fd: our own binary (O_PATH). 0 or -errno.
 *
 * Called before the manager opens anything, for it takes all free numbers below LIMIT_OWN_WINDOW_FDS: a spawn copies
 * those alone, so its cost does not grow with the number of open descriptors. Everything else the manager opens must be
 * close-on-exec. From here on the manager must not handle or ignore other signals than before, which a child would
 * inherit, nor call setuid(2) and its like, which libc does in all threads.
 */
int spawn_begin(struct ledger *ledger, int exe_fd);

/* Claims a free slot for a ticket. Slot number, or -EAGAIN. Called by the manager's main thread only. */
int slots_claim(struct ledger *ledger, uint64_t ticket, uint32_t kind, uint32_t flags, const char *instance);

/* Claims a slot for a process that runs already and is no spawn of ours: when init reaps it, its exit is recorded. A process
 * that has another parent never gets a record. Slot number, or -EAGAIN. */
int slots_name(struct ledger *ledger, uint64_t ticket, int32_t pid, const char *instance);

/* Frees a slot whose exit (or failure) was taken. */
void slots_free(struct ledger *ledger, uint32_t slot);

/* Writes the record of a living main process again, which was damaged. */
void slots_mend(struct ledger *ledger, uint32_t slot, uint64_t ticket, int pid, const char *instance);

/* Process number of a slot while it is certain to be that ticket's: its exit is not recorded yet. Else 0. */
int slots_pid(const struct ledger *ledger, uint32_t slot, uint64_t ticket);

/* Queues a request, which was made by one malloc() and is freed here. 0, or -EAGAIN when too many spawns are blocked. */
int spawn_submit(struct spawn_request *request);

/* Kills the child of a spawn that has not reached its program; its result follows with STAGE_TIME_LIMIT. A spawn that
 * still waits in the queue is taken out and reported the same way. */
void spawn_cancel(uint64_t ticket);

/* Called now and then while spawns wait in the queue: threads that were busy with the same child at the last call are
 * taken as blocked, and others take their place. 1 while some wait. */
int spawn_relieve(void);

/* An eventfd that is readable while results wait. */
int spawn_event_fd(void);

/* 1 and a result, or 0. */
int spawn_next(struct spawn_result *result);

/* Signals the process of a slot (or its group), by pidfd where there are any. 0 or -errno; -ENOSYS: ask init. */
int slots_signal(struct ledger *ledger, uint32_t slot, uint64_t ticket, int signal, int scope);

#endif
