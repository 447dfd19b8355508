/* What happens once, before the loop: the way into `gonit: init`, everything that is made at start, and going on after
 * a fault. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

#ifndef GONIT_VERSION
#define GONIT_VERSION "0.1.0"
#endif
#ifndef SYS_execveat
#define SYS_execveat (-1) /* the kernel answers ENOSYS */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH, execveat(2) */
#define DESCRIPTORS_TRIED 65536
#define OOM_SCORE "-900"
#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

extern char **environ;

/* ---- the way in ---- */

static void close_numbers(int from, int to) {
  if (from > to || syscall(SYS_close_range, from, to, 0) == 0) return;
  struct rlimit limit;
  rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : DESCRIPTORS_TRIED;
  for (int fd = from; fd <= to && (rlim_t)fd < end && fd < DESCRIPTORS_TRIED; fd++) close(fd);
}

/* What a caller left open is no business of services. */
static void close_inherited(int kept) {
  if (kept > 2) close_numbers(3, kept - 1);
  close_numbers(kept > 2 ? kept + 1 : 3, INT32_MAX);
}

/* /proc names exactly the file that runs; without it the kernel still says by which path that was (getauxval(3)). */
static int own_binary(void) {
  const char *path = (const char *)getauxval(AT_EXECFN);
  int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
  if (fd < 0 && path != NULL) fd = open(path, O_PATH | O_CLOEXEC);
  fd = init_high(fd);
  return fd < 0 ? 0 : fd;
}

static void note_isolated(const struct isolated *isolated) {
  size_t used = 0;
  init->isolated = isolated->inside;
  init->failed_error = isolated->error;
  if (isolated->failed_step != NULL) snprintf(init->failed_step, sizeof init->failed_step, "%s", isolated->failed_step);
  for (int i = 0; i < 8 && isolated->notices[i] != NULL && used < sizeof init->notices; i++)
    used += (size_t)snprintf(init->notices + used, sizeof init->notices - used, "%s\n", isolated->notices[i]);
}

int init_start(int argc, char **argv, const struct isolated *isolated, int detach_fd) {
  close_inherited(detach_fd);
  init_state_make();
  note_isolated(isolated);
  init->detach_fd = detach_fd > 0 ? init_high(detach_fd) : 0;
  init->exe_fd = own_binary();
  argv[0] = (char *)"gonit: init";
  if (init_state_is_file() && init->exe_fd != 0) {
    init_state_keep(1);
    syscall(SYS_execveat, init->exe_fd, "", argv, environ, EMPTY_PATH);
    execve("/proc/self/exe", argv, environ);
  }
  return init_main(argc, argv);
}

/* ---- made at start ---- */

/* The roles may read the exits, not write them. Without /proc they get the same descriptor and are trusted. */
static int read_only(int fd) {
  char path[40];
  if (fd < 0) return 0;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reading = open(path, O_RDONLY | O_CLOEXEC);
  return init_high(reading >= 0 ? reading : fcntl(fd, F_DUPFD_CLOEXEC, INIT_FD_MIN));
}

static void make_identity(char *text, size_t size) {
  unsigned char bytes[16] = {0};
  if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) < (ssize_t)sizeof bytes) {
    /* Early at boot the kernel has no randomness yet; the clock is different enough for a mark. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    memcpy(bytes, &now, sizeof now < sizeof bytes ? sizeof now : sizeof bytes);
  }
  for (size_t i = 0; i < sizeof bytes && 2 * i + 2 < size; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int32_t own_oom_score(void) {
  char text[16] = {0};
  int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  return got > 0 ? atoi(text) : 0;
}

/* Where it is allowed: init, and through it the roles, are the last to be killed for want of memory. Services get the
 * old value back. */
static void lower_oom_score(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (write(fd, OOM_SCORE, sizeof OOM_SCORE - 1) < 0) {} /* the score stays */
  close(fd);
}

static uint64_t raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0) return 0;
  uint64_t soft = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return soft;
}

static int make_ledger(int role) {
  int result = ledger_create(&init_ledger);
  if (result < 0) return result;
  struct exits_part *exits = init_ledger.exits;
  init->exits_fd = init_ledger.exits_fd > 0 ? init_ledger.exits_fd : 0;
  init->work_fd = init_ledger.work_fd > 0 ? init_ledger.work_fd : 0;
  init->exits_read_fd = read_only(init_ledger.exits_fd);
  exits->role = (uint32_t)role;
  exits->started_ns = init_now_ns();
  exits->init_pid = getpid();
  exits->init_life = 1;
  exits->isolated = (uint32_t)init->isolated;
  exits->oom_score_adj = own_oom_score();
  exits->nofile_soft = raise_descriptor_limit();
  exits->ignored = init->ignored;
  exits->blocked = init->blocked;
  make_identity(exits->instance_id, sizeof exits->instance_id);
  lower_oom_score();
  return 0;
}

