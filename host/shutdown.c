/*
 * The end. Services were stopped by the manager before it asks for this; what is left belongs to nobody: SIGTERM, a
 * grace, SIGKILL, a bound. Then the logger writes what it has, a machine's file systems are brought into order, and we
 * exit or switch off. Each phase has an end in time, so that nothing that hangs can hold it up.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "init.h"
#include "logger.h"
#include "report.h"
#include "test-hook.h"

#define KILL_NS (2000 * MS_NS)
#define LOGGER_NS ((LOG_DRAIN_MS + 500) * MS_NS)
#define SYNC_NS (10000 * MS_NS)
#define GRACE_MS_MAX ((int64_t)24 * 3600 * 1000)
/* Where nobody tells how many are left, we look so often. */
#define LOOK_NS (100 * MS_NS)
#define ASK_NS (10 * MS_NS)

static void enter(int phase, int64_t bound_ns) {
  init->shutdown.phase = phase;
  init->shutdown.end_ns = init_now_ns() + bound_ns;
}

static void end_manager(void) {
  if (init->manager.pid > 0) kill(init->manager.pid, SIGKILL);
}

/* A logger that has nothing new to hear ends when all is written. */
static void ask_logger(void) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_DRAIN};
  if (init->shutdown.asked_logger || init->logger.socket == 0 || init->sources_pending) return;
  init->shutdown.asked_logger = init_message_send(init->logger.socket, &message, -1) != -EAGAIN;
}

void shutdown_begin(int mode, int code, int64_t grace_ms) {
  if (init->shutdown.phase != SHUTDOWN_NONE) return;
  if (grace_ms < 0 || grace_ms > GRACE_MS_MAX) grace_ms = GRACE_MS_MAX;
  init->shutdown.mode = mode;
  init->shutdown.code = code & 255;
  enter(SHUTDOWN_TERM, grace_ms * MS_NS);
  end_manager();
  rescue_hang_up();
  held_release("control"); /* who connects now must be refused, not kept waiting */
  if (remaining_count() == 0) return;
  remaining_signal(SIGTERM);
  remaining_signal(SIGCONT); /* a stopped process hears SIGTERM only when it goes on */
  /* Without a list of children only "none at all" can be seen: the logger steps aside meanwhile. Its successor writes
   * what comes. */
  if (remaining_count() < 0) ask_logger();
}

static void begin_kill(void) {
  enter(SHUTDOWN_KILL, KILL_NS);
  if (remaining_count() != 0) remaining_signal(SIGKILL);
}

/* SIGKILL to all reached the logger too; what the pipes hold is written by the next one. */
static void begin_logger(int64_t now) {
  if (remaining_count() != 0) remaining_report();
  enter(SHUTDOWN_LOGGER, LOGGER_NS);
  if (init->logger.pid != 0) return;
  init->shutdown.asked_logger = 0;
  roles_start_logger(now);
}

/* A plain init gave its terminal to its command. Who reads from it next is of our own group, as far as nobody else has
 * taken it meanwhile. All signals are blocked, so this stops nobody. */
static void return_terminal(void) {
  pid_t group = tcgetpgrp(0);
  if (group > 0 && kill(-group, 0) < 0 && errno == ESRCH) tcsetpgrp(0, getpgrp());
}

__attribute__((noreturn)) static void finish(void) {
  return_terminal();
  detach_failed(init->shutdown.code);
  if (init->logger.pid > 0) kill(init->logger.pid, SIGKILL);
  if (init_ledger.exits->role == ROLE_VM && getpid() == 1) machine_end(init->shutdown.mode);
  _exit(init->shutdown.code);
}

/* Only a machine's: a container's file systems are the host's affair. */
static void begin_leave(void) {
  if (init_ledger.exits->role != ROLE_VM || getpid() != 1) finish();
  enter(SHUTDOWN_LEAVE, 0);
  leave_binary();
}

static void begin_sync(void) {
  enter(SHUTDOWN_SYNC, SYNC_NS);
  pid_t pid = fork();
  if (pid > 0) init->shutdown.sync_pid = pid;
  if (pid != 0) return;
  fault_defaults();
  machine_bring_in_order();
  _exit(0);
}

/* The manager's spawner may have been at work when it was killed, so the count begins when it is gone. */
static int all_gone(void) { return init->manager.pid == 0 && remaining_count() == 0; }

/* One that did not end by itself has not written everything: the next one is asked again. */
static void continue_logger(int64_t now) {
  const struct role_record *record = &init_ledger.exits->logger;
  int is_dead = init->logger.pid == 0;
  if (is_dead && (record->last_code != 0 || record->last_signal != 0)) init->shutdown.asked_logger = 0;
  ask_logger();
  if ((is_dead && init->shutdown.asked_logger) || now >= init->shutdown.end_ns) begin_leave();
  else if (is_dead && init->logger.restart_ns <= now) roles_start_logger(now);
}

void shutdown_continue(int64_t now) {
  int is_late = now >= init->shutdown.end_ns;
  TEST_HOOK("init-shutdown");
  switch (init->shutdown.phase) {
    case SHUTDOWN_TERM:
      if (all_gone()) begin_logger(now);
      else if (is_late) begin_kill();
      break;
    case SHUTDOWN_KILL:
      if (all_gone() || is_late) begin_logger(now);
      else if (remaining_count() != 0) remaining_signal(SIGKILL); /* whose parents died have come to us only now */
      break;
    case SHUTDOWN_LOGGER: continue_logger(now); break;
    case SHUTDOWN_LEAVE: begin_sync(); break;
    case SHUTDOWN_SYNC:
      if (init->shutdown.sync_pid == 0 || is_late) finish();
      break;
    default: break;
  }
}

int64_t shutdown_next_ns(void) {
  int64_t now = init_now_ns(), next = NEVER;
  switch (init->shutdown.phase) {
    case SHUTDOWN_NONE: return NEVER;
    case SHUTDOWN_TERM:
    case SHUTDOWN_KILL: next = now + LOOK_NS; break; /* orphans come to us without a signal */
    case SHUTDOWN_LOGGER:
      if (init->logger.pid == 0 || !init->shutdown.asked_logger) next = now + ASK_NS;
      break;
    default: break;
  }
  return next < init->shutdown.end_ns ? next : init->shutdown.end_ns;
}

void shutdown_force(int code) {
  if (init->shutdown.phase != SHUTDOWN_TERM) return;
  init->shutdown.code = code;
  init->shutdown.end_ns = init_now_ns();
}
