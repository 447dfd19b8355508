/*
 * What the files of init share. All of it lies in one memory file (`struct init_state`), so that init can execute its
 * own binary again after a fault and go on where it was: descriptors keep their numbers, children stay its children.
 *
 * init.c       the loop: start, waiting, turns
 * roles.c      manager and logger: starting, restarting, guarding
 * held.c       the table of descriptors that outlive the others, and messages about it
 * reap.c       dead children
 * shutdown.c   the end
 * fault.c      init's own faults
 * report.c     init's own messages
 * role.c       where we run
 * machine.c    what only process 1 of a machine does
 */
#ifndef GONIT_INIT_H
#define GONIT_INIT_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

#include "init-message.h"
#include "ledger.h"

#define INIT_STATE_MAGIC 0x53495447u
#define HELD_MAX (3 * LIMIT_LOG_SLOTS + 128)
#define NEVER INT64_MAX
#define MS_NS 1000000

#define HELD_FREE 0
#define HELD_NAMED 1  /* hold, release */
#define HELD_SOURCE 2 /* read end of a log pipe, or a pipe of the logger's own */

struct held {
  uint8_t kind;      /* HELD_* */
  uint8_t forgotten; /* source: to be read to its end */
  uint8_t sent;      /* source: 0 nothing, 1 the descriptor, 2 that it is forgotten */
  int32_t fd;
  int32_t slot;
  uint32_t sent_life; /* of the logger that `sent` is about */
  uint64_t generation;
  char name[HELD_NAME_BYTES];
};

struct role {
  int32_t pid;      /* 0: not running */
  int32_t socket;   /* init's end, -1: none */
  int32_t bell;     /* eventfd that wakes the role */
  int64_t started_ns;
  int64_t restart_ns; /* NEVER: not waiting to be started */
};

#define SHUTDOWN_NONE 0
#define SHUTDOWN_TERM 1
#define SHUTDOWN_KILL 2
#define SHUTDOWN_LOGGER 3
#define SHUTDOWN_END 4

struct init_state {
  uint32_t magic;
  int32_t state_fd, exits_fd, exits_read_fd, work_fd, exe_fd, signal_fd, ring_fd; /* ring_fd: eventfd from the roles */
  int32_t own_log[2]; /* pipe of gonit's own messages */
  struct role manager, logger;
  /* guard over a blocked manager */
  int64_t guard_ns;
  uint32_t guard_ticks;
  /* list_held under way: next entry, -1: none */
  int32_t listing;
  int32_t sources_wait; /* 1: the logger does not know all sources yet */
  int32_t held_end; /* entries from here on were never used */
  int32_t shutdown, mode, code;
  int64_t shutdown_ns; /* end of the running phase */
  int64_t grace_ns;
  int64_t fault_ns[5];
  uint32_t faults;
  int32_t log_format; /* REPORT_* */
  uint32_t held_hash[HELD_MAX];
  struct held held[HELD_MAX];
};

extern struct init_state *init;
extern struct ledger init_ledger;
extern int init_argc;
extern char **init_argv;

int64_t init_now_ns(void);

/* roles.c */
void roles_begin(void);
void roles_start_due(int64_t now);
int64_t roles_next_ns(void);
/* 1 when the process was a role. */
int roles_ended(pid_t pid, int code, int signal);
void roles_ring(struct role *role);
void roles_ring_manager(void);
/* Serves a bounded number of messages of a role; closes the socket when the other side is gone. */
void roles_serve(struct role *role);
void roles_guard(int64_t now);

/* held.c */
void held_hold(const struct init_message *message, int fd);
void held_release(const char *name);
void held_source(const struct init_message *message, int fd, int from_logger);
void held_forget(const struct init_message *message, int from_logger);
void held_list_begin(void);
/* Sends what fits; 1 when more waits for the socket. */
int held_list_continue(void);
int held_sources_continue(void);

/* reap.c: at most `bound` children; returns how many there were. */
int reap(int bound);
/* -1, or the slot of a process that is alive and ours. */
int reap_find(pid_t pid);

/* shutdown.c */
void shutdown_begin(int mode, int code, int64_t grace_ms);
void shutdown_continue(int64_t now);

/* fault.c */
void fault_handlers(void);
int fault_is_recovering(int argc, char **argv);
int fault_recover(const char *text);

/* role.c */
int role_decide(void);

/* machine.c */
void machine_mount(void);
void machine_end(int mode);

#endif
