// with: isolated.c isolated-root.c isolated-read-only.c isolated-mounts.c isolated-commands.c isolated-configuration.c isolated-users.c isolated-console.c relay.c
/*
 * What is true inside the little system, seen from its process 1, and what happens where a step of its set-up is refused.
 *
 * Each case is a process: it enters, and its process 1 runs the case's checks and ends with 0. LeakSanitizer cannot
 * work in it, so all end by _exit(2).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/reboot.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../host/isolated.h"
#include "../../host/relay.h"

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define REFUSED 100

/* assert() ends by SIGABRT, which process 1 of a namespace ignores. */
#define check(condition) \
  do { \
    if (!(condition)) give_up(__LINE__, #condition); \
  } while (0)

static char folder[] = "/tmp/gonit-isolated-XXXXXX";
static char socket_path[128], abstract_name[64], file[128], linked[128];
static int listener = -1, abstract_listener = -1;
static struct isolated isolated;
static pid_t test_pid;

static void clear_stage(void) {
  unlink(file);
  if (linked[0] != '\0') *strrchr(linked, '/') = '\0';
  unlink(linked);
  rmdir(folder);
  unlink(socket_path);
  unlink("/tmp/gonit-isolated-alone.yml");
}

__attribute__((noreturn)) static void give_up(int line, const char *text) {
  fprintf(stderr, "line %d: %s (%s)\n", line, text, strerror(errno));
  if (getpid() == test_pid) clear_stage();
  _exit(1);
}

static int make_listener(const char *name, int is_abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
  strcpy(address.sun_path + is_abstract, name);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(bind(fd, (struct sockaddr *)&address, size) == 0 && listen(fd, 8) == 0);
  return fd;
}

static int can_connect(const char *name, int is_abstract) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + 1);
  strcpy(address.sun_path + is_abstract, name);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int result = connect(fd, (struct sockaddr *)&address, size) == 0;
  close(fd);
  return result;
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  check(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

/* Runs a case: `before` in the process that enters, `inside` as process 1. Exit code, REFUSED where it was refused. */
static int run(void (*before)(void), int (*inside)(void), const char *configuration) {
  char *argv[] = {"gonit", "up", "--isolated", "-f", (char *)configuration, NULL};
  int status;
  fflush(NULL);
  pid_t pid = fork();
  check(pid >= 0);
  if (pid == 0) {
    if (before != NULL) before();
    int code = isolated_enter(5, argv, &isolated);
    if (code >= 0) _exit(code);
    if (isolated.inside) _exit(inside());
    fprintf(stderr, "refused: %s: %s\n", isolated.failed_step, strerror(isolated.error));
    _exit(REFUSED);
  }
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void become_ordinary(void) {
  check(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
  /* As after an exec: else /proc/self belongs to root, and nobody could write its uid_map. */
  check(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) == 0);
}

static int is_read_only(const char *path) {
  struct statvfs status;
  return statvfs(path, &status) == 0 && (status.f_flag & ST_RDONLY) != 0;
}

static void check_files(void) {
  struct statvfs status;
  check(is_read_only("/") && is_read_only("/etc") && is_read_only("/usr") && is_read_only("/sys"));
  check(open("/etc/gonit-test", O_WRONLY | O_CREAT, 0600) < 0 && (errno == EROFS || errno == EACCES));
  check(open("/gonit-test", O_WRONLY | O_CREAT, 0600) < 0 && errno == EROFS);
  static const char *const fresh[] = {"/run/x", "/tmp/x", "/system/x", "/dev/shm/x"};
  for (int i = 0; i < 4; i++) {
    write_file(fresh[i], "x");
    check(statvfs(fresh[i], &status) == 0);
  }
  check(access(ISOLATED_HOST, F_OK) < 0);
}

static void check_devices(void) {
  static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
  DIR *directory = opendir("/dev");
  struct dirent *entry;
  struct stat status;
  char path[300];
  check(directory != NULL);
  while ((entry = readdir(directory)) != NULL) {
    int known = 0;
    snprintf(path, sizeof path, "/dev/%s", entry->d_name);
    check(lstat(path, &status) == 0);
    for (int i = 0; i < 6; i++) known |= strcmp(nodes[i], entry->d_name) == 0;
    check(known || !(S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode) || S_ISSOCK(status.st_mode)));
  }
  closedir(directory);
  int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  check(fd >= 0 && write(fd, "x", 1) == 1);
  close(fd);
  fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  check(fd >= 0);
  close(fd);
}

static void check_commands(void) {
  static const char *const names[] = {"poweroff", "reboot", "halt", "shutdown"};
  static const char *const folders[] = {"/sbin", "/usr/sbin", "/bin", "/usr/bin", "/system/bin"};
  struct stat ours, found;
  char path[64];
  int covered = 0;
  check(stat("/proc/self/exe", &ours) == 0);
  check(stat("/system/gonit", &found) == 0 && found.st_ino == ours.st_ino && found.st_dev == ours.st_dev);
  check(stat("/system/bin/gonit", &found) == 0 && found.st_ino == ours.st_ino);
  for (int i = 0; i < 4; i++) {
    for (int k = 0; k < 5; k++) {
      snprintf(path, sizeof path, "%s/%s", folders[k], names[i]);
      if (stat(path, &found) < 0) continue;
      check(found.st_ino == ours.st_ino && found.st_dev == ours.st_dev);
      covered++;
    }
  }
  check(covered >= 4);
  /* Covering a link must not cover what it points to. */
  if (stat("/bin/systemctl", &found) == 0) check(found.st_ino != ours.st_ino);
  check(strncmp(getenv("PATH"), "/system/bin:", 12) == 0);
}

static void check_process(void) {
  char name[64], path[64];
  int count = 0;
  check(getpid() == 1 && getuid() == 0 && getsid(0) == 1);
  check(gethostname(name, sizeof name) == 0 && strcmp(name, "gonit") == 0);
  check(isolated.failed_step == NULL);
  for (int fd = 3; fd < 1024; fd++) count += fcntl(fd, F_GETFD) >= 0;
  check(count == 0);
  check(getenv("XDG_RUNTIME_DIR") == NULL && getenv("DBUS_SESSION_BUS_ADDRESS") == NULL);
  check(getenv("GONIT_CONSOLE") == NULL);
  snprintf(path, sizeof path, "/proc/%d", 1);
  check(access(path, F_OK) == 0);
  check(prctl(PR_CAPBSET_READ, 25 /* CAP_SYS_TIME */, 0, 0, 0) == 0);
}

static void check_host_is_away(void) {
  check(!can_connect(socket_path, 0));
  check(!can_connect(abstract_name, 1));
  struct stat status;
  check(stat("/run", &status) == 0);
  DIR *directory = opendir("/run");
  struct dirent *entry;
  while ((entry = readdir(directory)) != NULL) check(entry->d_name[0] == '.' || strcmp(entry->d_name, "lock") == 0);
  closedir(directory);
  /* What changes the host's kernel may not be written, whoever asks. */
  check(access("/proc/sysrq-trigger", F_OK) < 0 || open("/proc/sysrq-trigger", O_WRONLY) < 0);
  check(open("/proc/sys/kernel/panic", O_WRONLY) < 0);
}

static void check_configuration(void) {
  char text[64] = {0};
  int fd = open("/system/config.yml", O_RDONLY | O_CLOEXEC);
  check(fd >= 0 && read(fd, text, sizeof text) == 8 && memcmp(text, "title: x", 8) == 0);
  close(fd);
  fd = open(file, O_RDONLY | O_CLOEXEC);
  check(fd >= 0);
  close(fd);
  check(is_read_only(folder));
}

static int check_all(void) {
  check_process();
  check_host_is_away();
  check_configuration();
  check_commands();
  check_files();
  check_devices();
  return 0;
}

static int check_linked(void) {
  check(access(linked, R_OK) == 0);
  check(access(file, R_OK) == 0);
  return 0;
}

/* The file alone, and nothing else of the host's /tmp. */
static int check_alone(void) {
  check(access("/tmp/gonit-isolated-alone.yml", R_OK) == 0);
  check(access(folder, F_OK) < 0);
  return 0;
}

static int check_copied(void) {
  struct stat ours, copy, covered;
  check(stat("/proc/self/exe", &ours) == 0 && stat("/system/gonit", &copy) == 0);
  check(copy.st_ino != ours.st_ino && copy.st_size == ours.st_size && (copy.st_mode & 07777) == 0755);
  if (stat("/usr/sbin/poweroff", &covered) == 0) check(covered.st_ino == copy.st_ino);
  return 0;
}

/* A program that was removed, as after an upgrade, cannot be bound: it is copied. */
static void test_deleted_program(void) {
  char path[160], command[400];
  int status;
  snprintf(path, sizeof path, "%s/program", folder);
  snprintf(command, sizeof command, "cp /proc/%d/exe %s", (int)getpid(), path);
  check(system(command) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    execl(path, path, "deleted", file, (char *)NULL);
    _exit(1);
  }
  check(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static int run_deleted(const char *program, const char *configuration) {
  check(unlink(program) == 0);
  return run(NULL, check_copied, configuration);
}

static int ends_with_7(void) { return 7; }

static int ends_by_reboot(void) {
  /* Never where we are not process 1 of a namespace: it would end this machine. */
  if (getpid() != 1 || !isolated.inside) return 1;
  reboot(LINUX_REBOOT_CMD_POWER_OFF);
  return 1;
}

static void refuse_call(int number, int code) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (unsigned)code),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = 4, .filter = filter};
  check(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void without_mount_setattr(void) { refuse_call(SYS_mount_setattr, ENOSYS); }
static void ordinary_without_mount_setattr(void) {
  become_ordinary();
  without_mount_setattr();
}
static void without_pivot_root(void) { refuse_call(SYS_pivot_root, EPERM); }
static void without_clone(void) { refuse_call(SYS_clone, EPERM); }

/* A part of /proc that somebody mightier covered: the kernel then refuses a new one in a user namespace, which would
 * uncover it. So it is in most containers. */
static void with_covered_proc(void) {
  check(unshare(CLONE_NEWNS) == 0);
  check(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  check(mount("none", "/proc/sys", "tmpfs", 0, NULL) == 0);
  check(unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/gid_map", "0 0 1");
  write_file("/proc/self/uid_map", "0 0 1");
}

static int check_notice(void) {
  int found = 0;
  for (int i = 0; isolated.notices[i] != NULL; i++) found |= strstr(isolated.notices[i], "/proc is the host's") != NULL;
  check(found);
  /* The host's, so not our numbers. */
  char text[32];
  ssize_t length = readlink("/proc/self", text, sizeof text - 1);
  check(length > 0);
  text[length] = '\0';
  check(strcmp(text, "1") != 0);
  check(is_read_only("/proc"));
  return 0;
}

static const char *wanted_step;

static int refused_step(const char *step, int error) {
  char *argv[] = {"gonit", "up", "--isolated", "-f", file, NULL};
  setenv("GONIT_TEST_ISOLATED_REFUSE", step, 1);
  int result = isolated_enter(5, argv, &isolated);
  unsetenv("GONIT_TEST_ISOLATED_REFUSE");
  if (isolated.inside) _exit(1);
  check(result == -1 && isolated.failed_step != NULL);
  if (strcmp(isolated.failed_step, step) != 0) fprintf(stderr, "it is: %s\n", isolated.failed_step);
  check(strcmp(isolated.failed_step, step) == 0 && isolated.error == error);
  /* The one inside is gone, and nobody is left to reap. */
  check(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
  return 0;
}

static void test_refused_steps(void) {
  static const char *const steps[] = {
      "make the mounts private", "change the root",   "mount devpts on /dev/pts", "mount tmpfs on /run",
      "take over /etc",          "set the host name", "leave the host's root",    "make /etc read-only",
      "place gonit at /system/gonit",
  };
  for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
    wanted_step = steps[i];
    refused_step(wanted_step, EPERM);
  }
}

/* Both by the kernel, not by a hook. */
static int refused_by(void (*before)(void), const char *step) {
  int status;
  fflush(NULL);
  pid_t pid = fork();
  if (pid == 0) {
    before();
    refused_step(step, EPERM);
    _exit(0);
  }
  check(waitpid(pid, &status, 0) == pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void test_outer_is_killed(void) {
  char *argv[] = {"gonit", "up", "--isolated", NULL};
  int ends[2], status;
  char byte;
  check(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    /* The one inside closes all but its standard descriptors; its standard output says whether it lives. */
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    close(ends[1]);
    if (isolated_enter(3, argv, &isolated) >= 0 || !isolated.inside) _exit(1);
    check(write(STDOUT_FILENO, "r", 1) == 1);
    while (pause() < 0) continue;
  }
  close(ends[1]);
  check(read(ends[0], &byte, 1) == 1);
  kill(pid, SIGKILL);
  check(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
  check(read(ends[0], &byte, 1) == 0);
  close(ends[0]);
}

static void set_stage(void) {
  check(mkdtemp(folder) != NULL && chmod(folder, 0755) == 0);
  snprintf(file, sizeof file, "%s/config.yml", folder);
  write_file(file, "title: x");
  snprintf(linked, sizeof linked, "%s-link", folder);
  check(symlink(folder, linked) == 0);
  snprintf(linked, sizeof linked, "%s-link/config.yml", folder);
  snprintf(socket_path, sizeof socket_path, "/run/gonit-isolated-%d.sock", (int)getpid());
  listener = make_listener(socket_path, 0);
  check(chmod(socket_path, 0777) == 0);
  snprintf(abstract_name, sizeof abstract_name, "gonit-isolated-%d", (int)getpid());
  abstract_listener = make_listener(abstract_name, 1);
  /* From outside both can be reached: else the test inside would prove nothing. */
  check(can_connect(socket_path, 0) && can_connect(abstract_name, 1));
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "deleted") == 0) return run_deleted(argv[0], argv[2]);
  if (geteuid() != 0) {
    printf("skipped: not root\n");
    return 0;
  }
  test_pid = getpid();
  set_stage();
  setenv("XDG_RUNTIME_DIR", "/run/user/0", 1);
  check(run(NULL, check_all, file) == 0);
  check(run(become_ordinary, check_all, file) == 0);
  check(run(without_mount_setattr, check_all, file) == 0);
  check(run(ordinary_without_mount_setattr, check_all, file) == 0);
  check(run(with_covered_proc, check_notice, file) == 0);
  check(run(NULL, check_linked, linked) == 0);
  write_file("/tmp/gonit-isolated-alone.yml", "title: x");
  check(run(NULL, check_alone, "/tmp/gonit-isolated-alone.yml") == 0);
  check(run(NULL, ends_with_7, file) == 7);
  check(run(NULL, ends_by_reboot, file) == 0);
  test_refused_steps();
  check(refused_by(without_pivot_root, "change the root") == 0);
  check(refused_by(without_clone, "make namespaces") == 0);
  test_outer_is_killed();
  test_deleted_program();
  clear_stage();
  return 0;
}
