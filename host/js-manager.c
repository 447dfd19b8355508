/* Host calls of module manager: child slots, exits and signals (the table of the whole module stands at the end). */
#include "js-manager.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "binary-pages.h"
#include "js-memory.h"
#include "js.h"
#include "spawn.h"
#include "test-hook.h"

#define SLOTS_AT_ONCE 64

static struct {
  uint64_t next_exit;    /* all exits before this one were taken, or their slots are claimed anew */
  uint64_t exits_bell;   /* the bell's count just before the exits were last looked at */
  uint64_t signals_bell; /* and the signals */
} seen;

static uint64_t load64(const _Atomic uint64_t *field) { return atomic_load_explicit(field, memory_order_acquire); }

JS_BINDING(host_life) { return js_number(atomic_load(&manager.ledger.exits->manager.life)); }
JS_BINDING(host_orphans) { return js_number((int64_t)load64(&manager.ledger.exits->orphans)); }

static JSValue new_exit(JSContext *ctx, uint32_t slot, const struct exit_slot *record) {
  JSValue exit = JS_NewObject(ctx);
  js_set(ctx, exit, "slot", js_number(slot));
  js_set(ctx, exit, "ticket", js_number((int64_t)load64(&record->ticket)));
  js_set(ctx, exit, "pid", js_number(record->pid));
  js_set(ctx, exit, "code", record->signal != 0 ? JS_NULL : js_number(record->code));
  js_set(ctx, exit, "signal", record->signal != 0 ? js_number(record->signal) : JS_NULL);
  js_set(ctx, exit, "core", JS_NewBool(ctx, record->core));
  js_set(ctx, exit, "sequence", js_number((int64_t)record->sequence));
  js_set(ctx, exit, "atMs", JS_NewFloat64(ctx, (double)record->at_ns / 1e6));
  js_set(ctx, exit, "cpuMs", js_number(record->cpu_ms));
  js_set(ctx, exit, "maxRssKib", js_number(record->max_rss_kib));
  return exit;
}

/* The slot of an exit that was not taken yet, or -1. */
static int64_t untaken_slot(uint64_t sequence) {
  const struct exits_part *exits = manager.ledger.exits;
  const struct work_part *work = manager.ledger.work;
  uint32_t slot = exits->order[(sequence - 1) % LIMIT_CHILD_SLOTS];
  if (slot >= LIMIT_CHILD_SLOTS) return -1;
  if (atomic_load(&work->slots[slot].state) == SLOT_STATE_FREE) return -1;
  uint64_t ticket = load64(&exits->slots[slot].ticket);
  if (ticket == 0 || ticket != load64(&work->slots[slot].ticket)) return -1;
  return exits->slots[slot].sequence == sequence ? (int64_t)slot : -1;
}

JS_BINDING(host_exits) {
  const struct exits_part *exits = manager.ledger.exits;
  JSValue list = JS_NewArray(ctx);
  uint32_t count = 0;
  seen.exits_bell = load64(&exits->bell);
  uint64_t last = load64(&exits->sequence);
  /* A new manager begins at the oldest exit that `order` still names; an older one was taken, or its slot would not
   * have been claimed again. */
  uint64_t oldest = last >= LIMIT_CHILD_SLOTS ? last - LIMIT_CHILD_SLOTS + 1 : 1;
  uint64_t from = seen.next_exit > oldest ? seen.next_exit : oldest;
  seen.next_exit = last + 1;
  for (uint64_t sequence = from; sequence <= last; sequence++) {
    int64_t slot = untaken_slot(sequence);
    if (slot < 0) continue;
    if (sequence < seen.next_exit) seen.next_exit = sequence;
    js_push(ctx, list, &count, new_exit(ctx, (uint32_t)slot, &exits->slots[slot]));
  }
  return list;
}

static int slot_argument(JSContext *ctx, JSValueConst value, const char *what, uint32_t *slot) {
  int64_t number;
  if (js_integer(ctx, value, what, 0, LIMIT_CHILD_SLOTS - 1, &number) < 0) return -1;
  *slot = (uint32_t)number;
  return 0;
}

JS_BINDING(host_take_exit) {
  uint32_t slot;
  if (slot_argument(ctx, argv[0], "takeExit: slot", &slot) < 0) return JS_EXCEPTION;
  TEST_HOOK("take-exit");
  slots_free(&manager.ledger, slot);
  return JS_UNDEFINED;
}

