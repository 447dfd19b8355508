/*
 * The end. Services were stopped by the manager before it asks for this; what is left belongs to nobody: SIGTERM, a
 * grace, SIGKILL, a bound. Then the logger writes what it has, and the machine goes down or we exit.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "logger.h"
#include "report.h"

#define KILL_NS ((int64_t)2000 * MS_NS)
#define LOGGER_NS ((int64_t)(LOG_DRAIN_MS + 500) * MS_NS)
#define GRACE_MS_MAX (24 * 3600 * 1000LL)

static int is_role(pid_t pid) { return pid == init->manager.pid || pid == init->logger.pid; }

/* Children by the kernel's list (CONFIG_PROC_CHILDREN); returns how many, or -1 where there is none. */
static int signal_children(int signal) {
  char text[4096];
  int fd, count = 0;
  long number = 0;
  snprintf(text, sizeof text, "/proc/self/task/%d/children", (int)getpid());
  fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  for (ssize_t got; (got = read(fd, text, sizeof text)) > 0;) {
    for (ssize_t i = 0; i < got; i++) {
      if (text[i] >= '0' && text[i] <= '9') {
        number = number * 10 + text[i] - '0';
        continue;
      }
      if (number > 1 && !is_role((pid_t)number)) {
        count++;
        if (signal != 0) kill((pid_t)number, signal);
      }
      number = 0;
    }
  }
  close(fd);
  return count;
}

/* Without that list: the processes of the slots. */
static int signal_slots(int signal) {
  int count = 0;
  for (int slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    pid_t pid = atomic_load(&init_ledger.work->pids[slot]);
    uint64_t ticket = atomic_load(&init_ledger.work->slots[slot].ticket);
    if (pid <= 1 || ticket == 0 || atomic_load(&init_ledger.exits->slots[slot].ticket) == ticket) continue;
    count++;
    if (signal != 0) kill(pid, signal);
  }
  return count;
}

static int signal_rest(int signal) {
  int count = signal_children(signal);
  return count >= 0 ? count : signal_slots(signal);
}

static void end_manager(void) {
  if (init->manager.pid > 0) kill(init->manager.pid, SIGKILL);
}

void shutdown_begin(int mode, int code, int64_t grace_ms) {
  if (init->shutdown != SHUTDOWN_NONE) return;
  if (grace_ms < 0 || grace_ms > GRACE_MS_MAX) grace_ms = GRACE_MS_MAX;
  init->mode = mode;
  init->code = code & 255;
  init->shutdown = SHUTDOWN_TERM;
  init->shutdown_ns = init_now_ns() + grace_ms * MS_NS;
  init->guard_ns = NEVER;
  end_manager();
  signal_rest(SIGTERM);
  signal_rest(SIGCONT); /* a stopped process hears SIGTERM only when it goes on */
}

static void kill_rest(int64_t now) {
  init->shutdown = SHUTDOWN_KILL;
  init->shutdown_ns = now + KILL_NS;
  signal_rest(SIGKILL);
}

static void drain_logger(int64_t now) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_DRAIN};
  int left = signal_rest(0);
  if (left > 0) report("warn", "Some processes cannot be killed and are left", "count=%d", left);
  init->shutdown = SHUTDOWN_LOGGER;
  init->shutdown_ns = now + LOGGER_NS;
  if (init->logger.socket >= 0) init_message_send(init->logger.socket, &message, -1);
}

__attribute__((noreturn)) static void finish(void) {
  if (init->logger.pid > 0) kill(init->logger.pid, SIGKILL);
  if (init_ledger.exits->role == ROLE_VM) machine_end(init->mode);
  _exit(init->code);
}

void shutdown_continue(int64_t now) {
  int late = now >= init->shutdown_ns;
  if (init->shutdown == SHUTDOWN_TERM) {
    if (signal_rest(0) == 0) drain_logger(now);
    else if (late) kill_rest(now);
  } else if (init->shutdown == SHUTDOWN_KILL) {
    /* Those whose parents died have become our children only now. */
    if (signal_rest(SIGKILL) == 0 || late) drain_logger(now);
  }
  if (init->shutdown == SHUTDOWN_LOGGER && (init->logger.pid == 0 || now >= init->shutdown_ns)) finish();
}
