/* Makes a child of init that shares our memory and runs on a stack of its own, and waits until it has begun its program
 * or ended. */
#ifndef GONIT_CLONE_CHILD_H
#define GONIT_CLONE_CHILD_H

#include <stddef.h>
#include <stdint.h>

struct clone_request {
  int (*run)(void *argument); /* never returns */
  void *argument;
  unsigned char *stack; /* lowest address */
  size_t stack_bytes;
  int shares_table;    /* CLONE_FILES */
  uint32_t namespaces; /* of these CLONE_NEWPID and CLONE_NEWUSER */
  int cgroup_fd;       /* -1: where we are. Works only with clone3 */
  int32_t *pid;        /* the kernel stores the process number here before the child runs */
};

/* Process number or -errno. -ENOSYS with a cgroup: not on this machine, try without. */
int clone_child(const struct clone_request *request);

#endif
