/*
 * Process 1, or the subreaper of a laptop's session. It starts the roles, reaps, holds descriptors, and carries out the
 * end. It decides nothing: signals are counted and the manager is rung. Nothing is allocated, nothing is parsed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "entry.h"
#include "init.h"
#include "report.h"

#ifndef GONIT_VERSION
#define GONIT_VERSION "0.1.0"
#endif

#define REAPED_PER_TURN 256
#define SAFE_GRACE_MS 10000
#define FAILING_MANAGER 3 /* starts that failed within a second, one after the other */
#define HIGH_FD 32

struct init_state *init;
struct ledger init_ledger;
int init_argc;
char **init_argv;

int64_t init_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int high(int fd) {
  int moved = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);
  if (moved < 0) return fd;
  close(fd);
  return moved;
}

static int state_file(void) {
  int fd = (int)syscall(SYS_memfd_create, "gonit-init", 1u /* MFD_CLOEXEC */);
  if (fd < 0) fd = open("/run", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) return -errno;
  fd = high(fd);
  return ftruncate(fd, sizeof *init) == 0 ? fd : -errno;
}

static int make_state(void) {
  int fd = state_file();
  if (fd < 0) return fd;
  init = mmap(NULL, sizeof *init, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (init == MAP_FAILED) return -errno;
  init->magic = INIT_STATE_MAGIC;
  init->state_fd = fd;
  init->manager.socket = init->logger.socket = -1;
  init->listing = -1;
  init->guard_ns = NEVER;
  return 0;
}

/* Our own binary: handed on by the start of init as a descriptor (main.c), else by its path. */
static int own_binary(void) {
  const char *given = getenv("GONIT_INIT_EXE");
  struct stat status;
  int fd = given != NULL ? atoi(given) : -1;
  unsetenv("GONIT_INIT_EXE");
  if (fd > 2 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) return high(fd);
  return high(open("/proc/self/exe", O_PATH | O_CLOEXEC));
}

/* The roles may read the exits, not write them. Without /proc they get the same descriptor and are trusted. */
static int read_only(int fd) {
  char path[40];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  int reading = open(path, O_RDONLY | O_CLOEXEC);
  return high(reading >= 0 ? reading : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD));
}

static void make_identity(char *text, size_t size) {
  unsigned char bytes[16] = {0};
  ssize_t got = getrandom(bytes, sizeof bytes, GRND_NONBLOCK);
  if (got < (ssize_t)sizeof bytes) { /* early at boot: the clock is different enough for a mark */
    int64_t now = init_now_ns();
    memcpy(bytes, &now, sizeof now);
  }
  for (size_t i = 0; i < sizeof bytes && 2 * i + 2 < size; i++) snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

static int32_t own_oom_score(void) {
  char text[16] = {0};
  int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, sizeof text - 1);
  close(fd);
  return got > 0 ? atoi(text) : 0;
}

static int make_ledger(int role) {
  struct rlimit limit;
  int result = ledger_create(&init_ledger);
  if (result < 0) return result;
  struct exits_part *exits = init_ledger.exits;
  init->exits_fd = init_ledger.exits_fd;
  init->work_fd = init_ledger.work_fd;
  init->exits_read_fd = read_only(init->exits_fd);
  exits->role = (uint32_t)role;
  exits->started_ns = init_now_ns();
  exits->init_pid = getpid();
  exits->init_life = 1;
  exits->isolated = getenv("GONIT_INIT_ISOLATED") != NULL;
  exits->nofile_soft = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
  exits->oom_score_adj = own_oom_score();
  make_identity(exits->instance_id, sizeof exits->instance_id);
  return 0;
}

static void block_signals(void) {
  sigset_t signals;
  static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
  sigfillset(&signals);
  for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) sigdelset(&signals, faults[i]);
  sigprocmask(SIG_SETMASK, &signals, NULL);
}