static int make_descriptors(void) {
  sigset_t signals;
  /* Not the faults: signalfd(2) takes whatever is pending, even a signal that is not blocked. */
  memset(&signals, 0xff, sizeof signals);
  fault_leave_out(&signals);
  int fds[] = {signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC), eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
               eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), -1, -1};
  if (pipe2(fds + 4, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
  for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) {
    fds[i] = init_high(fds[i]);
    if (fds[i] < 0) return -errno;
  }
  init->signal_fd = fds[0];
  init->ring_fd = fds[1];
  init->manager.bell = fds[2];
  init->logger.bell = fds[3];
  init->own_log[0] = fds[4];
  init->own_log[1] = fds[5];
  return 0;
}

/* `init -- CMD` is a plain init: what its user sees is the command's output alone. */
static int is_plain_init(void) {
  for (int i = 1; i < init_argc; i++) {
    if (strcmp(init_argv[i], "--") == 0) return strcmp(init_argv[1], "init") == 0;
  }
  return 0;
}

static void tell_begin(int role) {
  static const char *const names[] = {"", "vm", "container", "laptop"};
  char *rest = init->notices;
  if (is_plain_init()) return;
  report("info", "Control is handed over to gonit",
         REPORT_FIELDS({"pid", NULL, getpid()}, {"role", names[role], 0}, {"version", GONIT_VERSION, 0}));
  if (init->failed_step[0] != '\0')
    report("warn", "No namespaces of our own: going on as a supervisor",
           REPORT_FIELDS({"error", report_error(init->failed_error), 0}, {"step", init->failed_step, 0}));
  if (access("/proc/self/stat", R_OK) < 0)
    report("warn", "No /proc: what a service starts is found by its process group alone, what leaves it is not ended",
           REPORT_FIELDS({NULL, NULL, 0}));
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    if (*line != '\0') report("warn", line, REPORT_FIELDS({NULL, NULL, 0}));
  }
}

/* A child that ended must become a zombie, not vanish, so SIGCHLD must not be ignored (waitid(2)). */
static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL}, before;
  for (int signal = 1; signal <= 64; signal++) {
    if (signal == SIGKILL || signal == SIGSTOP || sigaction(signal, NULL, &before) < 0) continue;
    if (signal == SIGHUP) init->ignores_hangup = before.sa_handler == SIG_IGN && init->detach_fd == 0;
    if (before.sa_handler == SIG_IGN) init->ignored |= UINT64_C(1) << (signal - 1);
    if (before.sa_handler != SIG_DFL) sigaction(signal, &action, NULL);
  }
}

int init_begin(void) {
  int role = role_decide();
  if (role == ROLE_VM && getpid() == 1) machine_begin();
  reset_signals();
  if (getpid() != 1) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    remaining_note_strangers();
  }
  report_begin(init_argc, init_argv);
  if (init->exe_fd == 0) init->exe_fd = own_binary();
  int result = make_ledger(role);
  if (result == 0) result = make_descriptors();
  if (result < 0) return result;
  /* What is touched stays in memory; nothing is touched for it. Refused to those who may not lock so much. */
  mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
  roles_begin();
  tell_begin(role);
  init->begun = 1;
  return 0;
}

/* ---- after a fault ---- */

static void resume_role(struct role *role) {
  if (role->pid != 0) return;
  if (role->socket != 0) serve_rest(role);
  if (role->restart_ns == NEVER) role->restart_ns = 0;
}

int init_resume(void) {
  int result = ledger_reopen(&init_ledger, init->exits_fd, init->work_fd);
  if (result < 0) return result;
  atomic_fetch_add(&init_ledger.exits->init_life, 1);
  if (init->shutdown.phase == SHUTDOWN_LEAVE) return 0; /* no fault: on purpose */
  report("error", "init is back after a fault of its own",
         REPORT_FIELDS({"life", NULL, atomic_load(&init_ledger.exits->init_life)}));
  fault_handlers();
  held_repair();
  serve_hand();
  resume_role(&init->manager);
  resume_role(&init->logger);
  roles_ring_manager(); /* it may have been recorded that something happened, and not been rung for */
  return 0;
}
