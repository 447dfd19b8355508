/* Steps of a child between clone and exec that have files of their own; the rules stand in child.h. 0 or -errno. */
#ifndef GONIT_CHILD_STEPS_H
#define GONIT_CHILD_STEPS_H

#include "child.h"

/* Those of another process, its root included: for a program beside a service's main one. */
int child_join_namespaces(struct child_plan *plan);

/* In a user namespace: who we are outside is who we are inside. */
int child_map_user(struct child_plan *plan);

/* The same for who becomes another user first, which only a gonit with privileges can make it. */
int child_enter_user_namespace(struct child_plan *plan);

int child_new_namespaces(struct child_plan *plan);
int child_change_root(struct child_plan *plan);

/* What is read only, kept as it is, temporary, or the namespace's own /proc; after the root has changed. */
int child_mount(struct child_plan *plan);

/* Makes the service's directories, as who we still are; owner and mode are the service's. */
int child_make_directories(struct child_plan *plan);

/* Returns only where no program could be executed. */
int child_exec_program(struct child_plan *plan);

#endif