static int make_descriptors(void) {
  sigset_t signals;
  sigfillset(&signals);
  init->signal_fd = high(signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC));
  init->ring_fd = high(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  init->manager.bell = high(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  init->logger.bell = high(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (pipe2(init->own_log, O_NONBLOCK | O_CLOEXEC) < 0) return -errno;
  init->own_log[0] = high(init->own_log[0]);
  init->own_log[1] = high(init->own_log[1]);
  return init->signal_fd < 0 || init->ring_fd < 0 || init->manager.bell < 0 || init->logger.bell < 0 ? -EMFILE : 0;
}

static void tell_isolated(void) {
  const char *isolated = getenv("GONIT_INIT_ISOLATED");
  const char *failed = getenv("GONIT_INIT_FAILED_STEP");
  char notices[300];
  snprintf(notices, sizeof notices, "%s", getenv("GONIT_INIT_NOTICES") != NULL ? getenv("GONIT_INIT_NOTICES") : "");
  for (char *at = strtok(notices, "\n"); at != NULL; at = strtok(NULL, "\n")) report("warn", at, "%s", "");
  if (failed != NULL) {
    report("warn", "No namespaces of its own: going on as a subreaper", "%s", failed);
    unsetenv("GONIT_INIT_FAILED_STEP");
  }
  unsetenv("GONIT_INIT_NOTICES");
  if (isolated != NULL) unsetenv("GONIT_INIT_ISOLATED");
}

static int begin_fresh(void) {
  static const char *const names[] = {"", "vm", "container", "laptop"};
  int role = role_decide(), result = make_state();
  if (result < 0) return result;
  if (role == ROLE_VM) machine_mount();
  if (getpid() != 1) prctl(PR_SET_CHILD_SUBREAPER, 1);
  init->log_format = report_format(init_argc, init_argv);
  init->exe_fd = own_binary();
  if (init->exe_fd < 0) return -ENOENT;
  result = make_ledger(role);
  if (result == 0) result = make_descriptors();
  if (result < 0) return result;
  report("info", "Control is handed over to gonit", "pid=%d role=%s version=%s", (int)getpid(), names[role],
         GONIT_VERSION);
  tell_isolated();
  unsetenv("GONIT_ROLE");
  roles_begin();
  return 0;
}

/* While the manager does not come up nobody else can carry out an end that is asked for. */
static void end_without_manager(int signal) {
  int is_end = signal == SIGTERM || signal == SIGINT || signal == SIGQUIT || (signal >= 37 && signal <= 39);
  if (is_end && atomic_load(&init_ledger.exits->manager.failures) >= FAILING_MANAGER) {
    int mode = init_ledger.exits->role == ROLE_VM ? SHUTDOWN_MODE_POWEROFF : SHUTDOWN_MODE_EXIT;
    shutdown_begin(mode, EXIT_CODE_FAILED, SAFE_GRACE_MS);
  }
}

static void take_signals(void) {
  struct signalfd_siginfo info[16];
  int rings = 0;
  ssize_t got = read(init->signal_fd, info, sizeof info);
  for (ssize_t i = 0; i < got / (ssize_t)sizeof info[0]; i++) {
    uint32_t signal = info[i].ssi_signo;
    if (signal == SIGCHLD || signal > 64) continue;
    atomic_fetch_add(&init_ledger.exits->signals[signal], 1);
    end_without_manager((int)signal);
    rings = 1;
  }
  if (rings) roles_ring_manager();
}

static int timeout_ms(int64_t now) {
  int64_t next = roles_next_ns();
  if (init->shutdown != SHUTDOWN_NONE && init->shutdown_ns < next) next = init->shutdown_ns;
  if (next == NEVER) return -1;
  if (next <= now) return 0;
  int64_t ms = (next - now + MS_NS - 1) / MS_NS;
  return ms > 3600000 ? 3600000 : (int)ms;
}

static void serve(struct pollfd *ready) {
  uint64_t count;
  if (ready[1].revents) (void)!read(init->ring_fd, &count, sizeof count);
  if (ready[2].revents & (POLLIN | POLLHUP | POLLERR)) roles_serve(&init->manager);
  if (ready[3].revents & (POLLIN | POLLHUP | POLLERR)) roles_serve(&init->logger);
}

static void turn(int manager_waits, int logger_waits) {
  int64_t now = init_now_ns();
  struct pollfd fds[] = {
      {.fd = init->signal_fd, .events = POLLIN},
      {.fd = init->ring_fd, .events = POLLIN},
      {.fd = init->manager.socket, .events = (short)(POLLIN | (manager_waits ? POLLOUT : 0))},
      {.fd = init->logger.socket, .events = (short)(POLLIN | (logger_waits ? POLLOUT : 0))},
  };
  if (poll(fds, 4, timeout_ms(now)) < 0 && errno != EINTR) return;
  if (fds[0].revents) take_signals();
  reap(REAPED_PER_TURN);
  serve(fds);
}

__attribute__((noreturn)) static void loop(void) {
  /* A fault may have come between the signal and the reaping. */
  while (reap(REAPED_PER_TURN) == REAPED_PER_TURN) {}
  for (;;) {
    int64_t now = init_now_ns();
    roles_start_due(now);
    roles_guard(now);
    if (init->shutdown != SHUTDOWN_NONE) shutdown_continue(now);
    turn(held_list_continue(), held_sources_continue());
  }
}

int init_main(int argc, char **argv) {
  init_argc = argc;
  init_argv = argv;
  prctl(PR_SET_NAME, "gonit: init");
  block_signals();
  if (fault_is_recovering(argc, argv)) {
    if (fault_recover(argv[1]) < 0) return EXIT_CODE_FAILED;
    argv[1] = argv[0]; /* the rest is what init was started with */
    init_argc--;
    init_argv++;
  } else {
    int result = begin_fresh();
    if (result < 0) {
      fprintf(stderr, "gonit: cannot start: no memory for the ledger: %s\n", strerror(-result));
      return EXIT_CODE_FAILED;
    }
  }
  fault_handlers();
  loop();
}
