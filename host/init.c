/*
 * Process 1, or the subreaper of a laptop's session. It starts the roles, reaps, holds descriptors, and carries out the
 * end. It decides nothing: signals are counted and the manager is rung. Nothing is allocated, nothing is parsed.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "binary-pages.h"
#include "init.h"
#include "report.h"
#include "test-hook.h"

#define REAPED_PER_TURN 256
#define SIGNALS_PER_READ 16
#define SAFE_GRACE_MS 10000
#define FAILING_MANAGER 3 /* starts that failed within a second, one after the other */
#define SIGNALS 64
/* Real-time signals as container runtimes and service managers number them; musl's SIGRTMIN is another. */
#define SIGNAL_HALT 37
#define SIGNAL_POWEROFF 38
#define SIGNAL_REBOOT 39

struct ledger init_ledger;
int init_argc;
char **init_argv;

int64_t init_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int init_send_is_slow(int error) {
  if (error == -ENOBUFS || error == -ETOOMANYREFS) init->send_retry_ns = init_now_ns() + 10 * MS_NS;
  return error == -EAGAIN || error == -ENOBUFS || error == -ETOOMANYREFS;
}

/* By the kernel's own call, since libc leaves those signals out that it uses itself: one of them would end us. */
static uint64_t block_signals(void) {
  uint64_t all = ~UINT64_C(0), before = 0;
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  return before;
}

/* ---- signals ---- */

int init_machine_mode(int signal) {
  switch (signal) {
    case SIGINT: /* ctrl-alt-del */
    case SIGNAL_REBOOT: return SHUTDOWN_MODE_REBOOT;
    case SIGNAL_HALT: return SHUTDOWN_MODE_HALT;
    case SIGTERM:
    case SIGPWR:
    case SIGNAL_POWEROFF: return SHUTDOWN_MODE_POWEROFF;
    default: return 0;
  }
}

static int exit_mode(int signal) {
  int is_end = signal == SIGTERM || signal == SIGINT || signal == SIGQUIT ||
               (signal >= SIGNAL_HALT && signal <= SIGNAL_REBOOT) ||
               (signal == SIGHUP && init_ledger.exits->role == ROLE_LAPTOP);
  return is_end ? SHUTDOWN_MODE_EXIT : 0;
}

/* While the manager does not come up, and when it has handed the end to us, nobody else can do what is asked for. */
static void act_alone(int signal) {
  int is_machine = init_ledger.exits->role == ROLE_VM;
  if (init->shutdown.phase != SHUTDOWN_NONE) {
    if (signal == SIGINT && !is_machine) shutdown_force(EXIT_CODE_FORCED);
    return;
  }
  if (atomic_load(&init_ledger.exits->manager.failures) < FAILING_MANAGER) return;
  int mode = is_machine ? init_machine_mode(signal) : exit_mode(signal);
  if (mode != 0) shutdown_begin(mode, EXIT_CODE_FAILED, SAFE_GRACE_MS);
}

static void take_signals(void) {
  struct signalfd_siginfo info[SIGNALS_PER_READ];
  int rings = 0;
  ssize_t got = read(init->signal_fd, info, sizeof info);
  for (ssize_t i = 0; i < got / (ssize_t)sizeof info[0]; i++) {
    uint32_t signal = info[i].ssi_signo;
    if (signal == SIGCHLD || signal > SIGNALS) continue;
    if (signal == SIGHUP && init->ignores_hangup) continue;
    atomic_fetch_add(&init_ledger.exits->signals[signal], 1);
    act_alone((int)signal);
    rings = 1;
  }
  if (rings) roles_ring_manager();
}

/* ---- the loop ---- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int timeout_ms(int more) {
  int64_t next = least(least(roles_next_ns(), init->guard.tick_ns), least(rescue_next_ns(), shutdown_next_ns()));
  next = least(least(next, init->send_retry_ns), watchdog_next_ns());
  if (more) return 0;
  if (next == NEVER) return -1;
  int64_t ms = (next - init_now_ns() + MS_NS - 1) / MS_NS;
  return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

static struct pollfd watched(int fd, int waits) {
  return (struct pollfd){.fd = fd != 0 ? fd : -1, .events = (short)(waits ? POLLIN | POLLOUT : POLLIN)};
}

/* One turn, bounded: exits first, then messages. Returns whether there is more than the bound. */
static int turn(int more, int manager_waits, int logger_waits) {
  uint64_t rings;
  struct pollfd fds[] = {watched(init->signal_fd, 0), watched(init->ring_fd, 0),
                         watched(init->manager.socket, manager_waits), watched(init->logger.socket, logger_waits)};
  if (poll(fds, 4, timeout_ms(more)) < 0 && errno != EINTR) return 0;
  TEST_HOOK("init-turn");
  if (fds[0].revents) take_signals();
  int reaped = reap(REAPED_PER_TURN);
  if (fds[1].revents && read(init->ring_fd, &rings, sizeof rings) < 0) {} /* it was there to wake us */
  if (fds[2].revents & ~POLLOUT) serve(&init->manager);
  if (fds[3].revents & ~POLLOUT) serve(&init->logger);
  return reaped == REAPED_PER_TURN;
}

__attribute__((noreturn)) static void loop(void) {
  int more = 1; /* somebody may have died before we could hear of it */
  for (;;) {
    int64_t now = init_now_ns();
    init->send_retry_ns = NEVER;
    roles_continue(now);
    guard_continue(now);
    rescue_continue(now);
    watchdog_continue(now);
    int manager_waits = held_list_continue(), logger_waits = sources_continue();
    shutdown_continue(now);
    more = turn(more, manager_waits, logger_waits);
  }
}

/* Before its loop init may end, but not on a machine, where that would be a kernel panic. */
static int cannot_begin(int error) {
  fprintf(stderr, "gonit: cannot start: no memory for the ledger: %s\n", strerror(-error));
  detach_failed(EXIT_CODE_FAILED);
  if (getpid() == 1 && role_decide() == ROLE_VM) rescue_forever();
  return EXIT_CODE_FAILED;
}

/* What init, manager and logger have open before the first service: with less none of them comes far. */
#define DESCRIPTORS_LEAST 96

static int has_too_few_descriptors(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max >= DESCRIPTORS_LEAST) return 0;
  fprintf(stderr,
          "gonit: cannot start: it needs %d file descriptors and may have %d; raise the limit (ulimit -n, LimitNOFILE=, "
          "--ulimit nofile=)\n",
          DESCRIPTORS_LEAST, (int)limit.rlim_max);
  detach_failed(EXIT_CODE_FAILED);
  return 1;
}

int init_main(int argc, char **argv) {
  init_argc = argc;
  init_argv = argv;
  prctl(PR_SET_NAME, "gonit: init");
  uint64_t blocked = block_signals();
  int is_made = init != NULL || init_state_open() == 0;
  if ((!is_made || !init->begun) && has_too_few_descriptors()) return EXIT_CODE_FAILED;
  if (!is_made) init_state_make();
  init_state_keep(0);
  if (!init->begun) init->blocked = blocked;
  binary_pages_leave(); /* before what is mapped is locked into memory */
  int result = init->begun ? init_resume() : init_begin();
  if (result < 0) return cannot_begin(result);
  fault_handlers();
  loop();
}
