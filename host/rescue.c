/*
 * A shell on a machine's console, while nothing better can be had: the manager cannot be kept up (safe mode), or it asks
 * for the shell by holding a text named "rescue", the reason. It is offered again when it was left.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

#define AGAIN_NS (1000 * MS_NS)
#define REASON_BYTES 1024
#define SAFE_REASON "the manager cannot be kept up; services go on. `exit` offers this again"

/*
 * The device behind /dev/console, which is the last one named: programs know a terminal by its own name, which the name
 * /dev/console hides. A line without a carrier must not hold the shell up.
 */
static int open_console(void) {
  char active[128] = "", path[160] = "/dev/console";
  int list = open("/sys/class/tty/console/active", O_RDONLY | O_CLOEXEC);
  ssize_t length = list < 0 ? 0 : read(list, active, sizeof active - 1);
  if (list >= 0) close(list);
  if (length > 0) active[strcspn(active, "\n")] = '\0';
  const char *space = strrchr(active, ' '), *last = space == NULL ? active : space + 1;
  if (last[0] != '\0') snprintf(path, sizeof path, "/dev/%s", last);
  int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return open("/dev/console", O_RDWR | O_NOCTTY);
  fcntl(fd, F_SETFL, O_RDWR);
  return fd;
}

static void run_shell(const char *reason) {
  static char *const arguments[] = {(char *)"-sh", NULL};
  static char *const variables[] = {(char *)"PATH=/system/bin:/usr/sbin:/usr/bin:/sbin:/bin", (char *)"HOME=/root",
                                    (char *)"TERM=linux", (char *)"PS1=rescue# ", NULL};
  sigset_t none;
  sigemptyset(&none);
  fault_defaults();
  sigprocmask(SIG_SETMASK, &none, NULL);
  setsid();
  int fd = open_console();
  if (fd < 0) _exit(EXIT_CODE_NOT_FOUND);
  ioctl(fd, TIOCSCTTY, 1);
  for (int standard = 0; standard <= 2; standard++) dup2(fd, standard);
  if (fd > 2) close(fd);
  dprintf(2, "\r\ngonit: rescue shell: %s\r\n", reason);
  execve("/bin/sh", arguments, variables);
  dprintf(2, "gonit: there is no /bin/sh\r\n");
  _exit(EXIT_CODE_NOT_FOUND);
}

pid_t rescue_start(const char *reason) {
  pid_t pid = fork();
  if (pid == 0) run_shell(reason);
  return pid;
}

static int is_asked_for(void) { return held_find("rescue") > 0; }

static int is_wanted(void) {
  const struct exits_part *exits = init_ledger.exits;
  if (exits->role != ROLE_VM || getpid() != 1) return 0;
  if (!atomic_load(&exits->safe_mode) && !is_asked_for()) return 0;
  return init->shutdown.phase == SHUTDOWN_NONE && init->rescue.pid == 0;
}

void rescue_hang_up(void) {
  if (init->rescue.pid > 0) kill(-init->rescue.pid, SIGHUP);
}

void rescue_continue(int64_t now) {
  char asked[REASON_BYTES + 1];
  if (init->rescue.pid != 0 && init->rescue.asked && !is_asked_for()) {
    init->rescue.asked = 0; /* the system goes on, and its terminals want the console */
    rescue_hang_up();
  }
  if (!is_wanted() || now < init->rescue.start_ns) return;
  ssize_t length = is_asked_for() ? pread(held_find("rescue"), asked, REASON_BYTES, 0) : 0;
  if (length > 0) asked[length] = '\0';
  pid_t pid = rescue_start(length > 0 ? asked : SAFE_REASON);
  init->rescue.start_ns = now + AGAIN_NS;
  init->rescue.asked = length > 0;
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
    pid_t shell = rescue_start("there is no memory for the ledger"), ended;
    do ended = waitpid(-1, NULL, 0);
    while ((ended > 0 && ended != shell) || (ended < 0 && errno == EINTR));
    sleep(1);
  }
}
