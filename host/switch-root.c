/*
 * From the initramfs to the root file system that the kernel's command line names (root=). Mounting it is the work of a
 * child, the built-in program `initramfs`: modules, waiting for the device, labels, file system checks. We then move the
 * kernel's file systems over, free the memory of the initramfs, and execute the new root's init as the same process 1.
 *
 * Nothing here gives up: when there is no root, the reason stands on the console above a rescue shell, and it is tried
 * again when the shell ends.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "init.h"
#include "kernel-words.h"
#include "report.h"

#ifndef SYS_execveat
#define SYS_execveat (-1) /* the kernel answers ENOSYS */
#endif
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH, execveat(2) */
#define NEW_ROOT "/sysroot"
#define DEPTH_MAX 64
#define AGAIN_S 5
#define VARIABLES_MAX 64

extern char **environ;

static int is_initramfs(void) {
  struct statfs root;
  return statfs("/", &root) == 0 && (root.f_type == RAMFS_MAGIC || root.f_type == TMPFS_MAGIC);
}

/* Before the loop nobody takes signals, so the wait for a child takes those that end the machine as well. */
static int await(pid_t pid) {
  static const int numbers[] = {SIGCHLD, SIGINT, SIGTERM, SIGPWR, 37, 38, 39};
  sigset_t set;
  int status;
  sigemptyset(&set);
  for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++) sigaddset(&set, numbers[i]);
  for (;;) {
    for (pid_t ended; (ended = waitpid(-1, &status, WNOHANG)) != 0;) {
      if (ended == pid) return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_CODE_FAILED;
      if (ended < 0 && errno == ECHILD) return EXIT_CODE_FAILED;
    }
    int signal = sigwaitinfo(&set, NULL), mode = signal > 0 ? init_machine_mode(signal) : 0;
    if (mode == 0) continue;
    machine_bring_in_order();
    machine_end(mode);
  }
}

static void offer_shell(const char *reason) {
  pid_t pid = rescue_start(reason);
  if (pid < 0 || await(pid) == EXIT_CODE_NOT_FOUND) sleep(AGAIN_S); /* no shell here: all that can be done is to try again */
}

static pid_t start_mounting(void) {
  static char *const argv[] = {(char *)"gonit: initramfs", NULL};
  sigset_t none;
  pid_t pid = fork();
  if (pid != 0) return pid;
  sigemptyset(&none);
  fault_defaults();
  sigprocmask(SIG_SETMASK, &none, NULL);
  syscall(SYS_execveat, init->exe_fd, "", argv, environ, EMPTY_PATH);
  execve("/proc/self/exe", argv, environ);
  _exit(EXIT_CODE_NOT_FOUND);
}

static void mount_root(void) {
  for (;;) {
    pid_t pid = start_mounting();
    if (pid > 0 && await(pid) == 0) return;
    offer_shell("the root file system cannot be mounted, the reason stands above; `exit` tries again");
  }
}

/* Frees what the kernel unpacked. Other file systems are not entered. */
static void remove_below(int folder, dev_t device, int depth) {
  DIR *directory = fdopendir(folder);
  if (directory == NULL) {
    close(folder);
    return;
  }
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    struct stat status;
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if (fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || status.st_dev != device) continue;
    if (!S_ISDIR(status.st_mode)) {
      unlinkat(folder, entry->d_name, 0);
      continue;
    }
    int inner = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner >= 0 && depth < DEPTH_MAX) remove_below(inner, device, depth + 1);
    else if (inner >= 0) close(inner);
    unlinkat(folder, entry->d_name, AT_REMOVEDIR);
  }
  closedir(directory);
}

static void move_api_mounts(void) {
  static const char *const points[] = {"/dev", "/proc", "/sys", "/run"};
  char target[sizeof NEW_ROOT + 8];
  umount2("/tmp", MNT_DETACH);
  for (unsigned i = 0; i < sizeof points / sizeof points[0]; i++) {
    snprintf(target, sizeof target, NEW_ROOT "%s", points[i]);
    mkdir(target, 0755);
    if (mount(points[i], target, NULL, MS_MOVE, NULL) < 0) umount2(points[i], MNT_DETACH);
  }
}

/* 0 or -errno; the old root is still in place then. */
static int enter_new_root(void) {
  struct stat old;
  int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0 || fstat(folder, &old) < 0) return -errno;
  move_api_mounts();
  if (chdir(NEW_ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0) return -errno;
  if (chroot(".") < 0 || chdir("/") < 0) return -errno;
  remove_below(folder, old.st_dev, 0);
  return 0;
}

/* The environment for the next init, with the moment at which this one began: `gonit analyze boot` shows it. */
static char **with_moment(const struct timespec *began) {
  static char text[48], *variables[VARIABLES_MAX + 2];
  unsigned count = 0;
  for (; count < VARIABLES_MAX && environ[count] != NULL; count++) variables[count] = environ[count];
  snprintf(text, sizeof text, "GONIT_INITRAMFS_MS=%lld", (long long)began->tv_sec * 1000 + began->tv_nsec / 1000000);
  variables[count] = text;
  return variables;
}

/* Returns only when none of them can be executed. */
static void execute_init(char **variables) {
  static char named[256];
  const char *const paths[] = {kernel_word("init", named, sizeof named) ? named : "", "/system/gonit", "/sbin/init"};
  for (unsigned i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (paths[i][0] != '/') continue;
    init_argv[0] = (char *)paths[i];
    execve(paths[i], init_argv, variables);
  }
}

void switch_root(void) {
  char root[256];
  struct timespec began;
  clock_gettime(CLOCK_BOOTTIME, &began);
  if (!is_initramfs() || !kernel_word("root", root, sizeof root) || root[0] == '\0') return;
  mkdir(NEW_ROOT, 0755);
  mount_root();
  int result = enter_new_root();
  if (result < 0)
    report("error", "Cannot enter the root file system", REPORT_FIELDS({"error", report_error(-result), 0}));
  for (;;) {
    execute_init(with_moment(&began));
    offer_shell("the root file system holds no init: neither init= nor /system/gonit nor /sbin/init can be run");
  }
}
