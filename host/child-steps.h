/* Steps of a child between clone and exec that have files of their own; the rules stand in child.h. 0 or -errno. */
#ifndef GONIT_CHILD_STEPS_H
#define GONIT_CHILD_STEPS_H

#include "child.h"

/* Makes the service's directories, as who we still are; owner and mode are the service's. */
int child_make_directories(struct child_plan *plan);

#endif
