/* A shell on a machine's console while the manager cannot be kept up. It is offered again when it was left. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

#define AGAIN_NS (1000 * MS_NS)

static void run_shell(void) {
  static char *const arguments[] = {(char *)"-sh", NULL};
  static char *const variables[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"HOME=/root",
                                    (char *)"TERM=linux", NULL};
  sigset_t none;
  sigemptyset(&none);
  fault_defaults();
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  int fd = open("/dev/console", O_RDWR);
  if (fd < 0) _exit(EXIT_CODE_NOT_FOUND);
  ioctl(fd, TIOCSCTTY, 1);
  for (int standard = 0; standard <= 2; standard++) dup2(fd, standard);
  if (fd > 2) close(fd);
  dprintf(2, "\r\ngonit: rescue shell; services go on. `exit` offers it again.\r\n");
  execve("/bin/sh", arguments, variables);
  _exit(EXIT_CODE_NOT_FOUND);
}

static int is_wanted(void) {
  const struct exits_part *exits = init_ledger.exits;
  return exits->role == ROLE_VM && getpid() == 1 && atomic_load(&exits->safe_mode) &&
         init->shutdown.phase == SHUTDOWN_NONE && init->rescue.pid == 0;
}

void rescue_continue(int64_t now) {
  if (!is_wanted() || now < init->rescue.start_ns) return;
  pid_t pid = fork();
  if (pid == 0) run_shell();
  init->rescue.start_ns = now + AGAIN_NS;
  if (pid > 0) init->rescue.pid = pid;
}

int64_t rescue_next_ns(void) { return is_wanted() ? init->rescue.start_ns : NEVER; }

int rescue_ended(pid_t pid, int code) {
  if (pid != init->rescue.pid) return 0;
  init->rescue.pid = 0;
  if (code == EXIT_CODE_NOT_FOUND) init->rescue.start_ns = NEVER; /* there is no console or no shell */
  return 1;
}

/* There is not even memory for a ledger, and process 1 of a machine may not end. */
void rescue_forever(void) {
  for (;;) {
    pid_t shell = fork(), ended;
    if (shell == 0) run_shell();
    do ended = waitpid(-1, NULL, 0);
    while ((ended > 0 && ended != shell) || (ended < 0 && errno == EINTR));
    sleep(1);
  }
}
