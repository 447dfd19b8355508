// with: spawn.c child.c clone-child.c window.c slots.c features.c test-hook.c
/* What a child sets up for its program, step by step, and how each step fails. */
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>

#include "features.h"
#include "refuse-calls.h"
#include "spawn-world.h"

#define NOBODY 65534

static int is_root(void) { return geteuid() == 0; }

static void expect_failure(struct spawn_request *request, uint32_t stage, int error) {
  int before = count_descriptors();
  struct spawn_result result = spawn(request);
  if (result.stage != stage || result.error != error)
    fprintf(stderr, "stage %u errno %d instead of %u %d\n", result.stage, result.error, stage, error);
  assert(result.stage == stage && result.error == error);
  finish(&result);
  assert(count_descriptors() == before);
}

/* ---- descriptors ---- */

/* A file with one line, at a number or above 100. */
static int file_with(const char *line, int number) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, line);
  int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  assert(write(fd, line, strlen(line)) > 0 && write(fd, "\n", 1) == 1);
  assert(lseek(fd, 0, SEEK_SET) == 0);
  if (number < 0) {
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 100);
    close(fd);
    return high;
  }
  if (fd == number) return fd;
  assert(dup3(fd, number, O_CLOEXEC) == number);
  close(fd);
  return number;
}

static void map_descriptors(void) {
  for (int i = 0; i < 4; i++) file_with((const char *[]){"three", "four", "five", "six"}[i], 3 + i);
  begin();
  struct spawn_request *request = REQUEST("sh", "-c", "cat <&3; cat <&4; cat <&5; cat <&6; ls /proc/self/fd | tr '\\n' ' '");
  add_descriptor(request, 3, 4); /* a circle */
  add_descriptor(request, 4, 5);
  add_descriptor(request, 5, 3);
  add_descriptor(request, 6, 6); /* itself */
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "four\nfive\nthree\nsix\n0 1 2 3 4 5 6 7 ") == 0);

  int high[30];
  request = REQUEST("sh", "-c", "for i in 7 8 9 20 35 63 64 90; do cat /proc/self/fd/$i; done; cat <&0");
  for (int i = 0; i < 8; i++) {
    static const int targets[] = {7, 8, 9, 20, 35, 63, 64, 90};
    static const char *const names[] = {"n7", "n8", "n9", "n20", "n35", "n63", "n64", "n90"};
    high[i] = file_with(names[i], -1);
    add_descriptor(request, targets[i], high[i]);
  }
  add_descriptor(request, 0, 6);
  assert(lseek(6, 0, SEEK_SET) == 0);
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "n7\nn8\nn9\nn20\nn35\nn63\nn64\nn90\nsix\n") == 0);
  for (int i = 0; i < 8; i++) close(high[i]);

  /* One of ours more than once, and /dev/null where nothing was asked for. */
  request = REQUEST("sh", "-c", "readlink /proc/self/fd/0; readlink /proc/self/fd/10; readlink /proc/self/fd/11");
  add_descriptor(request, 10, 6);
  add_descriptor(request, 11, 6);
  assert(run_for_output(request) == 0);
  assert(has_line("/dev/null"));
  char *six = strstr(output, "six");
  assert(six != NULL && strstr(six + 1, "six") != NULL);
}

/* More than a thread's part of the window holds. */
static void map_many(void) {
  begin();
  struct spawn_request *request = REQUEST("ls", "-m", "-v", "/proc/self/fd");
  int fds[60];
  for (int i = 0; i < 60; i++) {
    fds[i] = fcntl(2, F_DUPFD_CLOEXEC, 100);
    add_descriptor(request, 3 + i, fds[i]);
  }
  assert(run_for_output(request) == 0);
  char *last = strrchr(output, ',');
  assert(strncmp(output, "0, 1, 2, 3, ", 12) == 0 && last != NULL);
  assert(strcmp(last, ", 63\n") == 0); /* the folder that ls reads is behind them */
  for (int i = 0; i < 60; i++) close(fds[i]);
}

