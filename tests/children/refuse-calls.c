/*
 * Runs a command under a seccomp filter that refuses some system calls, as strict sandboxes do.
 *
 *   refuse-calls NUMBER=ERRNO[,NUMBER=ERRNO ...] COMMAND [ARGUMENT ...]
 *
 * Numbers are this machine's own (asm/unistd.h), errnos Linux's.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define CALLS_MAX 32

int main(int argc, char **argv) {
  struct sock_filter filter[2 * CALLS_MAX + 2];
  unsigned short length = 0;
  if (argc < 3) return 125;
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (char *word = strtok(argv[1], ","); word != NULL && length < 2 * CALLS_MAX; word = strtok(NULL, ",")) {
    unsigned number, code;
    if (sscanf(word, "%u=%u", &number, &code) != 2) return 125;
    filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
    filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (code & SECCOMP_RET_DATA));
  }
  filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog program = {.len = length, .filter = filter};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
    perror("refuse-calls: seccomp");
    return 125;
  }
  execvp(argv[2], argv + 2);
  perror(argv[2]);
  return 127;
}
