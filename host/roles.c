/*
 * Manager and logger: started, watched, and started again when they end. One that fails within a second of its start
 * waits longer each time; when the manager goes on failing, services are left alone and it is tried every 10 s (safe
 * mode): long enough for each rung of its recovery ladder to have had its try.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init.h"
#include "report.h"
#include "test-hook.h"

#define QUICK_NS (1000 * MS_NS)
#define SAFE_AFTER 6
#define CANNOT_START_NS (1000 * MS_NS)

static const int32_t delays_ms[] = {0, 10, 100, 1000, 10000};

static int is_manager(const struct role *role) { return role == &init->manager; }
static const char *name_of(const struct role *role) { return is_manager(role) ? "manager" : "logger"; }

static struct role_record *record_of(const struct role *role) {
  return is_manager(role) ? &init_ledger.exits->manager : &init_ledger.exits->logger;
}

/* A role that lives for less has failed. Tests that kill without pause make it less: else their kills are failures. */
static int64_t quick_ns(void) {
#ifdef GONIT_TEST_HOOKS
  const char *quick = getenv("GONIT_QUICK_MS");
  if (quick != NULL) return atol(quick) * MS_NS;
#endif
  return QUICK_NS;
}

static int64_t delay_ns(uint32_t failures) {
  uint32_t last = sizeof delays_ms / sizeof delays_ms[0] - 1;
  int64_t delay = delays_ms[failures < last ? failures : last];
#ifdef GONIT_TEST_HOOKS
  const char *most = getenv("GONIT_RETRY_MS_MAX"); /* tests cannot wait for 10 s */
  if (most != NULL && atol(most) < delay) delay = atol(most);
#endif
  return delay * MS_NS;
}

static void started(struct role *role, pid_t pid, int socket, int64_t now) {
  struct role_record *record = record_of(role);
  role->pid = pid;
  role->socket = socket;
  role->started_ns = now;
  role->restart_ns = NEVER;
  role->cannot_start = 0;
  record->started_ns = now;
  atomic_fetch_add(&record->life, 1);
  atomic_store(&record->pid, pid);
  if (!is_manager(role)) {
    sources_resend();
    return;
  }
  init->listing = 0;
  init->guard.ticks = 0;
  /* It has everything to look at, and one that never comes to answer this is replaced. */
  roles_ring_manager();
}

static void start(struct role *role, int64_t now) {
  int pair[2] = {-1, -1};
  pid_t parent = getpid(), pid = -1;
  ledger_restore_heads(&init_ledger);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
    pair[0] = init_high(pair[0]);
    pair[1] = init_high(pair[1]);
    if (pair[0] >= 0 && pair[1] >= 0) pid = fork();
  }
  if (pid == 0) role_become(role, pair[1], parent);
  int error = errno;
  if (pair[1] >= 0) close(pair[1]);
  if (pid > 0) {
    started(role, pid, pair[0], now);
    TEST_HOOK("init-role-started");
    return;
  }
  if (pair[0] >= 0) close(pair[0]);
  role->restart_ns = now + CANNOT_START_NS;
  if (role->cannot_start) return;
  role->cannot_start = 1;
  report("error", "Cannot start a part of gonit, trying again",
         REPORT_FIELDS({"error", report_error(error), 0}, {"part", name_of(role), 0}));
}

void roles_begin(void) { init->manager.restart_ns = init->logger.restart_ns = 0; }

void roles_start_logger(int64_t now) {
  if (init->logger.pid == 0) start(&init->logger, now);
}

static void set_safe_mode(uint32_t on) {
  struct exits_part *exits = init_ledger.exits;
  if (atomic_load(&exits->safe_mode) == on) return;
  atomic_store(&exits->safe_mode, on);
  if (on) {
    report("error", "Safe mode: the manager cannot be kept up; services are left running",
           REPORT_FIELDS({"failures", NULL, atomic_load(&exits->manager.failures)}, {"retry", "10s", 0}));
  } else report("info", "Safe mode has ended", REPORT_FIELDS({"pid", NULL, init->manager.pid}));
}

/* A manager that has lived for a second is taken as kept up. */
static void leave_safe_mode(int64_t now) {
  if (!atomic_load(&init_ledger.exits->safe_mode) || init->manager.pid == 0) return;
  if (now - init->manager.started_ns < QUICK_NS) return;
  atomic_store(&init_ledger.exits->manager.failures, 0);
  set_safe_mode(0);
}

void roles_continue(int64_t now) {
  if (init->shutdown.phase != SHUTDOWN_NONE) return;
  leave_safe_mode(now);
  if (init->logger.pid == 0 && init->logger.restart_ns <= now) start(&init->logger, now);
  if (init->manager.pid == 0 && init->manager.restart_ns <= now) start(&init->manager, now);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

int64_t roles_next_ns(void) {
  int64_t next = NEVER;
  if (init->shutdown.phase != SHUTDOWN_NONE) return NEVER;
  if (init->manager.pid == 0) next = least(next, init->manager.restart_ns);
  if (init->logger.pid == 0) next = least(next, init->logger.restart_ns);
  if (init->manager.pid != 0 && atomic_load(&init_ledger.exits->safe_mode))
    next = least(next, init->manager.started_ns + QUICK_NS);
  return next;
}

static void tell_end(const struct role *role, const struct role_record *record, int64_t delay) {
  const char *message = is_manager(role) ? "The manager ended and is started again; services go on"
                                         : "The logger ended and is started again; no line is lost";
  int signalled = record->last_signal != 0;
  report(delay > 0 ? "error" : "warn", message,
         REPORT_FIELDS({"pid", NULL, atomic_load(&record->pid)},
                       {"retry_ms", NULL, delay / MS_NS},
                       {signalled ? "signal" : "code", NULL, signalled ? record->last_signal : record->last_code}));
}

static void plan_restart(struct role *role, struct role_record *record, int64_t now) {
  int was_quick = now - role->started_ns < quick_ns();
  uint32_t failures = was_quick ? atomic_load(&record->failures) + 1 : 0;
  int64_t delay = delay_ns(failures);
  atomic_store(&record->failures, failures);
  role->restart_ns = now + delay;
  if (init->shutdown.phase != SHUTDOWN_NONE) return;
  /* In safe mode the same line every 10 s would tell nothing new. */
  if (!is_manager(role) || !atomic_load(&init_ledger.exits->safe_mode)) tell_end(role, record, delay);
  if (is_manager(role) && failures >= SAFE_AFTER) set_safe_mode(1);
}

int roles_ended(pid_t pid, int code, int signal) {
  struct role *role = pid == init->manager.pid ? &init->manager : pid == init->logger.pid ? &init->logger : NULL;
  if (role == NULL) return 0;
  struct role_record *record = record_of(role);
  record->last_code = code;
  record->last_signal = signal;
  role->pid = 0;
  /* What it sent before its end is still carried out. */
  serve_rest(role);
  plan_restart(role, record, init_now_ns());
  atomic_store(&record->pid, 0);
  return 1;
}

void roles_ring(struct role *role) {
  uint64_t one = 1;
  if (role->bell != 0 && write(role->bell, &one, sizeof one) < 0) return; /* so many rings that nobody counts them */
}

void roles_ring_manager(void) {
  atomic_fetch_add_explicit(&init_ledger.exits->bell, 1, memory_order_release);
  roles_ring(&init->manager);
  guard_arm();
}
