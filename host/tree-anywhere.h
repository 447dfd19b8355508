/* What an earlier gonit left behind: processes that are nobody's children of ours, found by their mark alone. */
#ifndef GONIT_TREE_ANYWHERE_H
#define GONIT_TREE_ANYWHERE_H

#include "tree-scan.h"

/*
 * Marks (is_chosen) every process of the machine that carries the request's marks, and what descends from it, and is
 * alive. Never init, what descends from init, and what init descends from: a gonit that was started from within what is
 * left behind must not end its own terminal. How many.
 */
uint32_t anywhere_choose(struct scan *scan, const struct tree_request *request);

#endif