static void test_descriptors(void) { map_descriptors(); }
static void test_many_descriptors(void) { map_many(); }

static void test_descriptors_without_close_range(void) {
  refuse_new_calls(ENOSYS);
  assert(fcntl(2, F_DUPFD, 300) == 300); /* came from outside without close-on-exec */
  map_descriptors();
  assert(!features_get()->close_range);
  assert(fcntl(2, F_DUPFD_CLOEXEC, 200) == 200);
  assert(run_for_output(REQUEST("sh", "-c", "ls /proc/self/fd | tr '\\n' ' '")) == 0);
  assert(strcmp(output, "0 1 2 3 ") == 0);
  expect_failure(REQUEST("/nowhere"), STAGE_EXEC, ENOENT);
  struct spawn_request *request = REQUEST("/bin/true");
  add_descriptor(request, 4, 9999); /* here the child finds out */
  expect_failure(request, STAGE_DESCRIPTORS, EBADF);
}

static void test_many_descriptors_without_close_range(void) {
  refuse_new_calls(EPERM);
  map_many();
}

/* A FIFO without a writer is no obstacle: the manager opened it without waiting. */
static void test_fifo(void) {
  char path[128];
  snprintf(path, sizeof path, "%s/fifo", folder);
  begin();
  assert(mkfifo(path, 0600) == 0);
  struct spawn_request *request = REQUEST("/bin/sh", "-c", "exit 3");
  int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  add_descriptor(request, 0, fd);
  struct spawn_result result = spawn(request);
  assert(result.stage == STAGE_NONE && finish(&result) == 3);
  close(fd);
  expect_failure(REQUEST(path), STAGE_EXEC, EACCES);
  request = REQUEST("/bin/true");
  request->terminal = path;
  expect_failure(request, STAGE_TERMINAL, ENOTTY);
}

/* ---- program ---- */

static void write_file(const char *name, const char *text, int mode) {
  char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert(fd >= 0 && write(fd, text, strlen(text)) >= 0 && fchmod(fd, (mode_t)mode) == 0);
  close(fd);
}

static struct spawn_request *searching(const char *file, const char *path) {
  struct spawn_request *request = REQUEST(file);
  request->search_path = path;
  return request;
}

static void test_search(void) {
  char path[256], scripts[128], locked[256];
  begin();
  write_file("script", "#!/bin/sh\necho \"$0\"\n", 0755);
  write_file("locked", "#!/bin/sh\n", 0644);
  write_file("text", "echo no shell runs this\n", 0755);
  write_file("lost", "#!/nowhere/shell\n", 0755);
  snprintf(scripts, sizeof scripts, "%s/script", folder);
  snprintf(path, sizeof path, "/nowhere:%s:%s:/bin", scripts, folder); /* a file among the folders */
  assert(run_for_output(searching("script", path)) == 0);
  assert(has_line(scripts));
  assert(run_for_output(searching("true", NULL)) == 0);
  assert(run_for_output(searching("true", "")) == 0);
  expect_failure(searching("locked", path), STAGE_EXEC, EACCES);
  expect_failure(searching("nothing-of-this-name", path), STAGE_EXEC, ENOENT);
  expect_failure(searching("text", path), STAGE_EXEC, ENOEXEC);
  expect_failure(searching("lost", path), STAGE_EXEC, ENOENT);
  expect_failure(searching("", path), STAGE_EXEC, ENOENT);
  struct spawn_request *request = searching("script", "");
  request->search_path = ":/bin"; /* the empty folder is where the program starts */
  request->directory = folder;
  assert(run_for_output(request) == 0);
  snprintf(locked, sizeof locked, "%s/locked", folder);
  expect_failure(REQUEST(locked), STAGE_EXEC, EACCES);
  static char long_name[5000];
  memset(long_name, 'a', sizeof long_name - 1);
  expect_failure(searching(long_name, path), STAGE_EXEC, ENOENT);
}

