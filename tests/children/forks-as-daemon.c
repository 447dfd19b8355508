/* forks-as-daemon PIDFILE [HOW]: a daemon that forks twice, as SysV daemons do. The grandchild writes its number into
 * PIDFILE, says "daemon PID" and stays; on SIGTERM it ends with 0, on SIGUSR1 with 7; on SIGUSR2 it forks
 * another one, which writes the file. Its first process ends with 0 when the
 * file is written. HOW: "late": ends before that; the file is written when `go` exists in the working directory.
 * "stays": the first process stays. "plain": does not fork at all. */
#include "child.h"

#include <sys/wait.h>

static const char *path;
static volatile sig_atomic_t got;

static void on_signal(int number) { got = number; }

static void write_pid_file(void) {
  char text[32], other[512];
  int length = snprintf(text, sizeof text, "%d\n", (int)getpid());
  snprintf(other, sizeof other, "%s.new", path);
  int fd = open(other, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd < 0 || write(fd, text, (size_t)length) != length || rename(other, path) < 0) fail(path);
  close(fd);
}

static void begin_as_daemon(void) {
  write_pid_file();
  say_pid("daemon");
}

static _Noreturn void be_the_daemon(const char *how) {
  sigset_t none;
  sigemptyset(&none);
  while (strcmp(how, "late") == 0 && access("go", F_OK) != 0) sleep_ms(5);
  begin_as_daemon();
  for (;;) {
    while (got == 0) sigsuspend(&none);
    if (got == SIGTERM) _exit(0);
    if (got == SIGUSR1) _exit(7);
    got = 0;
    if (fork() == 0) begin_as_daemon();
  }
}

int main(int argc, char **argv) {
  const char *how = argc > 2 ? argv[2] : "";
  struct sigaction action = {.sa_handler = on_signal};
  sigset_t all;
  int status;
  if (argc < 2) fail("usage");
  path = argv[1];
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, NULL);
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGUSR1, &action, NULL);
  sigaction(SIGUSR2, &action, NULL);
  if (strcmp(how, "plain") == 0) be_the_daemon(how);
  int ends[2];
  if (pipe(ends) < 0) fail("pipe");
  pid_t first = fork();
  if (first == 0) {
    setsid();
    if (fork() != 0) _exit(0);
    close(ends[0]);
    if (strcmp(how, "late") == 0) close(ends[1]);
    be_the_daemon(how);
  }
  close(ends[1]);
  waitpid(first, &status, 0);
  if (strcmp(how, "stays") == 0) sleep_for_ever();
  if (strcmp(how, "late") != 0)
    while (access(path, F_OK) != 0) sleep_ms(5);
  return 0;
}
