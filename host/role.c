/* Where gonit runs, decided once. What a role changes stands in src/runtime/role-table.ts. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"

#define INITIAL_PID_NAMESPACE 0xeffffffcu /* PROC_PID_INIT_INO of the kernel's proc_ns.h */

/* Where /proc is not there (yet), the kernel's own second process tells: no container has one when its first begins. */
int role_in_initial_namespace(void) {
  struct stat status;
  if (stat("/proc/self/ns/pid", &status) == 0) return status.st_ino == INITIAL_PID_NAMESPACE;
  return kill(2, 0) == 0 || errno == EPERM;
}

/* A test may ask for another role. Only process 1 can be a machine's, so that no mistake switches off a host. */
static int role_asked(void) {
  const char *asked = getenv("GONIT_ROLE");
  if (asked == NULL) return 0;
  if (strcmp(asked, "vm") == 0) return getpid() == 1 ? ROLE_VM : 0;
  if (strcmp(asked, "container") == 0) return ROLE_CONTAINER;
  return strcmp(asked, "laptop") == 0 ? ROLE_LAPTOP : 0;
}

int role_decide(void) {
  int asked = role_asked();
  if (asked != 0) return asked;
  if (init->isolated || getpid() != 1) return ROLE_LAPTOP;
  return role_in_initial_namespace() ? ROLE_VM : ROLE_CONTAINER;
}
