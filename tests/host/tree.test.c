// with: tree.c tree-scan.c tree-anywhere.c tree-marks.c tree-cgroup.c spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* Process trees: what belongs to a start is found and killed, whatever became of its parents, and nothing else is. */
#include <sched.h>
#include <sys/mount.h>

#include "features.h"
#include "spawn-world.h"
#include "tree-cgroup.h"
#include "tree.h"

static char *web_environment[] = {"PATH=/usr/bin:/bin", "GONIT_INSTANCE=tree-test", "GONIT_SERVICE=web",
                                  "GONIT_REPLICA=1", NULL};
static char *db_environment[] = {"PATH=/usr/bin:/bin", "GONIT_INSTANCE=tree-test", "GONIT_SERVICE=db",
                                 "GONIT_REPLICA=1", NULL};

static int by_directory; /* 1: as on a kernel without the file `children` */

/* A started program whose output comes through a pipe. */
struct started {
  struct spawn_result result;
  int out;
};

static void begin_tree(void) {
  begin();
  if (by_directory) ((struct features *)(uintptr_t)features_get())->children_file = 0;
  assert(tree_begin(&ledger) == 0);
}

static struct started start(const char *script, char **environment) {
  struct started started;
  int ends[2];
  assert(pipe2(ends, O_CLOEXEC) == 0);
  struct spawn_request *request = REQUEST("/bin/sh", "-c", script);
  request->envp = environment;
  add_descriptor(request, 1, ends[1]);
  started.result = spawn(request);
  assert(started.result.stage == STAGE_NONE);
  close(ends[1]);
  started.out = ends[0];
  return started;
}

/* The next line that it writes, a number. */
static int read_number(const struct started *started) {
  char text[32];
  size_t used = 0;
  while (used < sizeof text - 1 && read(started->out, text + used, 1) == 1)
    if (text[used++] == '\n') break;
  text[used] = '\0';
  assert(used > 0 && text[used - 1] == '\n');
  return atoi(text);
}

/* The last process with the pipe's other end has ended. */
static int is_over(const struct started *started) {
  struct pollfd ready = {.fd = started->out, .events = POLLIN};
  char byte;
  assert(poll(&ready, 1, 10000) == 1);
  return read(started->out, &byte, 1) == 0;
}

static struct tree_request request_for(const struct started *started, char **environment, int signal) {
  struct tree_request request = {.ticket = next_ticket++, .of = started->result.ticket,
                                 .slot = (int32_t)started->result.slot, .pid = started->result.pid, .signal = signal};
  for (int i = 0; i < 3; i++) strcpy(request.marks[i], environment[1 + i]);
  return request;
}

static struct tree_result next_tree(void) {
  struct tree_result result;
  struct pollfd ready = {.fd = tree_event_fd(), .events = POLLIN};
  while (!tree_next(&result)) assert(poll(&ready, 1, 20000) == 1);
  return result;
}

static struct tree_result ask(const struct tree_request *request) {
  assert(tree_submit(request) == 0);
  struct tree_result result = next_tree();
  assert(result.ticket == request->ticket && result.of == request->of);
  return result;
}

static struct tree_result ask_about(const struct started *started, int signal) {
  struct tree_request request = request_for(started, web_environment, signal);
  return ask(&request);
}

/* Kills, and asks until nothing is left: on a busy machine the killed need a while to be gone. The first answer, with
 * the last one's `left`. */
static struct tree_result kill_by(const struct tree_request *request) {
  int64_t limit = now_ms() + 20000;
  struct tree_result first = ask(request), last = first;
  for (; last.left > 0; last = ask(request)) {
    assert(now_ms() < limit);
    pause_ms(5);
  }
  first.left = last.left;
  return first;
}

static struct tree_result kill_tree(const struct started *started) {
  struct tree_request request = request_for(started, web_environment, SIGKILL);
  return kill_by(&request);
}

static int lists(const struct tree_result *result, int pid) {
  for (int i = 0; i < result->pid_count; i++)
    if (result->pids[i] == pid) return 1;
  return 0;
}

static void test_alone(void) {
  begin_tree();
  struct started web = start("echo 1; exec sleep 1000", web_environment);
  read_number(&web);
  struct tree_result result = ask_about(&web, 0);
  assert(result.how == 2 && result.left == 1 && result.signalled == 0 && result.error == 0);
  assert(result.pid_count == 1 && result.pids[0] == web.result.pid);
  result = kill_tree(&web);
  assert(result.how == 2 && result.signalled == 1 && result.left == 0 && result.error == 0);
  assert(finish(&web.result) == -SIGKILL);
  result = ask_about(&web, 0); /* the slot is free */
  assert(result.left == 0 && result.pid_count == 0);
  result = kill_tree(&web);
  assert(result.left == 0 && result.signalled == 0);
}

