/* A SpawnRequest of contract.ts as C wants it. */
#ifndef GONIT_JS_SPAWN_REQUEST_H
#define GONIT_JS_SPAWN_REQUEST_H

#include "js.h"
#include "spawn-builder.h"

/* What the child slot says of the process. */
struct spawn_claim {
  int64_t ticket, kind;
  uint32_t flags; /* SLOT_* */
  char instance[LIMIT_NAME_BYTES];
  int error; /* -errno when the request is NULL: too long, or no memory */
};

/* 0 and *request in one malloc(), to be freed by the caller. -1: an exception that names the field is pending. */
int js_read_spawn_request(JSContext *ctx, JSValueConst object, struct spawn_claim *claim,
                          struct spawn_request **request);

#endif
