/* A seccomp filter that answers system calls with an error, as container runtimes do (seccomp(2)). */
#ifndef REFUSE_CALLS_H
#define REFUSE_CALLS_H

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

#define REFUSED_MAX 16

/* For this process and all that come from it, for good. */
static inline void refuse_calls(const int *numbers, int count, int error) {
  struct sock_filter filter[REFUSED_MAX + 3];
  int used = 0;
  assert(count <= REFUSED_MAX);
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (int i = 0; i < count; i++)
    filter[used++] =
        (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)numbers[i], (uint8_t)(count - i), 0);
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  filter[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (uint32_t)error);
  struct sock_fprog program = {(unsigned short)used, filter};
  assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  assert(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

/* What old kernels and strict profiles lack. glibc, with which tests are linked, makes no thread when clone3 answers
 * anything but ENOSYS; musl does not use it. */
static inline void refuse_new_calls(int error) {
  static const int numbers[] = {SYS_pidfd_open,   SYS_pidfd_send_signal, SYS_close_range,
                                SYS_memfd_create, SYS_execveat,          SYS_clone3};
  int count = sizeof numbers / sizeof *numbers;
  refuse_calls(numbers, error == ENOSYS ? count : count - 1, error);
}

#endif
