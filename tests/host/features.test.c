// with: features.c
/* Optional kernel calls are found where they are and missed where they are refused, whatever the error. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "features.h"
#include "refuse-calls.h"

static int is_there(long result, int error) { return result >= 0 || error == EINVAL || error == EBADF; }

/* Against calls made another way than features.c makes them. */
static void test_here(void) {
  const struct features *features = features_get();
  assert(features == features_get());
  int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
  assert(features->pidfd == (fd >= 0));
  assert(features->close_range == (syscall(SYS_close_range, 5000, 5001, 2u) == 0));
  int memory = (int)syscall(SYS_memfd_create, "x", 0);
  assert(features->memfd == (memory >= 0));
  long result = syscall(SYS_execveat, -1, "", NULL, NULL, 0x1000);
  assert(features->execveat == is_there(result, errno));
  result = syscall(SYS_clone3, NULL, 8);
  assert(features->clone3 == (errno == EINVAL));
  if (features->into_cgroup) assert(features->clone3);
  assert(features->children_file == (access("/proc/thread-self/children", R_OK) == 0));
  if (features->cgroup_root[0] != '\0') assert(access(features->cgroup_root, W_OK) == 0);
  if (features->cgroup_root[0] == '\0') assert(!features->cgroup_kill);
}

static void test_refused(int error) {
  static const int numbers[] = {SYS_clone3,      SYS_pidfd_open,   SYS_pidfd_send_signal,
                                SYS_close_range, SYS_memfd_create, SYS_execveat};
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    refuse_calls(numbers, sizeof numbers / sizeof *numbers, error);
    const struct features *features = features_get();
    int any = features->clone3 | features->into_cgroup | features->pidfd | features->close_range | features->memfd |
              features->execveat;
    _exit(any);
  }
  int status;
  assert(waitpid(pid, &status, 0) == pid && status == 0);
}

/* In the order that leaves the static answer of this process for the last. */
int main(void) {
  test_refused(ENOSYS);
  test_refused(EPERM);
  test_refused(EINVAL);
  test_here();
  return 0;
}