static void test_descendants(void) {
  begin_tree();
  struct started web = start("sleep 1000 & setsid sh -c 'env -i sleep 1000 & echo $!; wait' & wait", web_environment);
  int deep = read_number(&web);
  struct tree_result result = ask_about(&web, 0);
  assert(result.left == 4 && lists(&result, deep)); /* by their parents: one has neither mark nor group */
  result = kill_tree(&web);
  assert(result.left == 0 && result.signalled == 4 && is_over(&web));
  finish(&web.result);
}

static void test_orphans(void) {
  begin_tree();
  struct started web = start("setsid sh -c 'sleep 1000 & echo $$; wait' & env -i sleep 1000 & echo $!; exit 3", web_environment);
  int one = read_number(&web), other = read_number(&web);
  assert(finish(&web.result) == 3);
  struct tree_result result = ask_about(&web, 0);
  assert(result.left == 3 && lists(&result, one) && lists(&result, other)); /* by mark, by group, by parent */
  result = kill_tree(&web);
  assert(result.left == 0 && result.signalled == 3 && is_over(&web));
}

/* It has a slot, in which its exit is to be recorded, and is of the tree all the same: with and without its program. */
static void test_named(void) {
  begin_tree();
  struct started web = start("setsid sh -c 'echo $$; exec sleep 1000' & wait", web_environment);
  int named = read_number(&web);
  int slot = slots_name(&ledger, 4242, named, "web");
  assert(slot >= 0 && ledger.work->slots[slot].kind == PROCESS_KIND_MAIN);
  assert(slots_pid(&ledger, (uint32_t)slot, 4242) == named);
  struct tree_result result = ask_about(&web, 0);
  assert(result.left == 2 && lists(&result, named));
  kill(web.result.pid, SIGKILL);
  finish(&web.result);
  result = ask_about(&web, 0);
  assert(result.left == 1 && lists(&result, named));
  result = kill_tree(&web);
  assert(result.left == 0 && result.signalled == 1 && is_over(&web));
  slots_free(&ledger, (uint32_t)slot);
}

/* The one way out where there is no cgroup: no mark, no group, no parent. */
static void test_escaped(void) {
  begin_tree();
  struct started web = start("setsid env -i sh -c 'echo $$; exec sleep 1000' & exit 0", web_environment);
  int escaped = read_number(&web);
  finish(&web.result);
  struct tree_result result = kill_tree(&web);
  assert(result.left == 0 && result.signalled == 0);
  assert(kill(escaped, 0) == 0 && kill(escaped, SIGKILL) == 0 && is_over(&web));
}

static void test_others_are_left_alone(void) {
  begin_tree();
  struct started db = start("setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000 & echo $!; exit 0", db_environment);
  struct started db2 = start("echo 1; exec sleep 1000", db_environment);
  int one = read_number(&db), other = read_number(&db);
  read_number(&db2);
  finish(&db.result);
  struct started gone = {.result = {.slot = db.result.slot, .ticket = 4711, .pid = db.result.pid}};
  struct tree_request request = request_for(&gone, web_environment, SIGKILL);
  struct tree_result result = ask(&request); /* our group's number, but the mark of another service */
  assert(result.left == 0 && result.signalled == 0);
  request.slot = -1;
  request.pid = db2.result.pid; /* a number that another start's process has now */
  assert(ask(&request).signalled == 0);
  request.pid = getpgrp();
  assert(ask(&request).signalled == 0);
  request.pid = getpid();
  assert(ask(&request).signalled == 0);
  request.slot = (int32_t)db2.result.slot; /* right slot, wrong ticket */
  request.pid = db2.result.pid;
  assert(ask(&request).signalled == 0);
  assert(kill(one, 0) == 0 && kill(other, 0) == 0 && kill(db2.result.pid, 0) == 0);
  request = request_for(&db, db_environment, SIGKILL);
  result = kill_by(&request); /* db2 is a slot's process: not among the orphans of db, though the mark is the same */
  assert(result.left == 0 && result.signalled == 2 && is_over(&db));
  assert(kill(db2.result.pid, 0) == 0);
  request = request_for(&db2, db_environment, SIGKILL);
  assert(ask(&request).signalled == 1);
  finish(&db2.result);
}

/* A program that a client runs beside the service has a slot of its own, and is of the tree all the same. */
static void test_session(void) {
  begin_tree();
  struct started web = start("echo 1; exec sleep 1000", web_environment);
  struct started session = start("echo 1; exec sleep 1000", web_environment);
  read_number(&web), read_number(&session);
  assert(ask_about(&web, 0).left == 1);
  ledger.work->slots[session.result.slot].kind = PROCESS_KIND_EXEC_SESSION;
  struct tree_result result = ask_about(&web, 0);
  assert(result.left == 2 && lists(&result, session.result.pid));
  result = kill_tree(&web);
  assert(result.left == 0 && result.signalled == 2 && is_over(&web) && is_over(&session));
  assert(finish(&session.result) == -SIGKILL);
  finish(&web.result);
}

