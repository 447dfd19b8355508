/*
 * Manager and logger: started by executing our own binary through its descriptor (no path, no /proc needed, and always
 * the build that init is), watched, and started again when they end. One that fails within a second of its start waits
 * longer each time; when the manager goes on failing, services are left alone and it is tried every 10 s (safe mode).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entry.h"
#include "init.h"
#include "report.h"

#define QUICK_NS ((int64_t)1000 * MS_NS)
#define SAFE_AFTER 8
#define MESSAGES_PER_TURN 64
#define ABOVE_ROLE_FDS 32
#define GUARD_TICK_NS ((int64_t)1000 * MS_NS)
#define GUARD_TICKS 30
#define ROLE_OOM_SCORE "-900"

static const int32_t delay_ms[] = {0, 10, 100, 1000, 10000};

static int is_manager(const struct role *role) { return role == &init->manager; }

static struct role_record *record_of(const struct role *role) {
  return is_manager(role) ? &init_ledger.exits->manager : &init_ledger.exits->logger;
}

static void move_low(int from, int to) {
  int high = fcntl(from, F_DUPFD, ABOVE_ROLE_FDS);
  if (high < 0 || dup2(high, to) < 0) _exit(126);
  close(high);
}

static void lower_oom_score(void) {
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  ssize_t written = write(fd, ROLE_OOM_SCORE, sizeof ROLE_OOM_SCORE - 1);
  (void)written; /* only root may; without it the score stays */
  close(fd);
}

static void raise_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

/* The role's side of fork: descriptors to their fixed numbers, then our own binary. */
__attribute__((noreturn)) static void become(struct role *role, int socket, pid_t parent) {
  sigset_t none;
  /* A role without its init would be a second system: it ends with it. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(125);
  move_low(init->exits_read_fd, ROLE_FD_EXITS);
  move_low(init->work_fd, ROLE_FD_WORK);
  move_low(socket, ROLE_FD_INIT);
  move_low(role->bell, ROLE_FD_BELL);
  move_low(init->ring_fd, ROLE_FD_INIT_BELL);
  move_low(init->exe_fd, ROLE_FD_EXE);
  move_low(init->own_log[is_manager(role) ? 1 : 0], ROLE_FD_LOG);
  raise_descriptors();
  lower_oom_score();
  for (int signal = 1; signal < 65; signal++) {
    if (signal != SIGKILL && signal != SIGSTOP) (void)!sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  init_argv[0] = is_manager(role) ? (char *)"gonit: manager" : (char *)"gonit: logger";
  if (!is_manager(role)) init_argv[1] = NULL;
  extern char **environ;
  syscall(SYS_execveat, ROLE_FD_EXE, "", init_argv, environ, 0x1000 /* AT_EMPTY_PATH */);
  execv("/proc/self/fd/8", init_argv); /* where execveat(2) is refused */
  execv("/proc/self/exe", init_argv);
  _exit(127);
}

static void start(struct role *role, int64_t now) {
  int pair[2];
  struct role_record *record = record_of(role);
  role->restart_ns = NEVER;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
    role->restart_ns = now + QUICK_NS;
    return;
  }
  /* Above the numbers that the role's own descriptors take, so that none is overwritten on its way there. */
  for (int end = 0; end < 2; end++) {
    int high = fcntl(pair[end], F_DUPFD_CLOEXEC, ABOVE_ROLE_FDS);
    if (high < 0) continue;
    close(pair[end]);
    pair[end] = high;
  }
  pid_t parent = getpid(), pid = fork();
  if (pid == 0) become(role, pair[1], parent);
  close(pair[1]);
  if (pid < 0) {
    close(pair[0]);
    role->restart_ns = now + QUICK_NS;
    return;
  }
  role->pid = pid;
  role->socket = pair[0];
  role->started_ns = now;
  record->started_ns = now;
  atomic_fetch_add(&record->life, 1);
  atomic_store(&record->pid, pid);
  if (is_manager(role)) init->listing = -1;
  else init->sources_wait = 1;
}

void roles_begin(void) {
  init->manager.restart_ns = init->logger.restart_ns = 0;
}

