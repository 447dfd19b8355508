/*
 * Child slots of the ledger, as the manager uses them.
 *
 * Each store leaves a slot that a new manager, or init, can make sense of if we die right behind it. A slot that is not
 * free has its own ticket; a process number stands in it only together with the ticket it was started for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "features.h"
#include "raw-call.h"
#include "spawn.h"
#include "test-hook.h"

#define TO_PROCESS_GROUP 4u /* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int find_free(struct work_part *work) {
  static uint32_t next;
  for (uint32_t tried = 0; tried < LIMIT_CHILD_SLOTS; tried++) {
    uint32_t slot = next++ % LIMIT_CHILD_SLOTS;
    if (atomic_load_explicit(&work->slots[slot].state, memory_order_acquire) == SLOT_STATE_FREE) return (int)slot;
  }
  return -EAGAIN;
}

int slots_claim(struct ledger *ledger, uint64_t ticket, uint32_t kind, uint32_t flags, const char *instance) {
  struct work_part *work = ledger->work;
  int found = find_free(work);
  if (found < 0) return found;
  struct child_slot *slot = &work->slots[found];
  /* A manager that died in slots_free may have left the number: it must go before the new ticket comes. */
  TEST_HOOK("slot-claim-pid");
  atomic_store(&work->pids[found], 0);
  TEST_HOOK("slot-claim-stage");
  atomic_store(&slot->stage, STAGE_NONE);
  atomic_store(&slot->error, 0);
  TEST_HOOK("slot-claim-fields");
  slot->kind = kind;
  slot->flags = flags;
  slot->started_ns = now_ns();
  snprintf(slot->instance, sizeof slot->instance, "%s", instance);
  TEST_HOOK("slot-claim-ticket");
  atomic_store_explicit(&slot->ticket, ticket, memory_order_release);
  TEST_HOOK("slot-claim-state");
  atomic_store_explicit(&slot->state, SLOT_STATE_CLAIMED, memory_order_release);
  TEST_HOOK("slot-claimed");
  return found;
}

/* The number comes last: a slot with one is complete, for init and for a new manager. */
int slots_name(struct ledger *ledger, uint64_t ticket, int32_t pid, const char *instance) {
  int slot = slots_claim(ledger, ticket, PROCESS_KIND_MAIN, SLOT_NAMED, instance);
  if (slot < 0) return slot;
  atomic_store_explicit(&ledger->work->slots[slot].state, SLOT_STATE_RUNNING, memory_order_release);
  TEST_HOOK("slot-name-pid");
  atomic_store_explicit(&ledger->work->pids[slot], pid, memory_order_release);
  return slot;
}

/* One store makes it free; what follows is tidiness, so that init does not find an old number here. */
void slots_free(struct ledger *ledger, uint32_t slot) {
  struct work_part *work = ledger->work;
  if (slot >= LIMIT_CHILD_SLOTS) return;
  TEST_HOOK("slot-free-state");
  atomic_store_explicit(&work->slots[slot].state, SLOT_STATE_FREE, memory_order_release);
  TEST_HOOK("slot-free-pid");
  atomic_store(&work->pids[slot], 0);
  TEST_HOOK("slot-free-ticket");
  atomic_store(&work->slots[slot].ticket, 0);
  TEST_HOOK("slot-freed");
}

/* The number comes before the ticket, as in a spawn: a slot with a ticket never holds another's number. */
void slots_mend(struct ledger *ledger, uint32_t index, uint64_t ticket, int pid, const char *instance) {
  struct child_slot *slot = &ledger->work->slots[index];
  if (index >= LIMIT_CHILD_SLOTS) return;
  atomic_store(&slot->ticket, 0);
  atomic_store(&slot->stage, STAGE_NONE);
  atomic_store(&slot->error, 0);
  slot->kind = PROCESS_KIND_MAIN;
  slot->flags &= SLOT_KILL_GROUP | SLOT_NAMED;
  snprintf(slot->instance, sizeof slot->instance, "%s", instance);
  atomic_store(&ledger->work->pids[index], pid);
  atomic_store_explicit(&slot->ticket, ticket, memory_order_release);
  atomic_store_explicit(&slot->state, SLOT_STATE_RUNNING, memory_order_release);
}

int slots_pid(const struct ledger *ledger, uint32_t slot, uint64_t ticket) {
  const struct child_slot *child = &ledger->work->slots[slot];
  if (ticket == 0 || atomic_load_explicit(&child->ticket, memory_order_acquire) != ticket) return 0;
  if (atomic_load_explicit(&child->state, memory_order_acquire) == SLOT_STATE_FREE) return 0;
  int pid = atomic_load(&ledger->work->pids[slot]);
  /* init records an exit before it reaps: without a record the number is still this process's. */
  if (atomic_load_explicit(&ledger->exits->slots[slot].ticket, memory_order_acquire) == ticket) return 0;
  return pid;
}

/* The number is looked up again after the descriptor was made: only then is it certain whose descriptor that is. */
static int open_process(const struct ledger *ledger, uint32_t slot, uint64_t ticket) {
  int pid = slots_pid(ledger, slot, ticket);
  if (pid <= 0) return -ESRCH;
  int fd = (int)raw_call(SYS_pidfd_open, pid, 0);
  if (fd < 0) return fd;
  if (slots_pid(ledger, slot, ticket) == pid) return fd;
  close(fd);
  return -ESRCH;
}

/* A child that has not come as far as a group of its own gets the signal alone. */
static int send_to_group(int fd, int signal) {
  long result = raw_call(SYS_pidfd_send_signal, fd, signal, 0, TO_PROCESS_GROUP);
  if (result == -ESRCH) result = raw_call(SYS_pidfd_send_signal, fd, signal, 0, 0);
  return result == -EINVAL ? -ENOSYS : (int)result;
}

int slots_signal(struct ledger *ledger, uint32_t slot, uint64_t ticket, int signal, int scope) {
  if (slot >= LIMIT_CHILD_SLOTS || signal < 0 || signal > 64) return -EINVAL;
  if (!features_get()->pidfd) return slots_pid(ledger, slot, ticket) > 0 ? -ENOSYS : -ESRCH;
  int fd = open_process(ledger, slot, ticket);
  if (fd < 0) return fd;
  int result = scope == SIGNAL_SCOPE_PROCESS ? (int)raw_call(SYS_pidfd_send_signal, fd, signal, 0, 0)
                                             : send_to_group(fd, signal);
  close(fd);
  return result;
}
