/* One spawn, in a thread of its own (spawn.c). */
#ifndef GONIT_SPAWN_CHILD_H
#define GONIT_SPAWN_CHILD_H

#include "child.h"
#include "window.h"

#define SPAWN_CHILD_STACK_BYTES (64 * 1024) /* the longest path of a search, and room for what a sanitizer adds */

/* What a thread has for its child. `stack`: its lowest byte. */
struct spawn_place {
  uint32_t slot;
  struct window_part *part;
  unsigned char *stack;
};

/* Before the threads: what the manager has now, children go back from. */
void spawn_child_begin(struct ledger *ledger, int exe_fd);

/* Makes the child, and waits for its exec or end. Its process number, or -errno with the stage. */
int spawn_child(struct child_plan *plan, const struct spawn_place *place, const struct spawn_request *request,
                uint32_t *stage);

#endif
