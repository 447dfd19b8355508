/*
 * `gonit up --isolated`: a little system in namespaces of its own.
 *
 *   outer process   stays what the user started: owns the terminal, relays, passes signals on, ends with init's code
 *   inner process   process 1 of the new PID namespace; sets everything up, reports, and goes on as init
 *
 * Until the inner one reports that all is done, nothing has happened that anybody could see; when it reports a refused
 * step instead, the outer one goes on as a plain supervisor.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "contract.h"
#include "isolated.h"
#include "relay.h"

#define NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
/* A bind mount may meet a file system whose server is away. */
#define SET_UP_LIMIT_MS 30000

/* What the inner process tells; the console's master travels beside it. */
struct report {
  int error;
  char step[ISOLATED_STEP_BYTES];
};

static struct isolated_world world;

/* Variables that lead to the host's services, or speak of a gonit around us. */
static const char *const host_variables[] = {"XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "SSH_AUTH_SOCK",
                                             "NOTIFY_SOCKET",   "GONIT_SOCKET",             "GONIT_CONSOLE"};

static int set_environment(void) {
  char path[PATH_MAX];
  const char *before = getenv("PATH");
  for (size_t i = 0; i < sizeof host_variables / sizeof host_variables[0]; i++) unsetenv(host_variables[i]);
  if (before == NULL || before[0] == '\0') before = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  if (snprintf(path, sizeof path, "/system/bin:%s", before) >= (int)sizeof path) return -E2BIG;
  if (setenv("PATH", path, 1) < 0) return -errno;
  if (world.terminal && setenv("GONIT_CONSOLE", "/dev/console", 1) < 0) return -errno;
  return 0;
}

/* Without a terminal nobody types: reading the terminal that the outer process left would stop us. */
static int take_null(void) {
  int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0) return -errno;
  int result = dup2(fd, STDIN_FILENO) < 0 ? -errno : 0;
  if (fd > 2) close(fd);
  return result;
}

static int set_name(void) {
  int result = isolated_step(&world, "set the host name");
  if (result < 0) return result;
  return sethostname("gonit", strlen("gonit")) < 0 ? -errno : 0;
}

/* All of it, in order: each part needs those before. *master: the console's, -1 where there is none. 0 or -errno. */
static int set_up(int *master) {
  mode_t mask = umask(0);
  int result = isolated_root_make(&world);
  if (result == 0) result = isolated_devices(&world);
  if (result == 0) result = isolated_processes(&world);
  if (result == 0) result = isolated_fresh(&world);
  if (result == 0) result = isolated_configuration(&world);
  if (result == 0) result = isolated_commands(&world);
  if (result == 0) result = set_name();
  if (result == 0) result = isolated_root_finish(&world);
  *master = result == 0 && world.terminal ? isolated_console(&world) : -1;
  umask(mask);
  if (result < 0 || (world.terminal && *master < 0)) return result < 0 ? result : *master;
  if (!world.terminal) result = take_null();
  if (result == 0) result = set_environment();
  if (result == 0) isolated_drop_host_powers();
  return result;
}

static int send_report(int socket, int error, int master) {
  struct report report = {.error = error};
  union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control;
  struct iovec vector = {.iov_base = &report, .iov_len = sizeof report};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
  memcpy(report.step, world.step, sizeof report.step);
  if (master >= 0) {
    memset(&control, 0, sizeof control);
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof master);
    memcpy(CMSG_DATA(part), &master, sizeof master);
  }
  return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The outer process maps our users, then says go: with 1 where root is the only one. Its end is noticed by the closed
 * socket, and later by the signal. */
static void await_go(int socket) {
  char go;
  if (read(socket, &go, 1) != 1) _exit(EXIT_CODE_FAILED);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0) _exit(EXIT_CODE_FAILED);
  /* The outer process may have ended before that call: then the socket is at its end, and has no byte to read. */
  struct pollfd end = {.fd = socket, .events = POLLIN};
  if (poll(&end, 1, 0) != 0) _exit(EXIT_CODE_FAILED);
  if (go == 1)
    isolated_notice(&world, "root is the only user: /etc/subuid, /etc/subgid and newuidmap give no range of others");
}

/* What the caller left open is the host's, also where it is a socket. */
static void close_rest(void) {
  struct rlimit limit = {.rlim_cur = 1024};
  if (syscall(SYS_close_range, 3, ~0u, 0) == 0) return;
  getrlimit(RLIMIT_NOFILE, &limit);
  int end = limit.rlim_cur > 65536 ? 65536 : (int)limit.rlim_cur;
  for (int fd = 3; fd < end; fd++) close(fd);
}

