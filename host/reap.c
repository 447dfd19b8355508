/*
 * Dead children. A child is looked at first (WNOWAIT), recorded, and reaped last: while the zombie still owns its
 * number, its process group can be killed without hitting another, and a fault of ours in between loses nothing: the
 * child is met again, and what was recorded is not recorded twice.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "test-hook.h"

static uint64_t ticket_of(int slot) {
  return atomic_load_explicit(&init_ledger.work->slots[slot].ticket, memory_order_acquire);
}

int reap_find(pid_t pid) {
  const _Atomic int32_t *pids = init_ledger.work->pids;
  for (int slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    if (atomic_load_explicit(&pids[slot], memory_order_relaxed) != pid) continue;
    if (ticket_of(slot) != 0) return slot;
  }
  return -1;
}

/* The kernel's own call gives the usage too, which waitid(3) leaves out; with WNOWAIT as well. */
static int wait_child(idtype_t type, pid_t pid, siginfo_t *info, int flags, struct rusage *usage) {
  info->si_pid = 0;
  long result;
  do {
    result = syscall(SYS_waitid, type, pid, info, flags, usage);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : info->si_pid;
}

static void publish(struct exits_part *exits, uint64_t sequence) {
  if (atomic_load_explicit(&exits->sequence, memory_order_relaxed) >= sequence) return;
  atomic_store_explicit(&exits->sequence, sequence, memory_order_release);
}

static void record(int slot, const siginfo_t *info, const struct rusage *usage) {
  struct exits_part *exits = init_ledger.exits;
  struct exit_slot *to = &exits->slots[slot];
  uint64_t ticket = ticket_of(slot);
  if (atomic_load_explicit(&to->ticket, memory_order_relaxed) == ticket) {
    publish(exits, to->sequence); /* recorded in an earlier life, before a fault */
    return;
  }
  uint64_t sequence = atomic_load_explicit(&exits->sequence, memory_order_relaxed) + 1;
  int exited = info->si_code == CLD_EXITED;
  exits->order[(sequence - 1) % LIMIT_CHILD_SLOTS] = (uint32_t)slot;
  to->sequence = sequence;
  to->at_ns = init_now_ns();
  to->pid = info->si_pid;
  to->code = exited ? info->si_status : -1;
  to->signal = exited ? 0 : info->si_status;
  to->core = info->si_code == CLD_DUMPED;
  to->cpu_ms = (uint32_t)((usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
                          (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000);
  to->max_rss_kib = (uint32_t)usage->ru_maxrss;
  TEST_HOOK("exit-before-ticket");
  atomic_store_explicit(&to->ticket, ticket, memory_order_release);
  TEST_HOOK("exit-before-sequence");
  publish(exits, sequence);
}

static void reap_one(pid_t pid, siginfo_t *info, const struct rusage *usage) {
  siginfo_t gone;
  struct rusage unused;
  int slot = reap_find(pid);
  if (slot >= 0) {
    if (init_ledger.work->slots[slot].flags & SLOT_KILL_GROUP) kill(-pid, SIGKILL);
    record(slot, info, usage);
  }
  TEST_HOOK("exit-before-reap");
  wait_child(P_PID, pid, &gone, WEXITED | WNOHANG, &unused);
  int exited = info->si_code == CLD_EXITED;
  if (slot >= 0 || roles_ended(pid, exited ? info->si_status : -1, exited ? 0 : info->si_status)) return;
  atomic_fetch_add_explicit(&init_ledger.exits->orphans, 1, memory_order_relaxed);
}

int reap(int bound) {
  int count = 0;
  siginfo_t info;
  struct rusage usage;
  memset(&info, 0, sizeof info);
  while (count < bound) {
    pid_t pid = wait_child(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, &usage);
    if (pid <= 0) break;
    reap_one(pid, &info, &usage);
    count++;
  }
  if (count > 0) roles_ring_manager();
  return count;
}
