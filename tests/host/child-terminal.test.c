// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* A child's terminal and session, and what becomes of it when init dies. */
#include <sys/ioctl.h>

#include "spawn-world.h"

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

int main(void) {
  run_in_manager("terminal", test_terminal);
  run_in_manager("a session that is kept", test_session_kept);
  test_init_dies();
  remove_folder();
  return 0;
}