static void run_inside(int socket) {
  int master;
  await_go(socket);
  setsid();
  int result = set_up(&master);
  if (send_report(socket, result, result < 0 ? -1 : master) < 0 || result < 0) _exit(EXIT_CODE_FAILED);
  close_rest();
  world.result->inside = 1;
}

/* The report and its descriptor; -ECONNRESET when the inner process died instead. */
static int receive_report(int socket, struct report *report, int *master) {
  union { struct cmsghdr header; char bytes[CMSG_SPACE(sizeof(int))]; } control;
  struct iovec vector = {.iov_base = report, .iov_len = sizeof *report};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (got != sizeof *report) return got < 0 ? -errno : -ECONNRESET;
  struct cmsghdr *part = CMSG_FIRSTHDR(&message);
  if (part != NULL && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
    memcpy(master, CMSG_DATA(part), sizeof *master);
  return 0;
}

/* Waits for the report, for a signal that ends us, or for the limit. 0, -errno, or the signal. */
static int await_report(int socket, int signals, struct report *report, int *master) {
  struct pollfd waited[2] = {{.fd = socket, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
  struct signalfd_siginfo info;
  for (;;) {
    int count = poll(waited, 2, SET_UP_LIMIT_MS);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return count < 0 ? -errno : -ETIMEDOUT;
    if (waited[0].revents != 0) return receive_report(socket, report, master);
    if (read(signals, &info, sizeof info) != sizeof info) continue;
    if (relay_ends(info.ssi_signo)) return (int)info.ssi_signo;
  }
}

static void end_inside(pid_t pid) {
  kill(pid, SIGKILL);
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
}

/* What init prints: its step is the inner process's, or what the outer one did. */
static int refused(const char *step, int error) {
  snprintf(world.step, sizeof world.step, "%s", step);
  world.result->failed_step = world.step;
  world.result->error = error;
  return -1;
}

static int start_inside(pid_t pid, int socket) {
  int result = world.user_namespace ? isolated_map_users(pid) : 0;
  char go = (char)result;
  if (result < 0) return result;
  return write(socket, &go, 1) == 1 ? 0 : -errno;
}

static int run_outside(pid_t pid, int socket, int signals) {
  struct report report = {0};
  int master = -1;
  int result = start_inside(pid, socket);
  if (result < 0) {
    end_inside(pid);
    return refused("map the user into a user namespace", -result);
  }
  result = await_report(socket, signals, &report, &master);
  if (result != 0 || report.error != 0) end_inside(pid);
  if (result > 0) exit(128 + result);
  if (result == -ETIMEDOUT) return refused("set up the little system within 30 s", ETIMEDOUT);
  if (result < 0) return refused("set up the little system", -result);
  if (report.error != 0) {
    report.step[sizeof report.step - 1] = '\0';
    return refused(report.step, -report.error);
  }
  return relay_run(&(struct relay_job){.child = pid, .master = master, .signals = signals});
}

static void find_program(void) {
  ssize_t length = readlink("/proc/self/exe", world.exe, sizeof world.exe - 1);
  world.exe[length < 0 ? 0 : length] = '\0';
  world.exe_fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
}

/* clone(2) as fork(2) does it, but into new namespaces. */
static pid_t clone_inside(void) {
  unsigned long flags = NAMESPACES | SIGCHLD | (world.user_namespace ? CLONE_NEWUSER : 0);
#if defined(__s390x__) || defined(__CRIS__)
  return (pid_t)syscall(SYS_clone, NULL, flags, NULL, NULL, NULL);
#else
  return (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
#endif
}

int isolated_enter(int argc, char **argv, struct isolated *isolated) {
  int ends[2];
  sigset_t before;
  memset(isolated, 0, sizeof *isolated);
  memset(&world, 0, sizeof world);
  world.result = isolated;
  world.terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
  world.user_namespace = !isolated_may_administer();
  isolated_find_configuration(&world, argc, argv);
  find_program();
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return refused("make a socket pair", errno);
  int signals = relay_catch_signals(&before);
  fflush(NULL);
  pid_t pid = signals < 0 ? -1 : clone_inside();
  int error = errno;
  if (pid == 0) {
    close(ends[0]);
    close(signals);
    sigprocmask(SIG_SETMASK, &before, NULL);
    run_inside(ends[1]);
    return -1;
  }
  close(ends[1]);
  int result = pid < 0 ? refused("make namespaces", error) : run_outside(pid, ends[0], signals);
  close(ends[0]);
  if (signals >= 0) close(signals);
  if (world.exe_fd >= 0) close(world.exe_fd);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return result;
}
