/*
 * What the files of init share. All of it lies in one memory file (`struct init_state`), so that init can execute its
 * own binary again after a fault and go on where it was: descriptors keep their numbers, children stay its children.
 *
 * init.c          the loop: waiting, turns, signals
 * init-begin.c    what happens once, before the loop
 * init-state.c    the state file
 * init-guard.c    the guard over a blocked manager
 * init-serve.c    messages from the roles
 * roles.c         manager and logger: starting, restarting, safe mode
 * role-process.c  what a role does between fork and exec
 * held.c          descriptors that outlive the others, by name
 * log-sources.c   the read ends of log pipes, which every new logger gets again
 * reap.c          dead children
 * shutdown.c      the end; remaining.c: who is left
 * machine-begin.c what only process 1 of a machine does at the start; machine-facts.c: clock, entropy, machine-id;
 *                 switch-root.c: from the initramfs to the root file system; machine-end.c: unmounting, power;
 *                 leave-binary.c: leaving a root file system for good
 * fault.c         init's own faults
 * rescue.c        a shell on a machine's console while the manager cannot be kept up
 * watchdog.c      the hardware watchdog
 * report.c        init's own messages
 * role.c          where we run
 */
#ifndef GONIT_INIT_H
#define GONIT_INIT_H

#include <signal.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "entry.h"
#include "held.h"
#include "init-message.h"
#include "ledger.h"

#define NEVER INT64_MAX
#define MS_NS ((int64_t)1000000)

/* The number of the state file's descriptor, over each execution of our own binary. */
#define INIT_STATE_FD ROLE_FD_FIRST_FREE
/* init's own descriptors have numbers from here on, so that a role's fixed ones never collide with them. */
#define INIT_FD_MIN 32

#define FAULTS_KEPT 5
#define STRANGERS_MAX 16

struct role {
  int32_t pid;         /* 0: not running */
  int32_t socket;      /* init's end, 0: none */
  int32_t bell;        /* eventfd that wakes the role; it outlives the role */
  int64_t started_ns;
  int64_t restart_ns;  /* when to start it, NEVER: not waiting to be started */
  int32_t cannot_start; /* 1: that fork(2) and the like fail was told */
};

#define SHUTDOWN_NONE 0
#define SHUTDOWN_TERM 1   /* what is left got SIGTERM */
#define SHUTDOWN_KILL 2   /* and SIGKILL */
#define SHUTDOWN_LOGGER 3 /* the logger writes what it has */
#define SHUTDOWN_LEAVE 4  /* we go on from memory, if our file was deleted */
#define SHUTDOWN_SYNC 5   /* a child of ours brings file systems into order */

struct init_state {
  uint32_t magic, version;
  uint64_t bytes;
  int32_t pid;
  int32_t begun; /* 1: the loop has been entered, so a new life goes on where the last one stopped */
  /* Descriptors; 0 is none, since standard input is never one of ours. */
  int32_t exits_fd, exits_read_fd, work_fd, exe_fd, signal_fd, ring_fd; /* ring_fd: eventfd from the roles */
  int32_t own_log[2];  /* pipe of gonit's own messages */
  int32_t terminal_fd; /* standard error, opened again so that it never blocks */
  int32_t detach_fd;   /* whoever started `up -d` waits for a byte here */
  struct role manager, logger;
  struct held_table held;
  int32_t listing; /* list_held under way: 1 + next entry, 0: none */
  int64_t send_retry_ns; /* NEVER, or when to go on with a list that the kernel would not carry yet */
  int32_t sources_pending; /* 1: the logger does not know everything yet */
  struct init_message hand; /* a message that is being carried out; version 0: none */
  union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } hand_rights;
  uint32_t hand_tries;
  int32_t hand_manager; /* it is from the manager */
  pid_t dying_pid; /* a dead child that is being dealt with, see reap.c */
  uint64_t dying_total;
  struct {
    int64_t tick_ns; /* next tick, NEVER: nothing is unacknowledged */
    uint64_t acknowledged;
    uint32_t ticks;
  } guard;
  struct {
    int32_t phase, mode, code, asked_logger;
    int64_t end_ns; /* of the running phase */
    pid_t sync_pid;
  } shutdown;
  struct {
    pid_t pid;
    int32_t asked; /* 1: the shell that runs is the one that the manager asked for */
    int64_t start_ns;
  } rescue;
  struct {
    int32_t fd; /* 0: none */
    int64_t next_ns, interval_ns;
  } watchdog;
  int64_t fault_ns[FAULTS_KEPT];
  uint32_t faults;
  int32_t log_format, log_colour;
  pid_t strangers[STRANGERS_MAX]; /* children that we had before we became init: none of our business */
  uint64_t ignored, blocked; /* signals at our own start, as in the ledger */
  int32_t ignores_hangup; /* we were started by nohup(1) */
  int32_t left_binary; /* 1: we run from a copy in memory, see leave-binary.c */
  /* What `up --isolated` has to tell. */
  int32_t isolated, failed_error;
  char failed_step[256];
  char notices[512]; /* lines */
};

extern struct init_state *init;
extern struct ledger init_ledger;
extern int init_argc;
extern char **init_argv;

int64_t init_now_ns(void);
int init_machine_mode(int signal); /* SHUTDOWN_MODE_* that a signal asks a machine for, or 0 */

