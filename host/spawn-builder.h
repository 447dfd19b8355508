/*
 * A spawn request in one allocation, as spawn_submit() wants it.
 *
 * It is built in a block that is kept for the next one and grows while strings are added, so pointers into it are
 * offsets until builder_finish() copies it to an allocation of just its size. Offset 0 is the request itself and stands
 * for NULL. One is built at a time, by the main thread.
 */
#ifndef GONIT_SPAWN_BUILDER_H
#define GONIT_SPAWN_BUILDER_H

#include <stddef.h>

#include "spawn.h"

#define SPAWN_STRINGS_MAX 65536
#define SPAWN_BYTES_MAX (4 * 1024 * 1024) /* what execve(2) takes at most is less on most systems */

struct spawn_builder {
  size_t used;
  int error; /* 0 or -errno of the first thing that did not fit */
};

void builder_begin(struct spawn_builder *builder);

/* The request, valid until the next addition. NULL after an error. */
struct spawn_request *builder_request(struct spawn_builder *builder);

/* Adds bytes (aligned to 8); their offset, or 0 after an error. */
size_t builder_add(struct spawn_builder *builder, const void *bytes, size_t length);

/* What was added at an offset, valid until the next addition. */
void *builder_at(struct spawn_builder *builder, size_t offset);

/* The request in one malloc(), with pointers for offsets. The caller owns it; NULL after an error. */
struct spawn_request *builder_finish(struct spawn_builder *builder);

#endif
