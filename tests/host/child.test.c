// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* What a child sets up for its program: descriptors, search path, environment, limits and signals; each step can fail. */
#include <sys/resource.h>

#include "features.h"
#include "refuse-calls.h"
#include "spawn-world.h"

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

/* The number is the program's own, as sd_listen_fds(3) wants it; what only looks alike is left as it is. */
static void test_listen_pid(void) {
  begin();
  static char pid[] = "LISTEN_PID=0000000000", other[] = "LISTEN_PIDS=0000000000", path[] = "PATH=/usr/bin:/bin";
  static char *environment[] = {other, pid, path, NULL};
  struct spawn_request *request =
      REQUEST("/bin/sh", "-c", "test $LISTEN_PID = $$ && test $LISTEN_PIDS = 0000000000 && echo mine");
  request->envp = environment;
  request->set |= SPAWN_LISTEN_PID;
  assert(run_for_output(request) == 0);
  assert(has_line("mine"));
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
  int own = getpriority(PRIO_PROCESS, 0);
  char expected[64];
  begin();
  struct spawn_request *request =
      REQUEST("sh", "-c", "umask; nice; ulimit -Sn; ulimit -Hn; cat /proc/self/oom_score_adj; pwd; ulimit -c");
  request->set |= SPAWN_SET_UMASK | SPAWN_SET_NICE | SPAWN_SET_OOM;
  request->umask = 027;
  request->nice = own < 19 ? own + 1 : 18;
  snprintf(expected, sizeof expected, "0027\n%d\n100\n200\n654\n/usr\n0\n", request->nice);
  request->oom_score_adj = 654;
  request->rlimits[0] = (struct spawn_rlimit){RLIMIT_NOFILE, 100, 200};
  request->rlimits[1] = (struct spawn_rlimit){RLIMIT_CORE, 0, 0};
  request->rlimit_count = 2;
  request->directory = "/usr";
  assert(run_for_output(request) == 0);
  assert(strcmp(output, expected) == 0);
  /* All of it is the child's alone. */
  assert(getrlimit(RLIMIT_NOFILE, &before) == 0 && before.rlim_cur != 100);
  assert(getpriority(PRIO_PROCESS, 0) == own);
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
  /* Who keeps its session has those of gonit's own start: HUP and RTMIN+3 ignored, TERM blocked. */
  ledger.exits->ignored = UINT64_C(1) << (SIGHUP - 1) | UINT64_C(1) << 36;
  ledger.exits->blocked = UINT64_C(1) << (SIGTERM - 1);
  assert(run_for_output(REQUEST("grep", "^Sig", "/proc/self/status")) == 0);
  assert(has_line("SigBlk:\t0000000000000000") && has_line("SigIgn:\t0000000000000000"));
  request = REQUEST("grep", "^Sig", "/proc/self/status");
  request->set |= SPAWN_KEEP_SESSION;
  assert(run_for_output(request) == 0);
  assert(has_line("SigBlk:\t0000000000004000") && has_line("SigIgn:\t0000001000000001"));
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
  run_in_manager("the number in LISTEN_PID is the child's", test_listen_pid);
  run_in_manager("our own binary", test_own_binary);
  run_in_manager("our own binary without execveat", test_own_binary_without_execveat);
  run_in_manager("umask, nice, limits, oom score, directory", test_limits);
  run_in_manager("what the roles changed goes back", test_defaults);
  run_in_manager("signals are default and unblocked", test_signals);
  remove_folder();
  return 0;
}
