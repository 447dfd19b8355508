/* What an earlier gonit left behind; see tree-anywhere.h. */
#include "tree-anywhere.h"

#include "tree-marks.h"

/* Chains of parents are short; a circle can come from numbers that were used again while we looked. */
static int descends_from(const struct scan *scan, int32_t at, int32_t pid) {
  for (uint32_t steps = 0; at >= 0 && steps < scan->count; steps++) {
    if (scan->list[at].pid == pid) return 1;
    at = scan->list[at].parent_at;
  }
  return 0;
}

static void spare_ancestors(struct scan *scan, int32_t pid) {
  int32_t at = -1;
  for (uint32_t i = 0; i < scan->count; i++)
    if (scan->list[i].pid == pid) at = (int32_t)i;
  for (uint32_t steps = 0; at >= 0 && steps < scan->count; steps++) {
    scan->list[at].is_chosen = 0;
    at = scan->list[at].parent_at;
  }
}

static void choose_children(struct scan *scan) {
  int grows = 1;
  while (grows) { /* parents usually stand before their children: two rounds */
    grows = 0;
    for (uint32_t at = 0; at < scan->count; at++) {
      struct scan_process *process = &scan->list[at];
      if (process->is_chosen || process->parent_at < 0 || !scan->list[process->parent_at].is_chosen) continue;
      process->is_chosen = grows = 1;
    }
  }
}

uint32_t anywhere_choose(struct scan *scan, const struct tree_request *request) {
  int32_t init = scan->ledger->exits->init_pid;
  uint32_t alive = 0;
  for (uint32_t at = 0; at < scan->count; at++)
    scan->list[at].is_chosen = marks_match(scan, &scan->list[at], request) > 0;
  spare_ancestors(scan, init);
  choose_children(scan);
  spare_ancestors(scan, init);
  for (uint32_t at = 0; at < scan->count; at++) {
    struct scan_process *process = &scan->list[at];
    if (process->is_chosen && (scan_is_dead(process) || descends_from(scan, (int32_t)at, init))) process->is_chosen = 0;
    alive += process->is_chosen;
  }
  return alive;
}