static void test_environment(void) {
  begin();
  setenv("OURS", "1", 1);
  assert(run_for_output(REQUEST("/usr/bin/env")) == 0);
  assert(strcmp(output, "PATH=/usr/bin:/bin\nMARK=x\n") == 0);
}

static void own_binary(void) {
  int exe = open("/proc/self/exe", O_PATH | O_CLOEXEC);
  assert(spawn_begin(&ledger, exe) == 0);
  struct spawn_request *request = REQUEST("gonit: helper", "--helper");
  request->set |= SPAWN_OWN_BINARY;
  add_descriptor(request, exe, 2); /* exactly where our binary stands */
  assert(run_for_output(request) == 0);
  assert(has_line("gonit: helper runs"));
}

static void test_own_binary(void) { own_binary(); }

static void test_own_binary_without_execveat(void) {
  refuse_new_calls(EPERM);
  own_binary();
}

/* ---- limits and the like ---- */

static void test_limits(void) {
  struct rlimit before = {0, 0};
  begin();
  struct spawn_request *request =
      REQUEST("sh", "-c", "umask; nice; ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; pwd; ulimit -c");
  request->set |= SPAWN_SET_UMASK | SPAWN_SET_NICE | SPAWN_SET_OOM;
  request->umask = 027;
  request->nice = 5;
  request->oom_score_adj = 654;
  request->rlimits[0] = (struct spawn_rlimit){RLIMIT_NOFILE, 100, 200};
  request->rlimits[1] = (struct spawn_rlimit){RLIMIT_CORE, 0, 0};
  request->rlimit_count = 2;
  request->directory = "/usr";
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "0027\n5\n100\n200\n654\n/usr\n0\n") == 0);
  /* All of it is the child's alone. */
  assert(getrlimit(RLIMIT_NOFILE, &before) == 0 && before.rlim_cur != 100);
  assert(getpriority(PRIO_PROCESS, 0) != 5);
  assert(run_for_output(REQUEST("cat", "/proc/self/oom_score_adj")) == 0);
  assert(strcmp(output, "654\n") != 0);

  request = REQUEST("/bin/true");
  request->rlimits[0] = (struct spawn_rlimit){99, 1, 1};
  request->rlimit_count = 1;
  expect_failure(request, STAGE_RLIMITS, EINVAL);
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_OOM;
  request->oom_score_adj = 5000;
  expect_failure(request, STAGE_OOM_SCORE, EINVAL);
  request = REQUEST("/bin/true");
  request->directory = "/nowhere";
  expect_failure(request, STAGE_DIRECTORY, ENOENT);
}

/* What the roles changed for themselves goes back to what init was started with. */
static void test_defaults(void) {
  struct rlimit limit;
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  assert(write(fd, "300", 3) == 3);
  close(fd);
  assert(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  ledger.exits->oom_score_adj = 0;
  ledger.exits->nofile_soft = 123;
  begin();
  assert(run_for_output(REQUEST("sh", "-c", "ulimit -Sn; cat /proc/self/oom_score_adj")) == 0);
  assert(strcmp(output, "123\n0\n") == 0);
  struct spawn_request *request = REQUEST("sh", "-c", "ulimit -Sn; cat /proc/self/oom_score_adj");
  request->set |= SPAWN_SET_OOM;
  request->oom_score_adj = 400;
  request->rlimits[0] = (struct spawn_rlimit){RLIMIT_NOFILE, 77, 99};
  request->rlimit_count = 1;
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "77\n400\n") == 0);
}

static void on_signal(int number) { (void)number; }

static void test_signals(void) {
  signal(SIGUSR1, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGRTMIN + 3, SIG_IGN);
  signal(SIGTERM, on_signal);
  begin();
  assert(run_for_output(REQUEST("grep", "^Sig", "/proc/self/status")) == 0);
  assert(has_line("SigBlk:\t0000000000000000") && has_line("SigIgn:\t0000000000000000"));
  struct spawn_request *request = REQUEST("grep", "^Sig", "/proc/self/status");
  request->signal_mask = 1u << (SIGUSR2 - 1);
  assert(run_for_output(request) == 0);
  assert(has_line("SigBlk:\t0000000000000800"));
}