/* init-state.c */
/* Makes the state; where no memory file can be had it is memory that ends with this life. */
void init_state_make(void);
/* The state that the life before left behind the descriptor INIT_STATE_FD. 0, or -ENOENT: there is none. */
int init_state_open(void);
/* Whether it outlives an execution of our binary. */
int init_state_is_file(void);
/* Sets or clears close-on-exec of everything that must outlive an execution. */
void init_state_keep(int keep);
/* Memory for a part of the state, before it is touched for the first time. 0 or -errno. */
int init_state_room(const void *at, size_t bytes);
/* The descriptor under a number from INIT_FD_MIN on, close-on-exec; -1 stays -1. */
int init_high(int fd);

/* init-begin.c */
/* The way of a program that is to be init: leaves everything behind that it inherited, and executes itself under the
 * name that ps shows. Returns only init_main()'s exit code. detach_fd: 0 or that of detach(). */
int init_start(int argc, char **argv, const struct isolated *isolated, int detach_fd);
/* 0, or -errno when there can be no init. */
int init_begin(void);
/* Goes on where the life before was interrupted by a fault. 0 or -errno. */
int init_resume(void);

/* roles.c */
void roles_begin(void);
void roles_continue(int64_t now);
int64_t roles_next_ns(void);
/* 1 when the process was a role. */
int roles_ended(pid_t pid, int code, int signal);
void roles_start_logger(int64_t now); /* at the end, to write what was left */
void roles_ring(struct role *role);
void roles_ring_manager(void);

/* role-process.c: the role's side of fork(2). */
void role_become(struct role *role, int socket, pid_t parent) __attribute__((noreturn));

/* init-guard.c */
void guard_arm(void);
void guard_continue(int64_t now);

/* init-serve.c: at most a bounded number of messages. */
void serve(struct role *role);
/* Carries out everything that a dead role has sent, and closes its socket. */
void serve_rest(struct role *role);
/* What a fault interrupted. */
void serve_hand(void);
int serve_hand_fd(void); /* the descriptor that came with it, or -1 */

/* Whether a message is to be sent again later. A socket that is full says when it has room; too many descriptors under
 * way do not (sendmsg(2), ETOOMANYREFS), so a time is set. */
int init_send_is_slow(int error);

/* held.c, over the manager's socket */
void held_list_begin(void);
int held_list_continue(void); /* 1: more waits for the socket */

/* log-sources.c */
void sources_add(const struct init_message *message, int fd);
void sources_add_own(const struct init_message *message, int fd);
void sources_forget(const struct init_message *message);
void sources_forgotten(const struct init_message *message);
void sources_resend(void);   /* to a new logger */
int sources_continue(void); /* 1: more waits for the socket */

/* reap.c: at most `bound` children; returns how many there were. */
int reap(int bound);

/* remaining.c */
void remaining_note_strangers(void);
/* Signals every process that is left, the logger maybe among them. */
void remaining_signal(int signal);
/* How many are left beside our own; -1: some, nobody can say how many. */
int remaining_count(void);
void remaining_report(void);

/* shutdown.c */
void shutdown_begin(int mode, int code, int64_t grace_ms);
void shutdown_force(int code); /* no more grace */
void shutdown_continue(int64_t now);
int64_t shutdown_next_ns(void);

/* fault.c */
void fault_handlers(void);
void fault_leave_out(sigset_t *signals);
void fault_defaults(void); /* for a child of ours that goes on without exec */

/* role.c */
int role_decide(void);
/* Whether our process numbers are the kernel's own: a test may be process 1 of a namespace. */
int role_in_initial_namespace(void);

/* machine-begin.c */
void machine_begin(void);
/* bare-root.c: a writable cover over a read-only root that lacks the folders to mount on. 1 where that was needed. */
int bare_root_cover(void);

/* machine-facts.c */
void machine_facts_restore(void); /* what the last run left: the clock, the entropy, who this machine is */
void machine_facts_keep(void);    /* for the next run, while the disk can still be written */

/* switch-root.c: in an initramfs whose kernel command line names a root, it becomes /, and its init is executed. Returns
 * where there is nothing to do. */
void switch_root(void);

/* leave-binary.c: executes init from memory when its file was deleted, and goes on in init_resume(); returns else. */
void leave_binary(void);

/* machine-end.c */
void machine_bring_in_order(void); /* in a child: sync, unmount */
void machine_end(int mode);

/* rescue.c */
void rescue_continue(int64_t now);
int64_t rescue_next_ns(void);
int rescue_ended(pid_t pid, int code);
void rescue_hang_up(void); /* an interactive shell ignores SIGTERM */
void rescue_forever(void) __attribute__((noreturn));
pid_t rescue_start(const char *reason); /* one shell: its pid, or -1; it ends with EXIT_CODE_NOT_FOUND without a shell */

/* watchdog.c */
void watchdog_continue(int64_t now);
int64_t watchdog_next_ns(void);
void watchdog_disarm(void); /* before a halt: a machine that stands still on purpose is not to be reset */

/* detach.c: `up -d`. >= 0: the parent's exit code. -1: go on, *fd is where to say that we are up. */
int detach(int *fd);
void detach_ready(void);
void detach_failed(int code);

#endif
