#include "on-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "pty.h"

/* Numbers of devices, Documentation/admin-guide/devices.txt of the kernel. */
#define CONSOLE_MAJOR 5
#define PTY_MAJOR_FIRST 136
#define PTY_MAJOR_LAST 143

/* A serial line without a carrier would let open(2) wait for ever. */
static int open_terminal(const char *path) {
  int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return -errno;
  if (isatty(fd)) return fd;
  close(fd);
  return -ENOTTY;
}

static void default_signals(void) {
  sigset_t none;
  for (int number = 1; number <= 64; number++) signal(number, SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static int take_terminal(const char *path) {
  int fd = open_terminal(path);
  if (fd < 0) return fd;
  /* A session that was left behind may still hold the line; root takes it away (tty_ioctl(4)). */
  if (ioctl(fd, TIOCSCTTY, 0) < 0 && (errno != EPERM || ioctl(fd, TIOCSCTTY, 1) < 0)) return -errno;
  if (fcntl(fd, F_SETFL, 0) < 0) return -errno;
  for (int number = 0; number <= 2; number++)
    if (dup2(fd, number) < 0) return -errno;
  return 0;
}

/* All that is open besides is somebody else's. */
static void close_rest(int report) {
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
  if (syscall(SYS_close_range, 3, report - 1, 0) == 0 && syscall(SYS_close_range, report + 1, ~0u, 0) == 0) return;
  for (int fd = 3; fd < 1024; fd++)
    if (fd != report) close(fd);
}

__attribute__((noreturn)) static void run(char *const *argv, char *const *envp, const char *terminal,
                                          const char *directory, int report) {
  default_signals();
  setsid();
  int error = -take_terminal(terminal);
  if (error == 0) {
    close_rest(report);
    if (chdir(directory) < 0 && chdir("/") < 0) error = errno;
  }
  if (error == 0) {
    execve(argv[0], argv, envp);
    error = errno;
  }
  (void)!write(report, &error, sizeof error);
  _exit(127);
}

/* What the child reports; 0: the pipe was closed by its exec. */
static int read_error(int fd) {
  int error;
  ssize_t got;
  do got = read(fd, &error, sizeof error);
  while (got < 0 && errno == EINTR);
  return got == sizeof error ? error : 0;
}

pid_t on_terminal_start(char *const *argv, char *const *envp, const char *terminal, const char *directory) {
  int ends[2], error = 0;
  if (pipe2(ends, O_CLOEXEC) < 0) return -errno;
  /* Above the standard numbers and with room below, so that what lies around it can be closed. */
  int report = fcntl(ends[1], F_DUPFD_CLOEXEC, 10);
  close(ends[1]);
  pid_t pid = report < 0 ? -1 : fork();
  if (pid == 0) run(argv, envp, terminal, directory, report);
  int failed = errno;
  if (report >= 0) close(report);
  if (pid > 0) error = read_error(ends[0]);
  close(ends[0]);
  if (pid < 0) return -failed;
  if (error == 0) return pid;
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) continue;
  return -error;
}

static int set_speed(struct termios *modes, unsigned speed) {
  static const struct { unsigned bits; speed_t code; } speeds[] = {
      {1200, B1200},     {2400, B2400},     {4800, B4800},       {9600, B9600},      {19200, B19200},
      {38400, B38400},   {57600, B57600},   {115200, B115200},   {230400, B230400},  {460800, B460800},
      {500000, B500000}, {921600, B921600}, {1000000, B1000000}, {1500000, B1500000}};
  if (speed == 0) return 0;
  for (unsigned i = 0; i < sizeof speeds / sizeof speeds[0]; i++)
    if (speeds[i].bits == speed) return cfsetspeed(modes, speeds[i].code) < 0 ? -errno : 0;
  return -EINVAL;
}

/*
 * Programs that a session has left behind may still read the line, and would hear the next one's password: what has it
 * open is cut off. Not so a pty, whose other end would take this for its end, nor /dev/console, which is gonit's own.
 * Output that has not left the line yet is lost by this: it is not done before the first session, when gonit's own lines
 * may be on their way.
 */
static int take_back(int fd, const char *terminal) {
  struct stat status;
  if (fstat(fd, &status) < 0) return fd;
  unsigned kind = major(status.st_rdev);
  if (kind == CONSOLE_MAJOR || (kind >= PTY_MAJOR_FIRST && kind <= PTY_MAJOR_LAST)) return fd;
  if (ioctl(fd, TIOCVHANGUP) < 0) return fd;
  close(fd);
  return open_terminal(terminal);
}

/* login(1) has given the line to its user, who could open it again. */
static void give_to_root(int fd) {
  if (geteuid() != 0) return;
  (void)!fchown(fd, 0, (gid_t)-1);
  fchmod(fd, S_IRUSR | S_IWUSR);
}

int on_terminal_reset(const char *terminal, unsigned speed, int after_session) {
  struct termios modes;
  int fd = open_terminal(terminal);
  if (fd >= 0) give_to_root(fd);
  if (fd >= 0 && after_session) fd = take_back(fd, terminal);
  if (fd < 0) return fd;
  int result = tcgetattr(fd, &modes) < 0 ? -errno : 0;
  terminal_usual_modes(&modes);
  modes.c_cflag |= CLOCAL; /* a cable without a carrier line is a terminal too */
  if (result == 0) result = set_speed(&modes, speed);
  if (result == 0 && tcsetattr(fd, TCSANOW, &modes) < 0) result = -errno;
  if (result == 0) {
    tcflow(fd, TCOON);
    tcflush(fd, TCIFLUSH);
  }
  close(fd);
  return result;
}
