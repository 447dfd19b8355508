/* Where gonit runs, decided once. What a role changes stands in src/runtime/role-table.ts. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define INITIAL_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO of the kernel's proc_ns.h */

static int in_initial_namespace(void) {
  struct stat status;
  /* Without /proc only a machine's first process can be running: a container runtime always mounts it. */
  if (stat("/proc/self/ns/pid", &status) != 0) return access("/proc/self", F_OK) != 0;
  return status.st_ino == INITIAL_PID_NAMESPACE;
}

int role_decide(void) {
  const char *asked = getenv("GONIT_ROLE");
  if (asked != NULL && strcmp(asked, "vm") == 0) return ROLE_VM;
  if (asked != NULL && strcmp(asked, "container") == 0) return ROLE_CONTAINER;
  if (asked != NULL && strcmp(asked, "laptop") == 0) return ROLE_LAPTOP;
  if (getenv("GONIT_INIT_ISOLATED") != NULL || getpid() != 1) return ROLE_LAPTOP;
  return in_initial_namespace() ? ROLE_VM : ROLE_CONTAINER;
}