/* ---- user ---- */

static void test_user(void) {
  if (!is_root()) return;
  gid_t groups[] = {1, 2};
  setgroups(2, groups);
  begin();
  struct spawn_request *request = REQUEST("sh", "-c", "id -u; id -g; id -G; pwd");
  request->set |= SPAWN_SET_USER | SPAWN_SET_GROUP | SPAWN_SET_GROUPS;
  request->uid = NOBODY;
  request->gid = 100;
  request->group_count = 2;
  request->groups[0] = 100;
  request->groups[1] = 4242;
  assert(run_for_output(request) == 0);
  assert(strncmp(output, "65534\n100\n100 4242\n", 19) == 0);
  assert(prctl(PR_GET_DUMPABLE) == 1); /* the child's change of user has not made us unreadable */

  request = REQUEST("sh", "-c", "id -G"); /* a user alone: our own groups must not go along */
  request->set |= SPAWN_SET_USER | SPAWN_SET_GROUP;
  request->uid = request->gid = NOBODY;
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "65534\n") == 0);

  request = REQUEST("sh", "-c", "id -u; id -g"); /* a group alone */
  request->set |= SPAWN_SET_GROUP;
  request->gid = 100;
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "0\n100\n") == 0);

  assert(chmod(folder, 0700) == 0); /* the directory is entered as the user */
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_USER;
  request->uid = NOBODY;
  request->directory = folder;
  expect_failure(request, STAGE_DIRECTORY, EACCES);
  assert(chmod(folder, 0755) == 0);
}

static void test_capabilities(void) {
  if (!is_root()) return;
  begin();
  struct spawn_request *request = REQUEST("grep", "-E", "^Cap|^NoNew|^Uid", "/proc/self/status");
  request->set |= SPAWN_SET_USER | SPAWN_SET_CAPABILITIES | SPAWN_NO_NEW_PRIVILEGES;
  request->uid = NOBODY;
  request->capabilities = 1u << CAP_NET_BIND_SERVICE;
  assert(run_for_output(request) == 0);
  assert(has_line("Uid:\t65534\t65534\t65534\t65534") && has_line("NoNewPrivs:\t1"));
  assert(has_line("CapEff:\t0000000000000400") && has_line("CapPrm:\t0000000000000400"));
  assert(has_line("CapBnd:\t0000000000000400") && has_line("CapAmb:\t0000000000000400"));
  request = REQUEST("grep", "-E", "^Cap", "/proc/self/status"); /* root with next to nothing */
  request->set |= SPAWN_SET_CAPABILITIES;
  request->capabilities = 0;
  assert(run_for_output(request) == 0);
  assert(has_line("CapEff:\t0000000000000000") && has_line("CapBnd:\t0000000000000000"));
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_CAPABILITIES;
  request->capabilities = 1ull << 63; /* there is none: capset drops it, the ambient set refuses it */
  expect_failure(request, STAGE_CAPABILITIES, EINVAL);
}

static struct sock_filter no_mkdir[] = {
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 2, 0),
#ifdef SYS_mkdir
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 1, 0),
#else
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 1, 0),
#endif
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
};

static void test_seccomp(void) {
  begin();
  struct spawn_request *request = REQUEST("sh", "-c", "grep Seccomp: /proc/self/status; mkdir newfolder || echo refused");
  request->set |= SPAWN_NO_NEW_PRIVILEGES;
  request->seccomp = no_mkdir;
  request->seccomp_count = sizeof no_mkdir / sizeof *no_mkdir;
  request->directory = folder;
  assert(run_for_output(request) == 0);
  assert(has_line("Seccomp:\t2") && has_line("refused"));
  request = REQUEST("/bin/true");
  request->set |= SPAWN_NO_NEW_PRIVILEGES;
  request->seccomp = no_mkdir;
  request->seccomp_count = 1; /* does not end in a return */
  expect_failure(request, STAGE_SECCOMP, EINVAL);
}

