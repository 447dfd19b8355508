/* Host calls of module manager: starting processes. */
#include <stdlib.h>

#include "js-manager.h"
#include "js-spawn-request.h"
#include "js.h"
#include "spawn.h"

/* Takes over the request. Slot number or -errno. */
static int submit(struct spawn_request *request, const struct spawn_claim *claim) {
  uint64_t ticket = (uint64_t)claim->ticket;
  int slot = slots_claim(&manager.ledger, ticket, (uint32_t)claim->kind, claim->flags, claim->instance);
  if (slot < 0) {
    free(request);
    return slot;
  }
  request->version = SPAWN_REQUEST_VERSION;
  request->slot = (uint32_t)slot;
  request->ticket = ticket;
  int result = spawn_submit(request);
  if (result == 0) {
    /* A turn that starts a thousand services is long, but it is no endless loop: slots run out. */
    js_guard_arm();
    return slot;
  }
  slots_free(&manager.ledger, (uint32_t)slot);
  return result;
}

JS_BINDING(host_spawn) {
  struct spawn_claim claim;
  struct spawn_request *request;
  if (js_read_spawn_request(ctx, argv[0], &claim, &request) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, request == NULL ? claim.error : submit(request, &claim));
}

JS_BINDING(host_cancel_spawn) {
  int64_t ticket;
  if (js_integer(ctx, argv[0], "cancelSpawn: ticket", 0, 1ll << 53, &ticket) < 0) return JS_EXCEPTION;
  spawn_cancel((uint64_t)ticket);
  return JS_UNDEFINED;
}

JS_BINDING(host_relieve_spawners) { return JS_NewBool(ctx, spawn_relieve()); }

JS_BINDING(host_spawned) {
  struct spawn_result result;
  uint32_t count = 0;
  JSValue list = JS_NewArray(ctx);
  /* No more can wait than there are slots. */
  while (count < LIMIT_CHILD_SLOTS && spawn_next(&result) > 0) {
    JSValue entry = JS_NewObject(ctx);
    js_set(ctx, entry, "slot", js_number(result.slot));
    js_set(ctx, entry, "ticket", js_number((int64_t)result.ticket));
    js_set(ctx, entry, "pid", js_number(result.pid));
    js_set(ctx, entry, "stage", js_number(result.stage));
    js_set(ctx, entry, "errno", js_number(result.error));
    js_push(ctx, list, &count, entry);
  }
  return list;
}