static void test_signal(void) {
  begin_tree();
  struct started web = start("trap 'echo 7' USR1; setsid sh -c 'trap \"echo 7\" USR1; sleep 1000 & echo 1; wait; exec sleep 1000' & "
                             "sleep 1000 & wait; exec sleep 1000", web_environment);
  read_number(&web);
  struct tree_result result = ask_about(&web, SIGUSR1); /* kills the sleeps, the shells tell */
  assert(result.signalled >= 3 && result.left == result.signalled);
  assert(read_number(&web) == 7 && read_number(&web) == 7);
  assert(kill_tree(&web).left == 0);
  finish(&web.result);
}

/* A chain of processes, each forks the next and ends: only stopping them all catches the last one. */
static void be_chain(void) {
  assert(write(1, "1\n", 2) == 2);
  for (int i = 0; i < 5000; i++) {
    pid_t pid = fork();
    if (pid > 0) _exit(0);
    if (pid == 0 && i % 100 == 0) setsid();
  }
}

static char own_path[256];

static void test_chain(void) {
  char script[300];
  begin_tree();
  snprintf(script, sizeof script, "%s --chain & exit 0", own_path);
  struct started web = start(script, web_environment);
  read_number(&web);
  finish(&web.result);
  kill_tree(&web);
  assert(is_over(&web));
}

static void test_batch(void) {
  enum { COUNT = 40 };
  struct started all[COUNT];
  begin_tree();
  for (int i = 0; i < COUNT; i++) all[i] = start("setsid sleep 1000 & echo 1; wait", i % 2 ? web_environment : db_environment);
  for (int i = 0; i < COUNT; i++) read_number(&all[i]);
  for (int i = 0; i < COUNT; i++) {
    struct tree_request request = request_for(&all[i], i % 2 ? web_environment : db_environment, SIGKILL);
    assert(tree_submit(&request) == 0);
  }
  for (int i = 0; i < COUNT; i++) {
    struct tree_result result = next_tree();
    assert(result.of == all[i].result.ticket && result.signalled == 2);
  }
  for (int i = 0; i < COUNT; i++) assert(is_over(&all[i]) && finish(&all[i].result) == -SIGKILL);
}

static void test_without_proc(void) {
  begin();
  /* A thread has its own namespace: the tree thread, made after this, has none of /proc. */
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) {
    printf("notice: not tried without /proc: no mount namespace here\n");
    return;
  }
  assert(mount("none", "/proc", "tmpfs", 0, NULL) == 0);
  assert(tree_begin(&ledger) == 0);
  struct started web = start("sleep 1000 & echo 1; wait", web_environment);
  read_number(&web);
  struct tree_result result = ask_about(&web, 0);
  assert(result.how == 3 && result.left == 1);
  result = kill_tree(&web);
  assert(result.how == 3 && result.signalled == 1 && is_over(&web));
  finish(&web.result);
}

static void test_cgroup(void) {
  char path[400];
  begin_tree();
  const char *root = features_get()->cgroup_root;
  if (root[0] == '\0') {
    printf("notice: no writable cgroup2 here\n");
    return;
  }
  snprintf(path, sizeof path, "%s/gonit-tree-%d", root, (int)getpid());
  int ends[2];
  assert(pipe2(ends, O_CLOEXEC) == 0);
  struct spawn_request *request = REQUEST("/bin/sh", "-c", "setsid env -i sleep 1000 & echo 1; wait");
  request->cgroup = path;
  add_descriptor(request, 1, ends[1]);
  struct started web = {.result = spawn(request), .out = ends[0]};
  close(ends[1]);
  read_number(&web);
  struct tree_request asked = request_for(&web, web_environment, 0);
  assert(strlen(path) < sizeof asked.cgroup);
  strcpy(asked.cgroup, path);
  struct tree_result looked = ask(&asked);
  asked.signal = SIGKILL;
  struct tree_result killed = ask(&asked);
  int over = is_over(&web), tries = 0;
  finish(&web.result);
  while (rmdir(path) != 0 && tries++ < 1000) pause_ms(1);
  assert(looked.how == 1 && looked.left == 2 && killed.how == 1 && killed.signalled == 2 && over && tries < 1000);
}

