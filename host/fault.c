/*
 * init's own faults. A fault executes our binary again, on a stack of its own, with everything that must outlive it in
 * descriptors whose numbers stand in the state file: the process and so its children stay the same. After five faults
 * in ten seconds only the least is done: exits are recorded, and the end comes when it is asked for.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

#ifndef SYS_execveat
#define SYS_execveat (-1) /* the kernel answers ENOSYS */
#endif
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH, execveat(2) */
#define WINDOW_NS (10000 * MS_NS)
#define LEAST_GRACE_S 5
#define STACK_BYTES 32768

extern char **environ;

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
static char stack[STACK_BYTES] __attribute__((aligned(16)));

static uint32_t faults_max(void) {
#ifdef GONIT_TEST_HOOKS
  const char *asked = getenv("GONIT_FAULTS_MAX");
  if (asked != NULL) return (uint32_t)atoi(asked);
#endif
  return FAULTS_KEPT;
}

static int is_end(int signal) {
  return signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || signal == SIGPWR ||
         (signal >= 37 && signal <= 39);
}

/* SIGTERM, a grace, SIGKILL. */
static void end_rest(void) {
  remaining_signal(SIGTERM);
  for (int second = 0; second < LEAST_GRACE_S; second++) {
    sigset_t child;
    struct timespec limit = {1, 0};
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigtimedwait(&child, NULL, &limit);
    reap(LIMIT_CHILD_SLOTS);
    if (remaining_count() == 0) break;
  }
  remaining_signal(SIGKILL);
}

/* All signals are blocked and are waited for. */
__attribute__((noreturn)) static void least_loop(void) {
  sigset_t all;
  memset(&all, 0xff, sizeof all);
  for (;;) {
    while (reap(64) > 0) continue;
    int signal = sigwaitinfo(&all, NULL);
    if (signal <= 0 || signal > 64 || signal == SIGCHLD) continue;
    atomic_fetch_add(&init_ledger.exits->signals[signal], 1);
    roles_ring_manager();
    if (!is_end(signal)) continue;
    end_rest();
    if (init_ledger.exits->role == ROLE_VM && getpid() == 1) {
      sync();
      machine_end(SHUTDOWN_MODE_POWEROFF);
    }
    _exit(EXIT_CODE_FAILED);
  }
}

static int is_too_often(void) {
  int64_t now = init_now_ns();
  init->fault_ns[init->faults++ % FAULTS_KEPT] = now;
  int64_t oldest = init->fault_ns[init->faults % FAULTS_KEPT];
  return init->faults >= faults_max() && oldest != 0 && now - oldest < WINDOW_NS;
}

static void on_fault(int signal) {
  if (getpid() != init->pid) _exit(128 + signal); /* a child of ours that has not come far */
  if (!init_state_is_file() || is_too_often()) least_loop();
  init_state_keep(1);
  syscall(SYS_execveat, init->exe_fd, "", init_argv, environ, EMPTY_PATH);
  execve("/proc/self/exe", init_argv, environ);
  least_loop();
}

/* Until the next life has its own handlers no signal may reach it: the mask outlives the execution. */
void fault_handlers(void) {
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
  sigset_t own;
  memset(&action.sa_mask, 0xff, sizeof action.sa_mask);
  sigaltstack(&alternate, NULL);
  sigemptyset(&own);
  for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    sigaction(faults[i], &action, NULL);
    sigaddset(&own, faults[i]);
  }
  sigprocmask(SIG_UNBLOCK, &own, NULL);
}

void fault_leave_out(sigset_t *signals) {
  for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(signals, faults[i]);
}

void fault_defaults(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) sigaction(faults[i], &action, NULL);
}
