/* prints-environment [sleep]: what it was started with, a line each: "cwd", "uid" (real and effective), "gid", "groups",
 * "umask", "nice", "pid", "parent", "group", "session", "terminal", "blocked" and "ignored" (signal numbers), "fds",
 * "nofile", "argv N" and "env NAME=VALUE"; then "end". With an argument it sleeps after that. */
#include <dirent.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "child.h"

static void print_groups(void) {
  gid_t groups[256];
  int count = getgroups(256, groups);
  printf("groups");
  for (int i = 0; i < count; i++) printf(" %u", (unsigned)groups[i]);
  printf("\n");
}

static void print_signals(void) {
  sigset_t blocked;
  struct sigaction action;
  sigprocmask(SIG_SETMASK, NULL, &blocked);
  printf("blocked");
  for (int number = 1; number <= 64; number++)
    if (sigismember(&blocked, number) == 1) printf(" %d", number);
  printf("\nignored");
  for (int number = 1; number <= 64; number++)
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN) printf(" %d", number);
  printf("\n");
}

static void print_descriptors(void) {
  printf("fds");
  for (int fd = 0; fd < 4096; fd++)
    if (fcntl(fd, F_GETFD) >= 0) printf(" %d", fd);
  printf("\n");
}

static void print_session(void) {
  int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK);
  printf("pid %d\nparent %d\ngroup %d\nsession %d\n", getpid(), getppid(), getpgrp(), getsid(0));
  printf("terminal %s\n", fd >= 0 ? "yes" : "no");
  if (fd >= 0) close(fd);
}

int main(int argc, char **argv) {
  char path[4096];
  struct rlimit limit;
  mode_t mask = umask(0);
  umask(mask);
  printf("cwd %s\n", getcwd(path, sizeof path) != NULL ? path : "?");
  printf("uid %u %u\ngid %u %u\n", getuid(), geteuid(), getgid(), getegid());
  print_groups();
  printf("umask %04o\nnice %d\n", (unsigned)mask, getpriority(PRIO_PROCESS, 0));
  print_session();
  print_signals();
  print_descriptors();
  getrlimit(RLIMIT_NOFILE, &limit);
  printf("nofile %llu %llu\n", (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
  for (int i = 0; i < argc; i++) printf("argv %s\n", argv[i]);
  for (char **entry = environ; *entry != NULL; entry++) printf("env %s\n", *entry);
  printf("end\n");
  if (fflush(stdout) != 0) return 1;
  if (argc > 1) sleep_for_ever();
  return 0;
}