/* Everything that only root may do. */
static void test_without_privileges(void) {
  if (is_root()) assert(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
  if (is_root()) assert(setresuid(NOBODY, NOBODY, NOBODY) == 0);
  prctl(PR_SET_DUMPABLE, 1);
  begin();
  struct spawn_request *request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_USER;
  expect_failure(request, STAGE_GROUPS, EPERM);
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_GROUP;
  expect_failure(request, STAGE_USER, EPERM);
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_NICE;
  request->nice = -5;
  expect_failure(request, STAGE_NICE, EACCES);
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_OOM;
  request->oom_score_adj = -500;
  expect_failure(request, STAGE_OOM_SCORE, EACCES);
  request = REQUEST("/bin/true");
  request->root = "/";
  expect_failure(request, STAGE_ROOT, EPERM);
  request = REQUEST("/bin/true");
  request->namespaces = CLONE_NEWUTS;
  expect_failure(request, STAGE_NAMESPACES, EPERM);
  request = REQUEST("/bin/true");
  request->namespaces = CLONE_NEWPID;
  expect_failure(request, STAGE_NAMESPACES, EPERM);
  request = REQUEST("/bin/true");
  request->set |= SPAWN_SET_CAPABILITIES;
  expect_failure(request, STAGE_CAPABILITIES, EPERM);
  request = REQUEST("/bin/true");
  request->seccomp = no_mkdir;
  request->seccomp_count = sizeof no_mkdir / sizeof *no_mkdir;
  expect_failure(request, STAGE_SECCOMP, EACCES);
  request = REQUEST("/bin/true"); /* who we are already, we may become */
  request->set |= SPAWN_SET_USER | SPAWN_SET_GROUP | SPAWN_SET_GROUPS;
  request->uid = getuid();
  request->gid = getgid();
  request->group_count = 1;
  request->groups[0] = getgid();
  struct spawn_result result = spawn(request);
  assert(result.stage == STAGE_NONE && finish(&result) == 0);
}

/* ---- namespaces and root ---- */

static void test_namespaces(void) {
  if (!is_root()) return;
  begin();
  struct spawn_request *request = REQUEST("sh", "-c", "echo $$; cat /proc/mounts | wc -l; mount -t tmpfs none /mnt");
  request->namespaces = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC;
  assert(run_for_output(request) == 0);
  assert(strncmp(output, "1\n", 2) == 0);
  assert(run_for_output(REQUEST("grep", "-c", " /mnt tmpfs", "/proc/mounts")) == 1); /* it was mounted there alone */
  request = REQUEST("/bin/true");
  request->namespaces = CLONE_NEWUSER;
  expect_failure(request, STAGE_NAMESPACES, EINVAL);
  request = REQUEST("/bin/true");
  request->root = folder;
  expect_failure(request, STAGE_EXEC, ENOENT);
  request = REQUEST("/bin/true");
  request->root = "/nowhere";
  expect_failure(request, STAGE_ROOT, ENOENT);
  request = REQUEST("sh", "-c", "pwd; cat /proc/self/oom_score_adj");
  request->root = "/";
  request->set |= SPAWN_SET_OOM;
  request->oom_score_adj = 7;
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "/\n7\n") == 0);
}

static void try_cgroup(const char *root) {
  char path[400], line[400];
  snprintf(path, sizeof path, "%s/gonit-test-%d", root, (int)getpid());
  struct spawn_request *request = REQUEST("cat", "/proc/self/cgroup");
  request->cgroup = path;
  int code = run_for_output(request);
  snprintf(line, sizeof line, "/gonit-test-%d\n", (int)getpid());
  int found = strstr(output, line) != NULL;
  assert(rmdir(path) == 0);
  assert(code == 0 && found);
}