void roles_start_due(int64_t now) {
  if (init->shutdown != SHUTDOWN_NONE) return;
  if (init->logger.pid == 0 && init->logger.restart_ns <= now) start(&init->logger, now);
  if (init->manager.pid == 0 && init->manager.restart_ns <= now) start(&init->manager, now);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t roles_next_ns(void) {
  int64_t next = init->guard_ns;
  if (init->shutdown != SHUTDOWN_NONE) return next;
  if (init->manager.pid == 0) next = least(next, init->manager.restart_ns);
  if (init->logger.pid == 0) next = least(next, init->logger.restart_ns);
  return next;
}

static void set_safe_mode(int on) {
  struct exits_part *exits = init_ledger.exits;
  if ((int)atomic_load(&exits->safe_mode) == on) return;
  atomic_store(&exits->safe_mode, (uint32_t)on);
  if (on) report("error", "Safe mode: the manager cannot be kept up", "retry=10s services=left-running");
  else report("info", "Safe mode has ended", "manager=%d", init->manager.pid);
}

static void plan_restart(struct role *role, struct role_record *record, int64_t now) {
  uint32_t failures = now - role->started_ns < QUICK_NS ? atomic_load(&record->failures) + 1 : 0;
  unsigned last = sizeof delay_ms / sizeof delay_ms[0] - 1;
  atomic_store(&record->failures, failures);
  role->restart_ns = now + (int64_t)delay_ms[failures < last ? failures : last] * MS_NS;
  if (!is_manager(role)) return;
  if (failures >= SAFE_AFTER) set_safe_mode(1);
  else if (failures == 0) set_safe_mode(0);
}

int roles_ended(pid_t pid, int code, int signal) {
  struct role *role = pid == init->manager.pid ? &init->manager : pid == init->logger.pid ? &init->logger : NULL;
  if (role == NULL) return 0;
  struct role_record *record = record_of(role);
  int64_t now = init_now_ns();
  /* What it sent before its end is still carried out. */
  while (role->socket >= 0) roles_serve(role);
  role->pid = 0;
  atomic_store(&record->pid, 0);
  record->last_code = code;
  record->last_signal = signal;
  plan_restart(role, record, now);
  return 1;
}

void roles_ring(struct role *role) {
  uint64_t one = 1;
  if (role->pid > 0) (void)!write(role->bell, &one, sizeof one);
}

void roles_ring_manager(void) {
  atomic_fetch_add_explicit(&init_ledger.exits->bell, 1, memory_order_release);
  roles_ring(&init->manager);
  if (init->guard_ns != NEVER) return;
  init->guard_ns = init_now_ns() + GUARD_TICK_NS;
  init->guard_ticks = 0;
}

/* Counts ticks that came on time while something that was handed over stays unanswered. A tick that is late (we were
 * stopped, or the machine slept or is overloaded) counts nothing: then the manager had no chance either. */
void roles_guard(int64_t now) {
  if (now < init->guard_ns) return;
  int late = now > init->guard_ns + GUARD_TICK_NS / 2;
  uint64_t bell = atomic_load(&init_ledger.exits->bell);
  if (atomic_load(&init_ledger.work->acknowledged) >= bell || init->manager.pid == 0) {
    init->guard_ns = NEVER;
    return;
  }
  if (now - init->manager.started_ns < GUARD_TICK_NS) init->guard_ticks = 0;
  else if (!late) init->guard_ticks++;
  init->guard_ns = now + GUARD_TICK_NS;
  if (init->guard_ticks < GUARD_TICKS) return;
  report("warn", "The manager is stuck and is replaced", "pid=%d", init->manager.pid);
  kill(init->manager.pid, SIGKILL);
  init->guard_ticks = 0;
}

static void signal_slot(const struct init_message *message) {
  struct work_part *work = init_ledger.work;
  if (message->a < 0 || message->a >= LIMIT_CHILD_SLOTS || message->b < 1 || message->b > 64) return;
  pid_t pid = atomic_load(&work->pids[message->a]);
  int exited = atomic_load(&init_ledger.exits->slots[message->a].ticket) == message->ticket;
  if (pid <= 1 || exited || atomic_load(&work->slots[message->a].ticket) != message->ticket) return;
  kill(message->c == SIGNAL_SCOPE_PROCESS ? pid : -pid, message->b);
}

static void from_manager(const struct init_message *message, int fd) {
  switch (message->op) {
    case INIT_OP_HOLD:
      if (fd >= 0) held_hold(message, fd);
      return;
    case INIT_OP_LOG_SOURCE:
      if (fd >= 0) held_source(message, fd, 0);
      return;
    case INIT_OP_RELEASE: held_release(message->name); break;
    case INIT_OP_LIST_HELD: held_list_begin(); break;
    case INIT_OP_SIGNAL: signal_slot(message); break;
    case INIT_OP_LOG_FORGET: held_forget(message, 0); break;
    case INIT_OP_LOG_CHANGED: roles_ring(&init->logger); break;
    case INIT_OP_SHUTDOWN: shutdown_begin(message->a, message->b, message->c); break;
    default: break;
  }
  if (fd >= 0) close(fd);
}

static void from_logger(const struct init_message *message, int fd) {
  switch (message->op) {
    case INIT_OP_LOG_SOURCE:
      if (fd >= 0 && message->a >= LIMIT_LOG_SLOTS && message->a < LIMIT_LOG_SLOTS + LIMIT_LOG_OWN_PIPES) {
        held_source(message, fd, 1);
        return;
      }
      break;
    case INIT_OP_LOG_FORGET: held_forget(message, 1); break;
    case INIT_OP_LOG_WATCHED: roles_ring_manager(); break;
    default: break;
  }
  if (fd >= 0) close(fd);
}

void roles_serve(struct role *role) {
  struct init_message message;
  int fd;
  for (int count = 0; count < MESSAGES_PER_TURN && role->socket >= 0; count++) {
    int result = init_message_receive(role->socket, &message, &fd);
    if (result == -EAGAIN || result == -EINTR) {
      if (role->pid == 0 || kill(role->pid, 0) == 0) return;
      result = 0;
    }
    if (result <= 0) {
      close(role->socket);
      role->socket = -1;
    } else if (is_manager(role)) from_manager(&message, fd);
    else from_logger(&message, fd);
  }
}