static JSValue new_slot(JSContext *ctx, uint32_t index, const struct child_slot *slot) {
  const struct exit_slot *exit = &manager.ledger.exits->slots[index];
  uint64_t ticket = load64(&slot->ticket);
  JSValue record = JS_NewObject(ctx);
  js_set(ctx, record, "slot", js_number(index));
  js_set(ctx, record, "ticket", js_number((int64_t)ticket));
  js_set(ctx, record, "state", js_number(atomic_load(&slot->state)));
  js_set(ctx, record, "pid", js_number(atomic_load(&manager.ledger.work->pids[index])));
  js_set(ctx, record, "kind", js_number(slot->kind));
  js_set(ctx, record, "instance", js_new_text(ctx, slot->instance, strnlen(slot->instance, sizeof slot->instance)));
  js_set(ctx, record, "stage", js_number(atomic_load(&slot->stage)));
  js_set(ctx, record, "errno", js_number(atomic_load(&slot->error)));
  js_set(ctx, record, "exited", JS_NewBool(ctx, ticket != 0 && load64(&exit->ticket) == ticket));
  return record;
}

/* Slots from `first` on, copied by pread(2): over the mapping every page of the table would become part of this
 * process, most of them for slots that were never used. A child that a killed manager left before its exec may still
 * write the stage it failed at; everything else in a slot is the main thread's to write. */
static void copy_slots(uint32_t first, struct child_slot *slots, size_t bytes) {
  const struct child_slot *from = &manager.ledger.work->slots[first];
  off_t at = (const uint8_t *)from - (const uint8_t *)manager.ledger.work;
  if (manager.ledger.work_fd < 0 || pread(manager.ledger.work_fd, slots, bytes, at) != (ssize_t)bytes)
    memcpy(slots, from, bytes);
}

JS_BINDING(host_slots) {
  struct child_slot slots[SLOTS_AT_ONCE];
  JSValue list = JS_NewArray(ctx);
  uint32_t count = 0;
  for (uint32_t first = 0; first < LIMIT_CHILD_SLOTS; first += SLOTS_AT_ONCE) {
    copy_slots(first, slots, sizeof slots);
    for (uint32_t i = 0; i < SLOTS_AT_ONCE; i++) {
      if (atomic_load(&slots[i].state) == SLOT_STATE_FREE) continue;
      js_push(ctx, list, &count, new_slot(ctx, first + i, &slots[i]));
    }
  }
  return list;
}

JS_BINDING(host_mend_slot) {
  uint32_t slot;
  int64_t ticket, pid;
  const char *instance;
  if (slot_argument(ctx, argv[0], "mendSlot: slot", &slot) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "mendSlot: ticket", 1, 1ll << 53, &ticket) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "mendSlot: pid", 2, INT32_MAX, &pid) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[3], "mendSlot: instance", &instance) < 0) return JS_EXCEPTION;
  slots_mend(&manager.ledger, slot, (uint64_t)ticket, (int)pid, instance);
  JS_FreeCString(ctx, instance);
  return JS_UNDEFINED;
}

JS_BINDING(host_signals) {
  const struct exits_part *exits = manager.ledger.exits;
  JSValue list = JS_NewArray(ctx);
  uint32_t count = 0;
  seen.signals_bell = load64(&exits->bell);
  for (int i = 0; i < 65; i++) js_push(ctx, list, &count, js_number(atomic_load(&exits->signals[i])));
  return list;
}

/* Only what was rung for before both exits and signals were looked at is known to have been seen. */
JS_BINDING(host_acknowledge) {
  uint64_t bell = seen.exits_bell < seen.signals_bell ? seen.exits_bell : seen.signals_bell;
  if (bell > load64(&manager.ledger.work->acknowledged))
    atomic_store_explicit(&manager.ledger.work->acknowledged, bell, memory_order_release);
  return JS_UNDEFINED;
}

JS_BINDING(host_signal) {
  uint32_t slot;
  int64_t ticket, signal, scope;
  if (slot_argument(ctx, argv[0], "signal: slot", &slot) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "signal: ticket", 0, 1ll << 53, &ticket) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "signal: signal", 0, 64, &signal) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[3], "signal: scope", SIGNAL_SCOPE_PROCESS, SIGNAL_SCOPE_GROUP, &scope) < 0)
    return JS_EXCEPTION;
  int result = slots_signal(&manager.ledger, slot, (uint64_t)ticket, (int)signal, (int)scope);
  if (result != -ENOSYS) return JS_NewInt32(ctx, result);
  struct init_message message;
  manager_message(&message, INIT_OP_SIGNAL, "");
  message.ticket = (uint64_t)ticket;
  message.a = (int32_t)slot;
  message.b = (int32_t)signal;
  message.c = (int32_t)scope;
  return JS_NewInt32(ctx, manager_send(&message, -1));
}

JS_BINDING(host_loose_memory) { return js_number((int64_t)js_memory_loose()); }

JS_BINDING(host_release_memory) {
  JS_RunGC(JS_GetRuntime(ctx));
  js_memory_release();
  binary_pages_leave();
  return JS_UNDEFINED;
}

JS_BINDING(host_test_hook) {
  const char *name;
  if (js_string(ctx, argv[0], "testHook: name", &name) < 0) return JS_EXCEPTION;
  int again = TEST_HOOK(name);
  JS_FreeCString(ctx, name);
  return JS_NewBool(ctx, again);
}

JS_TABLE(js_manager, HOST_CALLS_MANAGER)