static void test_cgroup(void) {
  begin();
  const char *root = features_get()->cgroup_root;
  struct spawn_request *request = REQUEST("/bin/true");
  request->cgroup = "/nowhere/group";
  expect_failure(request, STAGE_CGROUP, ENOENT);
  request = REQUEST("/bin/true");
  request->cgroup = folder; /* no cgroup */
  expect_failure(request, STAGE_CGROUP, ENOENT);
  if (root[0] != '\0') try_cgroup(root);
  else printf("notice: no writable cgroup2 here\n");
}

static void test_cgroup_without_clone3(void) {
  refuse_new_calls(ENOSYS);
  begin();
  assert(!features_get()->into_cgroup);
  if (features_get()->cgroup_root[0] != '\0') try_cgroup(features_get()->cgroup_root);
}

/* ---- terminal and session ---- */

static int open_pair(char *name, size_t size) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  assert(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  assert(ptsname_r(master, name, size) == 0);
  return master;
}

static void read_master(int master, const char *until) {
  size_t used = 0;
  struct pollfd ready = {.fd = master, .events = POLLIN};
  output[0] = '\0';
  while (strstr(output, until) == NULL) {
    assert(poll(&ready, 1, 20000) == 1);
    ssize_t got = read(master, output + used, sizeof output - 1 - used);
    assert(got > 0);
    output[used += (size_t)got] = '\0';
  }
}

static const char *const terminal_script = "stty -opost; tty; ps -o tpgid= -p $$ | tr -d ' '; echo $$; echo end";

static void check_terminal(int master, const char *name, const struct spawn_result *result) {
  char expected[200];
  read_master(master, "end\n");
  snprintf(expected, sizeof expected, "%s\n%d\n%d\nend\n", name, result->pid, result->pid);
  if (strstr(output, expected) == NULL) fprintf(stderr, "[%s] instead of [%s]\n", output, expected);
  assert(strstr(output, expected) != NULL);
  assert(finish(result) == 0);
}

static void test_terminal(void) {
  char name[100];
  begin();
  int master = open_pair(name, sizeof name);
  struct spawn_request *request = REQUEST("sh", "-c", terminal_script);
  request->terminal = name;
  for (int i = 0; i < 3; i++) add_descriptor(request, i, SPAWN_FROM_TERMINAL);
  struct spawn_result result = spawn(request);
  assert(result.stage == STAGE_NONE);
  int keep = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC); /* so that output is not lost with the last user */
  check_terminal(master, name, &result);

  request = REQUEST("sh", "-c", terminal_script);
  request->set |= SPAWN_TERMINAL_FD;
  request->terminal_fd = keep;
  for (int i = 0; i < 3; i++) add_descriptor(request, i, keep);
  result = spawn(request);
  assert(result.stage == STAGE_NONE);
  check_terminal(master, name, &result);
  close(keep);
  close(master);

  request = REQUEST("/bin/true");
  request->terminal = "/dev/null";
  expect_failure(request, STAGE_TERMINAL, ENOTTY);
  request = REQUEST("/bin/true");
  request->terminal = "/nowhere";
  expect_failure(request, STAGE_TERMINAL, ENOENT);
}

static struct spawn_request *kept(int terminal, const char *script) {
  struct spawn_request *request = REQUEST("sh", "-c", script);
  request->set |= SPAWN_KEEP_SESSION | SPAWN_TERMINAL_FD;
  request->terminal_fd = terminal;
  for (int i = 0; i < 3; i++) add_descriptor(request, i, terminal);
  return request;
}

static void test_session_kept(void) {
  char name[100];
  assert(setsid() == getpid());
  int master = open_pair(name, sizeof name);
  int terminal = open(name, O_RDWR | O_CLOEXEC); /* becomes ours */
  assert(terminal >= 0 && tcgetpgrp(terminal) == getpid());
  begin();
  struct spawn_result result = spawn(kept(terminal, "stty -opost; ps -o pgid=,sid=,tpgid= -p $$; echo end"));
  assert(result.stage == STAGE_NONE);
  read_master(master, "end\n");
  int group, session, foreground;
  assert(sscanf(output, "%d %d %d", &group, &session, &foreground) == 3);
  assert(group == result.pid && session == getpid() && foreground == result.pid);
  finish(&result);
  /* The foreground is the first one's still: we are in the background, and take it from nobody. */
  result = spawn(kept(terminal, "exec true"));
  assert(result.stage == STAGE_NONE && tcgetpgrp(terminal) == foreground);
  finish(&result);
}

