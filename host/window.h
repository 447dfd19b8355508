/*
 * The low descriptor numbers that a spawn copies, and no others.
 *
 * A child shares the manager's table until it makes the numbers below LIMIT_OWN_WINDOW_FDS its own (close_range(2) with
 * CLOSE_RANGE_UNSHARE): 53 µs a spawn, where copying 10,000 open descriptors takes 1.2 ms. So what a child is to get
 * has to stand in there. All free numbers of the window are taken at start by copies of /dev/null, and each spawner
 * thread has a part of them, in which it puts copies of a request's descriptors while it spawns.
 */
#ifndef GONIT_WINDOW_H
#define GONIT_WINDOW_H

#include <stdint.h>

#include "child.h"

struct window_part {
  int numbers[LIMIT_OWN_WINDOW_FDS];
  int count, used;
};

/* Takes the free numbers and deals them out. Without close_range(2) there is no window, and tables are copied whole. */
void window_begin(struct window_part *parts, int part_count);

/* Fills the plan's moves from its request. 0 or -errno; nothing is left in the window after an error. */
int window_fill(struct window_part *part, struct child_plan *plan, int exe_fd);

/* Puts /dev/null back. */
void window_clear(struct window_part *part);

#endif
