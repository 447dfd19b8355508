/*
 * A spawn request in one allocation, as spawn_submit() wants it.
 *
 * The block grows while strings are added, so that pointers into it are kept as offsets until builder_finish() makes
 * them real. Offset 0 is the request itself and stands for NULL.
 */
#ifndef GONIT_SPAWN_BUILDER_H
#define GONIT_SPAWN_BUILDER_H

#include <stddef.h>

#include "spawn.h"

#define SPAWN_STRINGS_MAX 65536
#define SPAWN_BYTES_MAX (4 * 1024 * 1024) /* what execve(2) takes at most is less on most systems */

struct spawn_builder {
  unsigned char *block;
  size_t used, size;
  int error; /* 0 or -errno of the first thing that did not fit */
};

void builder_begin(struct spawn_builder *builder);

/* The request, valid until the next addition. NULL after an error. */
struct spawn_request *builder_request(struct spawn_builder *builder);

/* Adds bytes (aligned to 8); their offset, or 0 after an error. */
size_t builder_add(struct spawn_builder *builder, const void *bytes, size_t length);

/* Makes the offsets that stand in the request's pointers real. The caller owns the result; NULL after an error. */
struct spawn_request *builder_finish(struct spawn_builder *builder);

/* Frees what was built when it is not to be finished. */
void builder_abandon(struct spawn_builder *builder);

#endif
