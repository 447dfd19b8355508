/* The marks in a process's environment (/proc/PID/environ, proc(5)). */
#ifndef GONIT_TREE_MARKS_H
#define GONIT_TREE_MARKS_H

#include "tree-scan.h"

/* All marks begin with this; other variables are not looked at. */
#define MARK_PREFIX "GONIT_"

/* 1: all marks of the request are there. -1: the first one is, but not all: another start of the same gonit. 0: neither.
 * Read once for each process of a scan. */
int marks_match(struct scan *scan, struct scan_process *process, const struct tree_request *request);

/* Address space for what is kept of environments. */
char *marks_arena(void);

#endif
