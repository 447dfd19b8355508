/*
 * What manager and logger do between fork(2) and their own start: descriptors to their fixed numbers, then our own
 * binary by its descriptor: no path and no /proc are needed, and a role is always the build that init is. Where it
 * cannot be executed, or the ledger is memory that ends with an execution, the role runs in the fork.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#ifndef SYS_execveat
#define SYS_execveat (-1) /* the kernel answers ENOSYS */
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH, execveat(2) */
#define DESCRIPTORS_TRIED 65536

extern char **environ;

/* `from` is INIT_FD_MIN at least, see init_high(). */
static void move(int from, int to) {
  if (from == 0) close(to);
  else if (dup2(from, to) < 0) _exit(EXIT_CODE_NOT_EXECUTABLE);
}

static void move_all(const struct role *role, int socket) {
  int is_manager = role == &init->manager;
  move(init->exits_read_fd, ROLE_FD_EXITS);
  move(init->work_fd, ROLE_FD_WORK);
  move(socket, ROLE_FD_INIT);
  move(role->bell, ROLE_FD_BELL);
  move(init->ring_fd, ROLE_FD_INIT_BELL);
  move(init->exe_fd, ROLE_FD_EXE);
  move(init->own_log[is_manager ? 1 : 0], ROLE_FD_LOG);
}

/* Signals as a program expects them. The numbers that libc keeps for itself stay as they are. */
static void reset_signals(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigset_t none;
  for (int signal = 1; signal <= 64; signal++) {
    if (signal != SIGKILL && signal != SIGSTOP) sigaction(signal, &action, NULL);
  }
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void execute(void) {
  char path[32];
  syscall(SYS_execveat, ROLE_FD_EXE, "", init_argv, environ, EMPTY_PATH);
  snprintf(path, sizeof path, "/proc/self/fd/%d", ROLE_FD_EXE);
  if (fcntl(ROLE_FD_EXE, F_GETFD) >= 0) execve(path, init_argv, environ);
  execve("/proc/self/exe", init_argv, environ);
}

/* What execve(2) would have closed. */
static void close_rest(void) {
  if (syscall(SYS_close_range, ROLE_FD_FIRST_FREE, ~0u, 0) == 0) return;
  struct rlimit limit;
  rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : DESCRIPTORS_TRIED;
  for (rlim_t fd = ROLE_FD_FIRST_FREE; fd < end && fd < DESCRIPTORS_TRIED; fd++) close((int)fd);
}

void role_become(struct role *role, int socket, pid_t parent) {
  int is_manager = role == &init->manager;
  fault_defaults(); /* a fault from here on is no fault of init */
  /* A manager without its init would be a second system. The logger ends by its socket, for it has lines to write. */
  if (is_manager) prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(EXIT_CODE_FAILED);
  move_all(role, socket);
  reset_signals();
  init_argv[0] = is_manager ? (char *)"gonit: manager" : (char *)"gonit: logger";
  if (!is_manager) init_argv[1] = NULL;
  if (init_ledger.work_fd >= 0) execute();
  close_rest();
  prctl(PR_SET_NAME, init_argv[0]);
  exit(is_manager ? manager_main(init_argc, init_argv) : logger_main());
}
