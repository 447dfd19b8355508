/*
 * Dead children. A child is looked at first (WNOWAIT), recorded, and reaped last: while the zombie still owns its
 * number, its process group can be killed without hitting another, and a fault of ours in between loses nothing: the
 * child is met again, and what was recorded is not recorded twice.
 */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "test-hook.h"

static uint64_t load(const _Atomic uint64_t *field) { return atomic_load_explicit(field, memory_order_acquire); }

/* Its ticket is in the record and the record is published. */
static int is_recorded(int slot) {
  const struct exits_part *exits = init_ledger.exits;
  return exits->slots[slot].ticket == load(&init_ledger.work->slots[slot].ticket) &&
         exits->slots[slot].sequence <= exits->sequence;
}

/*
 * The slot of a process that is dead or dying, or -1. An old number may stand in a slot that is free, or whose exit is
 * recorded and was not taken yet, while the kernel has given the number to another process: such slots are passed over.
 */
static int find_slot(pid_t pid) {
  const struct work_part *work = init_ledger.work;
  for (int slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    if (atomic_load_explicit(&work->pids[slot], memory_order_relaxed) != pid) continue;
    if (atomic_load(&work->slots[slot].state) == SLOT_STATE_FREE || load(&work->slots[slot].ticket) == 0) continue;
    if (!is_recorded(slot)) return slot;
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

static uint32_t cpu_ms(const struct rusage *usage) {
  return (uint32_t)((usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000 +
                    (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1000);
}

/* A fault before the last store leaves a record that is written again, with the same number. */
static void record(int slot, const siginfo_t *info, const struct rusage *usage) {
  struct exits_part *exits = init_ledger.exits;
  struct exit_slot *to = &exits->slots[slot];
  uint64_t ticket = load(&init_ledger.work->slots[slot].ticket), sequence = exits->sequence + 1;
  int exited = info->si_code == CLD_EXITED;
  exits->order[(sequence - 1) % LIMIT_CHILD_SLOTS] = (uint32_t)slot;
  to->sequence = sequence;
  to->at_ns = init_now_ns();
  to->pid = info->si_pid;
  to->code = exited ? info->si_status : -1;
  to->signal = exited ? 0 : info->si_status;
  to->core = info->si_code == CLD_DUMPED;
  to->cpu_ms = cpu_ms(usage);
  to->max_rss_kib = (uint32_t)usage->ru_maxrss;
  TEST_HOOK("init-exit-filled");
  atomic_store_explicit(&to->ticket, ticket, memory_order_release);
  TEST_HOOK("init-exit-ticket");
  atomic_store_explicit(&exits->sequence, sequence, memory_order_release);
  TEST_HOOK("init-exit-recorded");
}

static uint64_t total(void) { return init_ledger.exits->sequence + init_ledger.exits->orphans; }

/* Says, even to a life after a fault, from which total on the process has been dealt with and is only to be reaped. */
static void begin_dealing(pid_t pid) {
  init->dying_total = total() + 1;
  init->dying_pid = pid;
}

static void deal_with(pid_t pid, const siginfo_t *info, const struct rusage *usage) {
  int exited = info->si_code == CLD_EXITED, code = exited ? info->si_status : -1;
  if (roles_ended(pid, code, exited ? 0 : info->si_status)) return;
  int slot = find_slot(pid);
  if (slot >= 0) {
    if (init_ledger.work->slots[slot].flags & SLOT_KILL_GROUP) kill(-pid, SIGKILL);
    record(slot, info, usage);
  } else if (pid == init->shutdown.sync_pid) {
    init->shutdown.sync_pid = 0;
  } else if (!rescue_ended(pid, code)) {
    atomic_fetch_add_explicit(&init_ledger.exits->orphans, 1, memory_order_relaxed);
  }
}

static void finish(pid_t pid) {
  siginfo_t gone;
  TEST_HOOK("init-exit-unreaped");
  wait_child(P_PID, pid, &gone, WEXITED | WNOHANG, NULL);
  init->dying_pid = 0;
}

static void reap_one(pid_t pid, const siginfo_t *info, const struct rusage *usage) {
  begin_dealing(pid);
  deal_with(pid, info, usage);
  init->dying_total = 0;
  finish(pid);
}

/* The child that a fault interrupted comes first: its record may stand there with the next exit's number, which no
 * other child may get. */
static void finish_interrupted(void) {
  siginfo_t info;
  struct rusage usage;
  pid_t pid = init->dying_pid;
  if (pid == 0) return;
  if (total() >= init->dying_total) finish(pid);
  else if (wait_child(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT, &usage) == pid) reap_one(pid, &info, &usage);
  init->dying_pid = 0;
}

int reap(int bound) {
  int count = 0;
  siginfo_t info;
  struct rusage usage;
  finish_interrupted();
  while (count < bound) {
    pid_t pid = wait_child(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, &usage);
    if (pid <= 0) break;
    reap_one(pid, &info, &usage);
    count++;
  }
  if (count > 0) roles_ring_manager();
  return count;
}