/* ---- init's death ---- */

/* Grandchild of the test: an init that is killed while its manager lives and a child of both runs. */
static void init_that_dies(int is_user, int *ends) {
  make_world();
  atomic_store(&ledger.exits->init_life, 0);
  pid_t manager = fork();
  if (manager == 0) {
    begin();
    struct spawn_request *request = REQUEST("/bin/sh", "-c", "trap 'echo got it; exit 0' TERM; echo $$; while :; do sleep 0.05; done");
    request->parent_death_signal = SIGTERM;
    if (is_user) {
      request->set |= SPAWN_SET_USER;
      request->uid = NOBODY;
    }
    add_descriptor(request, 1, ends[1]);
    struct spawn_result result = spawn(request);
    assert(result.stage == STAGE_NONE);
    close(ends[1]);
    pause();
  }
  pause();
}

static void try_init_dies(int is_user) {
  int ends[2];
  char text[100] = "";
  size_t used = 0;
  ssize_t got;
  assert(pipe2(ends, O_CLOEXEC) == 0);
  assert(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  pid_t init = fork();
  if (init == 0) init_that_dies(is_user, ends);
  close(ends[1]);
  assert((got = read(ends[0], text, sizeof text - 1)) > 0); /* the trap is set */
  kill(init, SIGKILL);
  while ((got = read(ends[0], text + used, sizeof text - 1 - used)) > 0) used += (size_t)got, text[used] = '\0';
  assert(strcmp(text, "got it\n") == 0);
  close(ends[0]);
}

/* The manager of the dead init comes to the helper, a subreaper, and is ended there. */
static void test_init_dies(void) {
  for (int is_user = 0; is_user <= is_root(); is_user++) {
    int status;
    fflush(NULL);
    pid_t helper = fork();
    if (helper == 0) {
      try_init_dies(is_user);
      end_rest();
      _exit(0);
    }
    assert(waitpid(helper, &status, 0) == helper && status == 0);
  }
  printf("init's death is a signal for its services\n");
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--helper") == 0) {
    printf("%s runs\n", argv[0]);
    return 0;
  }
  run_in_manager("descriptors: circles, high and low numbers", test_descriptors);
  run_in_manager("descriptors: more than the window holds", test_many_descriptors);
  run_in_manager("descriptors without close_range", test_descriptors_without_close_range);
  run_in_manager("many descriptors without close_range", test_many_descriptors_without_close_range);
  run_in_manager("a FIFO blocks nothing", test_fifo);
  run_in_manager("programs are found along the search path", test_search);
  run_in_manager("the environment is the request's", test_environment);
  run_in_manager("our own binary", test_own_binary);
  run_in_manager("our own binary without execveat", test_own_binary_without_execveat);
  run_in_manager("umask, nice, limits, oom score, directory", test_limits);
  run_in_manager("what the roles changed goes back", test_defaults);
  run_in_manager("signals are default and unblocked", test_signals);
  run_in_manager("user and groups", test_user);
  run_in_manager("capabilities", test_capabilities);
  run_in_manager("seccomp", test_seccomp);
  run_in_manager("every step that needs privileges", test_without_privileges);
  run_in_manager("namespaces and root", test_namespaces);
  run_in_manager("cgroup", test_cgroup);
  run_in_manager("cgroup without clone3", test_cgroup_without_clone3);
  run_in_manager("terminal", test_terminal);
  run_in_manager("a session that is kept", test_session_kept);
  test_init_dies();
  remove_folder();
  return 0;
}
