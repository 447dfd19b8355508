/*
 * init's own faults. A fault executes our binary again, on a stack of its own, with everything that must outlive it in
 * descriptors whose numbers stand in the state file: the process and so its children stay the same. After five faults in
 * ten seconds only the least is done: reaping, and the end when it is asked for.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

#define RECOVER "--recover="
#define WINDOW_NS ((int64_t)10000 * MS_NS)
#define ARGS_MAX 512

static char stack[16384] __attribute__((aligned(16)));
static char recover_text[32];
static char *recover_argv[ARGS_MAX];

static unsigned faults_max(void) {
#ifdef GONIT_TEST_HOOKS
  const char *asked = getenv("GONIT_FAULTS_MAX");
  if (asked != NULL) return (unsigned)atoi(asked);
#endif
  return sizeof init->fault_ns / sizeof init->fault_ns[0];
}

static void keep(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, 0);
}

static void keep_all(void) {
  keep(init->state_fd);
  keep(init->exits_fd);
  keep(init->exits_read_fd);
  keep(init->work_fd);
  keep(init->exe_fd);
  keep(init->signal_fd);
  keep(init->ring_fd);
  keep(init->own_log[0]);
  keep(init->own_log[1]);
  keep(init->manager.socket);
  keep(init->manager.bell);
  keep(init->logger.socket);
  keep(init->logger.bell);
  for (int32_t i = 0; i < init->held_end; i++) {
    if (init->held_hash[i] != 0) keep(init->held[i].fd);
  }
}

/* Reaps and ends on request, with nothing that could fault. Signals are blocked and come by sigtimedwait(2). */
__attribute__((noreturn)) static void least_loop(void) {
  sigset_t all;
  siginfo_t info;
  sigfillset(&all);
  for (;;) {
    while (reap(64) > 0) {}
    if (sigwaitinfo(&all, &info) < 0) continue;
    if (info.si_signo != SIGTERM && info.si_signo != SIGINT && info.si_signo != 37) continue;
    kill(-1, SIGTERM);
    if (init_ledger.exits->role == ROLE_VM) machine_end(SHUTDOWN_MODE_POWEROFF);
    _exit(EXIT_CODE_FAILED);
  }
}

static void on_fault(int signal) {
  extern char **environ;
  int64_t now = init_now_ns();
  int64_t oldest = init->fault_ns[init->faults % 5];
  init->fault_ns[init->faults % 5] = now;
  init->faults++;
  (void)signal;
  if (oldest != 0 && now - oldest < WINDOW_NS && init->faults >= faults_max()) least_loop();
  keep_all();
  syscall(SYS_execveat, init->exe_fd, "", recover_argv, environ, 0x1000 /* AT_EMPTY_PATH */);
  execve("/proc/self/exe", recover_argv, environ);
  least_loop();
}

void fault_handlers(void) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
  stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
  int count = 0;
  sigaltstack(&alternate, NULL);
  snprintf(recover_text, sizeof recover_text, RECOVER "%d", init->state_fd);
  recover_argv[count++] = (char *)"gonit: init";
  recover_argv[count++] = recover_text;
  for (int i = 1; i < init_argc && count < ARGS_MAX - 1; i++) recover_argv[count++] = init_argv[i];
  for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) sigaction(faults[i], &action, NULL);
}

int fault_is_recovering(int argc, char **argv) {
  return argc > 1 && strncmp(argv[1], RECOVER, sizeof RECOVER - 1) == 0;
}

static void close_on_exec(int fd) {
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* 0 or -errno. */
int fault_recover(const char *text) {
  int fd = atoi(text + sizeof RECOVER - 1);
  init = mmap(NULL, sizeof *init, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (init == MAP_FAILED || init->magic != INIT_STATE_MAGIC) return -EPROTO;
  int result = ledger_reopen(&init_ledger, init->exits_fd, init->work_fd);
  if (result < 0) return result;
  int fds[] = {init->state_fd,       init->exits_fd,      init->exits_read_fd, init->work_fd,
               init->exe_fd,         init->signal_fd,     init->ring_fd,       init->own_log[0],
               init->own_log[1],     init->manager.socket, init->manager.bell, init->logger.socket,
               init->logger.bell};
  for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) close_on_exec(fds[i]);
  for (int32_t i = 0; i < init->held_end; i++) {
    if (init->held_hash[i] != 0) close_on_exec(init->held[i].fd);
  }
  atomic_fetch_add(&init_ledger.exits->init_life, 1);
  report("warn", "init is back after a fault of its own", "life=%u", atomic_load(&init_ledger.exits->init_life));
  return 0;
}