static void test_cgroups_below(void) {
  char path[300], name[241], script[1400];
  begin_tree();
  const char *root = features_get()->cgroup_root;
  if (root[0] == '\0') {
    printf("notice: no writable cgroup2 here\n");
    return;
  }
  assert(cgroup_remove("/nowhere/group") == 0);
  snprintf(path, sizeof path, "%s/gonit-below-%d", root, (int)getpid());
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  /* Long names, more than a kilobyte of path; beside them a group that nothing is in. */
  snprintf(script, sizeof script,
           "cd %s && mkdir beside && for i in 1 2 3 4 5; do mkdir %s && cd %s; done && echo 0 > cgroup.procs && echo 1;"
           "exec sleep 1000",
           path, name, name);
  int ends[2];
  assert(pipe2(ends, O_CLOEXEC) == 0);
  struct spawn_request *request = REQUEST("/bin/sh", "-c", script);
  request->cgroup = path;
  add_descriptor(request, 1, ends[1]);
  struct started web = {.result = spawn(request), .out = ends[0]};
  close(ends[1]);
  read_number(&web);
  int busy = cgroup_remove(path);
  struct tree_request asked = request_for(&web, web_environment, 0);
  strcpy(asked.cgroup, path);
  struct tree_result looked = ask(&asked);
  asked.signal = SIGKILL;
  struct tree_result killed = ask(&asked);
  int over = is_over(&web), tries = 0, removed;
  finish(&web.result);
  while ((removed = cgroup_remove(path)) == -EBUSY && tries++ < 1000) pause_ms(1);
  assert(busy == -EBUSY && looked.left == 1 && looked.pids[0] == web.result.pid && killed.signalled == 1 && over);
  assert(removed == 0 && access(path, F_OK) != 0);
}

/* `init` stands for the test's own process number, whose children the others then are not. */
static struct tree_result ask_anywhere(pid_t init, int signal) {
  struct tree_request request = {.ticket = next_ticket++, .slot = -1, .signal = signal, .is_anywhere = 1};
  strcpy(request.marks[0], web_environment[1]);
  strcpy(request.marks[1], web_environment[2]);
  ledger.exits->init_pid = init;
  return signal == SIGKILL ? kill_by(&request) : ask(&request);
}

static void test_left_behind(void) {
  pid_t init = (begin_tree(), ledger.exits->init_pid);
  struct started other = start("echo $$; exec sleep 1000", db_environment);
  struct started web = start("setsid env -i sleep 1000 & echo $!; echo $$; wait", web_environment);
  pid_t bare = read_number(&web), shell = read_number(&web);
  /* Where init is the bare process, the shell is its parent, which is spared. */
  struct tree_result as_parent = ask_anywhere(bare, 0), as_child = ask_anywhere(shell, 0);
  struct tree_result of_ours = ask_anywhere(init, 0);
  struct tree_result found = ask_anywhere(getpid(), 0), killed = ask_anywhere(getpid(), SIGKILL);
  ledger.exits->init_pid = init;
  int over = is_over(&web), other_lives = kill(other.result.pid, 0) == 0;
  finish(&web.result);
  kill(other.result.pid, SIGKILL);
  finish(&other.result);
  assert(as_parent.left == 0 && as_child.left == 0 && of_ours.left == 0);
  assert(found.left == 2 && killed.signalled == 2 && killed.left == 0 && over && other_lives);
}

static void test_cgroup_without_kill(void) {
  begin_tree();
  struct tree_request asked = {.ticket = 1, .slot = -1, .signal = SIGKILL, .cgroup = "/nowhere/at/all"};
  struct tree_result result = ask(&asked); /* removed: nothing is left */
  assert(result.how == 1 && result.left == 0 && result.error == 0);
}

static void run(const char *name, void (*test)(void)) {
  char whole[100];
  for (by_directory = 0; by_directory < 2; by_directory++) {
    snprintf(whole, sizeof whole, "%s%s", name, by_directory ? ", by directory" : "");
    run_in_manager(whole, test);
  }
  by_directory = 0;
}

int main(int argc, char **argv) {
  if (argc == 2 && strcmp(argv[1], "--chain") == 0) {
    be_chain();
    return 0;
  }
  ssize_t length = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
  assert(length > 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  run("a process alone", test_alone);
  run("descendants, whatever they changed", test_descendants);
  run("orphans by mark, group and parent", test_orphans);
  run("a process that was named", test_named);
  run("what escapes without a cgroup", test_escaped);
  run("other services' processes are left alone", test_others_are_left_alone);
  run("a program beside the service", test_session);
  run("a signal reaches all", test_signal);
  run("a chain that forks and ends", test_chain);
  run("40 trees at once", test_batch);
  run("what an earlier gonit left behind", test_left_behind);
  run_in_manager("the group alone without /proc", test_without_proc);
  run_in_manager("cgroup", test_cgroup);
  run_in_manager("cgroups below", test_cgroups_below);
  run_in_manager("a cgroup that is gone", test_cgroup_without_kill);
  remove_folder();
  return 0;
}
