/* Makes a child of init; see clone-child.h. */
#include "clone-child.h"

#include <errno.h>
#include <linux/types.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "raw-call.h"

/* The frames that a child leaves behind at exec never end; the sanitizer would hold them against the next one. */
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define FORGET_FRAMES(stack, bytes) __asan_unpoison_memory_region(stack, bytes)
#else
#define FORGET_FRAMES(stack, bytes) ((void)0)
#endif

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

/* struct clone_args of clone3(2), version of Linux 5.7. linux/sched.h and sched.h do not agree with each other. */
struct clone3_arguments {
  __aligned_u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};

static int clone_flags(const struct clone_request *request) {
  int flags = CLONE_VM | CLONE_VFORK | CLONE_PARENT | CLONE_PARENT_SETTID;
  if (request->shares_table) flags |= CLONE_FILES;
  return flags | (int)(request->namespaces & (CLONE_NEWPID | CLONE_NEWUSER));
}

/*
 * clone3 has no function argument: the child goes on behind the call with an empty stack, where nothing of a C function
 * may be used any more. The exit signal is zero, as CLONE_PARENT demands; the kernel takes the manager's own, SIGCHLD.
 */
#if defined(__x86_64__)
static long clone3_run(struct clone3_arguments *arguments, int (*run)(void *), void *argument) {
  register int (*function)(void *) __asm__("r8") = run;
  register void *parameter __asm__("r9") = argument;
  long result;
  __asm__ volatile(
      "syscall\n\t"
      "testq %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xorl %%ebp, %%ebp\n\t"
      "movq %%r9, %%rdi\n\t"
      "callq *%%r8\n\t"
      "hlt\n"
      "1:"
      : "=a"(result)
      : "a"((long)SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(function), "r"(parameter)
      : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
static long clone3_run(struct clone3_arguments *arguments, int (*run)(void *), void *argument) {
  register long x8 __asm__("x8") = SYS_clone3;
  register long x0 __asm__("x0") = (long)arguments;
  register long x1 __asm__("x1") = sizeof *arguments;
  register int (*x2)(void *) __asm__("x2") = run;
  register void *x3 __asm__("x3") = argument;
  __asm__ volatile(
      "svc #0\n\t"
      "cbnz x0, 1f\n\t"
      "mov x29, #0\n\t"
      "mov x0, x3\n\t"
      "blr x2\n\t"
      "brk #1\n"
      "1:"
      : "+r"(x0)
      : "r"(x8), "r"(x1), "r"(x2), "r"(x3)
      : "memory", "cc");
  return x0;
}
#else
static long clone3_run(struct clone3_arguments *arguments, int (*run)(void *), void *argument) {
  (void)arguments, (void)run, (void)argument;
  return -ENOSYS; /* the child enters its cgroup by itself */
}
#endif

static int clone_into_cgroup(const struct clone_request *request) {
  struct clone3_arguments arguments = {
      .flags = (unsigned)clone_flags(request) | CLONE_INTO_CGROUP,
      .parent_tid = (uintptr_t)request->pid,
      .stack = (uintptr_t)request->stack,
      .stack_size = request->stack_bytes,
      .cgroup = (unsigned)request->cgroup_fd,
  };
  return (int)clone3_run(&arguments, request->run, request->argument);
}

int clone_child(const struct clone_request *request) {
  uint64_t all = ~UINT64_C(0), before = 0;
  int result;
  FORGET_FRAMES(request->stack, request->stack_bytes);
  /* No handler of ours may run in a child that shares our memory. libc's own signals are blocked too, by the raw call. */
  raw_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all);
  if (request->cgroup_fd >= 0) {
    result = clone_into_cgroup(request);
  } else {
    unsigned char *top = request->stack + request->stack_bytes;
    result = clone(request->run, top, clone_flags(request) | SIGCHLD, request->argument, request->pid, NULL, NULL);
    if (result < 0) result = -errno;
  }
  raw_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, 0, sizeof before);
  return result;
}
