/*
 * System calls without libc: what a child may do that still shares its parent's memory.
 *
 * A libc wrapper may write errno, take a lock, or signal all threads of the process (setuid(2) in musl and glibc does);
 * in a child made with CLONE_VM each of these would happen to the manager. The result is the kernel's: -errno on failure.
 */
#ifndef GONIT_RAW_CALL_H
#define GONIT_RAW_CALL_H

#include <sys/syscall.h>

/* Numbers that are the same on every architecture, and that libc may be too old to know (Linux 5.1 and 5.3). */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

#if defined(__x86_64__)

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

#elif defined(__aarch64__)

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}

#elif defined(__riscv)

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f) {
  register long a7 __asm__("a7") = number;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  register long a4 __asm__("a4") = e;
  register long a5 __asm__("a5") = f;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
  return a0;
}

#else

/*
 * syscall(2) itself does nothing but the call and errno. The errno that the child overwrites is that of the one thread
 * that waits for it (CLONE_VFORK without CLONE_SETTLS), which reads none afterwards but clone's own.
 */
#include <errno.h>
#include <unistd.h>

static inline long raw_call6(long number, long a, long b, long c, long d, long e, long f) {
  long result = syscall(number, a, b, c, d, e, f);
  return result == -1 ? -errno : result;
}

#endif

/* Arguments are numbers or pointers; those left out are zero. */
#define RAW_CALL_PICK(number, a, b, c, d, e, f, ...) \
  raw_call6((number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define raw_call(...) RAW_CALL_PICK(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)

/* 32-bit machines have a second generation of these calls, because the first takes 16-bit numbers. */
#ifdef SYS_setgroups32
#define CALL_SETGROUPS SYS_setgroups32
#define CALL_SETRESUID SYS_setresuid32
#define CALL_SETRESGID SYS_setresgid32
#define CALL_GETUID SYS_getuid32
#define CALL_GETGID SYS_getgid32
#else
#define CALL_SETGROUPS SYS_setgroups
#define CALL_SETRESUID SYS_setresuid
#define CALL_SETRESGID SYS_setresgid
#define CALL_GETUID SYS_getuid
#define CALL_GETGID SYS_getgid
#endif

#endif
