// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-manager.c binary-pages.c js-named.c js-init.c js-ledger.c js-log.c js-descriptors.c js-terminal.c js-socket.c hosts.c unix-socket.c pty.c js-spawn.c js-spawn-request.c spawn-builder.c js-system.c js-limits.c js-tree.c tree-cgroup.c slots.c users.c log-api.c log-table.c init-message.c ledger.c journal.c ledger-status.c names.c test-hook.c js-listen.c engine
// valgrind
/* Host calls of module manager that start processes, look at their trees, and limit them. */
#include "js-manager-world.h"

#include <sys/resource.h>

/* Reads a request out of a script's global `request`. */
static int read_request(const char *text, struct spawn_claim *claim, struct spawn_request **request) {
  script_module("main", text);
  assert(script_run(modules, 0, 0, NULL) == 0);
  JSContext *ctx = js_context();
  JSValue global = JS_GetGlobalObject(ctx);
  JSValue object = JS_GetPropertyStr(ctx, global, "request");
  *request = NULL;
  int result = js_read_spawn_request(ctx, object, claim, request);
  if (result < 0) js_take_exception(ctx);
  JS_FreeValue(ctx, object);
  JS_FreeValue(ctx, global);
  return result;
}

static void test_a_whole_spawn_request(void) {
  struct spawn_claim claim;
  struct spawn_request *r;
  assert(read_request(SCRIPT(globalThis.request = {
      ticket: 3 * 2 ** 32 + 5, instance: "web@1", kind: 1, argv: ["web", "-x", ""], file: "webd", searchPath: "/bin",
      environment: ["A=1", "B=2"], directory: "/d", uid: 1000, gid: 100, groups: [1, 2, 4294967290], umask: 0o27,
      rlimits: [[7, 10, -1]], nice: -5, oomScoreAdj: 500, cgroup: "/c", namespaces: 0x7e020000, root: "/r",
      capabilities: [1, 2], noNewPrivileges: true, seccomp: new Uint8Array(16), terminal: "/dev/tty9",
      descriptors: [[0, 5], [1, 6], [2, -2]], signalMask: [1, 64], parentDeathSignal: 15, killGroupAtDeath: true,
      keepSession: true, ownBinary: true, readOnly: true, mounts: [["/m", 1], ["/n", 5]],
      directories: [["/run", "web/in", 0o750]] };), &claim, &r) == 0 && r != NULL);
  assert(claim.ticket == 3 * (1ll << 32) + 5 && claim.kind == 1 && claim.flags == SLOT_KILL_GROUP);
  assert(strcmp(claim.instance, "web@1") == 0);
  assert(strcmp(r->argv[0], "web") == 0 && strcmp(r->argv[2], "") == 0 && r->argv[3] == NULL);
  assert(strcmp(r->envp[1], "B=2") == 0 && r->envp[2] == NULL);
  assert(strcmp(r->file, "webd") == 0 && strcmp(r->search_path, "/bin") == 0 && strcmp(r->directory, "/d") == 0);
  assert(strcmp(r->cgroup, "/c") == 0 && strcmp(r->root, "/r") == 0 && strcmp(r->terminal, "/dev/tty9") == 0);
  assert(r->uid == 1000 && r->gid == 100 && r->group_count == 3 && r->groups[2] == 4294967290u);
  assert(r->umask == 027 && r->nice == -5 && r->oom_score_adj == 500 && r->namespaces == 0x7e020000u);
  assert(r->rlimit_count == 1 && r->rlimits[0].resource == 7 && r->rlimits[0].soft == 10);
  assert(r->rlimits[0].hard == UINT64_MAX && r->capabilities == ((2ull << 32) | 1));
  assert(r->seccomp_count == 2 && r->seccomp != NULL && r->parent_death_signal == 15);
  assert(r->descriptor_count == 3 && r->descriptors[1].child == 1 && r->descriptors[1].ours == 6);
  assert(r->descriptors[2].ours == SPAWN_FROM_TERMINAL && r->signal_mask == (1ull | 1ull << 63));
  assert(r->set == (SPAWN_SET_USER | SPAWN_SET_GROUP | SPAWN_SET_GROUPS | SPAWN_SET_UMASK | SPAWN_SET_NICE |
                    SPAWN_SET_OOM | SPAWN_SET_CAPABILITIES | SPAWN_NO_NEW_PRIVILEGES | SPAWN_OWN_BINARY |
                    SPAWN_KEEP_SESSION | SPAWN_READ_ONLY));
  assert(r->mount_count == 2 && strcmp(r->mounts[1].path, "/n") == 0 && r->mounts[1].how == SPAWN_MOUNT_PROC);
  assert(r->directory_count == 1 && strcmp(r->directories[0].base, "/run") == 0);
  assert(strcmp(r->directories[0].name, "web/in") == 0 && r->directories[0].mode == 0750);
  free(r);
  script_end();
}

static void test_a_small_spawn_request(void) {
  struct spawn_claim claim;
  struct spawn_request *r;
  assert(read_request(SCRIPT(globalThis.request = { ticket: 1, instance: "a", kind: 6, argv: ["/bin/true"],
      environment: [], descriptors: [], terminal: 4 };), &claim, &r) == 0 && r != NULL);
  assert(r->set == SPAWN_TERMINAL_FD && r->terminal_fd == 4 && r->terminal == NULL);
  assert(strcmp(r->file, "/bin/true") == 0 && r->envp[0] == NULL && r->seccomp == NULL && r->directory == NULL);
  free(r);
  script_end();
}

static void test_a_large_spawn_request(void) {
  struct spawn_claim claim;
  struct spawn_request *r;
  assert(read_request(SCRIPT(globalThis.request = { ticket: 1, instance: "a", kind: 6, descriptors: [],
      argv: Array.from({ length: 5000 }, (_, i) => "argument " + i), environment: ["X=" + "y".repeat(100000)] };),
      &claim, &r) == 0 && r != NULL);
  assert(strcmp(r->argv[4999], "argument 4999") == 0 && r->argv[5000] == NULL && strlen(r->envp[0]) == 100002);
  free(r);
  script_end();
  assert(read_request(SCRIPT(globalThis.request = { ticket: 1, instance: "a", kind: 6, descriptors: [],
      argv: ["a"], environment: ["y".repeat(5000000)] };), &claim, &r) == 0);
  assert(r == NULL && claim.error == -E2BIG);
  script_end();
}

static void expect_refusal(const char *change, const char *part) {
  struct spawn_claim claim;
  struct spawn_request *request;
  char text[1000];
  snprintf(text, sizeof text, SCRIPT(globalThis.request = { ticket: 1, instance: "a", kind: 1, argv: ["x"],
      environment: [], descriptors: [], %s };), change);
  int result = read_request(text, &claim, &request);
  if (result == 0 || strstr(js_failure(), part) == NULL || strstr(js_failure(), "TypeError") == NULL) {
    fprintf(stderr, "%s: result %d, %s\n", change, result, js_failure());
    abort();
  }
  script_end();
}

static void test_bad_spawn_requests_name_the_field(void) {
  expect_refusal("argv: []", "argv must not be empty");
  expect_refusal("argv: 'x'", "argv must be a list");
  expect_refusal("argv: [1]", "argv must be a text");
  expect_refusal("argv: ['a\\0b']", "argv must not hold a NUL byte");
  expect_refusal("environment: [null]", "environment must be a text");
  expect_refusal("ticket: undefined", "ticket or kind is missing");
  expect_refusal("ticket: 1.5", "ticket must be a whole number");
  expect_refusal("instance: 'x'.repeat(128)", "instance must have less than 128 bytes");
  expect_refusal("instance: undefined", "instance must be a text");
  expect_refusal("uid: -1", "uid must be");
  expect_refusal("groups: new Array(129).fill(1)", "groups must have at most 128");
  expect_refusal("groups: [-1]", "groups must be");
  expect_refusal("rlimits: [[99, 1, 1]]", "rlimits must be");
  expect_refusal("rlimits: [5]", "rlimits must be");
  expect_refusal("descriptors: [[0]]", "descriptors must be");
  expect_refusal("descriptors: new Array(65).fill([0, 0])", "descriptors must have at most 64");
  expect_refusal("signalMask: [0]", "signalMask must be");
  expect_refusal("seccomp: new Uint8Array(7)", "seccomp must be whole");
  expect_refusal("mounts: [['/a', 9]]", "mounts must be");
  expect_refusal("mounts: [[7, 1]]", "mounts must be a text");
  expect_refusal("mounts: new Array(81).fill(['/a', 1])", "mounts must have at most 80");
  expect_refusal("directories: [['/run', 'a']]", "directories must be");
  expect_refusal("directories: [[1, 'a', 7]]", "directories must be a text");
  expect_refusal("directories: new Array(33).fill(['/a', 'a', 7])", "directories must have at most 32");
  expect_refusal("capabilities: [1]", "capabilities must be");
  expect_refusal("umask: 0o1000", "umask must be");
  expect_refusal("directory: 7", "directory must be a text");
  expect_refusal("input: 7", "input must be a text");
  expect_refusal("terminal: -1", "terminal must be");
}

static void test_spawning(void) {
  must(SCRIPT(
    globalThis.request = { ticket: 501, instance: "web", kind: 2, argv: ["x"], environment: [], descriptors: [] };
    const slot = host.spawn(request);
    check(slot >= 0, true);
    check(host.slots().map((s) => [s.slot, s.ticket, s.kind, s.state]), [[slot, 501, 2, 1]]);
    host.cancelSpawn(501);
    check(host.relieveSpawners(), true);
  ));
  assert(played.request != NULL && played.request->ticket == 501 && played.cancelled == 501);
  played.spawned = (struct spawn_result){.slot = played.request->slot, .ticket = 501, .pid = 44, .stage = 20, .error = 2};
  played.has_spawned = 2;
  must(SCRIPT(
    const results = host.spawned();
    check(results.length, 2);
    check([results[0].ticket, results[0].pid, results[0].stage, results[0].errno], [501, 44, 20, 2]);
    host.takeExit(results[0].slot);
    check(host.slots(), []);
  ));
  played.answer = -EAGAIN;
  must(SCRIPT(
    const request = { ticket: 502, instance: "web", kind: 2, argv: ["x"], environment: [], descriptors: [] };
    check(host.spawn(request), -11);
    check(host.slots(), []);
    throws(() => host.spawn({ ...request, uid: "root" }), "uid must be a number");
    check(host.slots(), []);
  ));
  played.answer = 0;
  free(played.request);
  played.request = NULL;
}

static void test_remove_group(void) {
  char folder[] = "/tmp/gonit-group-XXXXXX", text[400], path[64];
  assert(mkdtemp(folder) != NULL);
  snprintf(path, sizeof path, "%s/below", folder);
  assert(mkdir(path, 0755) == 0);
  snprintf(text, sizeof text,
           "check(host.removeGroup('%s'), 0); check(host.removeGroup('%s'), 0); check(host.removeGroup('/dev/null'), -20);"
           "throws(() => host.removeGroup(1), \"removeGroup: path\");",
           folder, folder);
  must(text);
  assert(access(folder, F_OK) != 0);
}

static void test_trees(void) {
  played.looked = (struct tree_result){.ticket = 7, .of = 6, .signalled = 2, .left = 1, .how = 2, .pid_count = 1, .pids = {9}};
  played.has_looked = 1;
  must(SCRIPT(
    check(host.trees(), [{ ticket: 7, of: 6, signalled: 2, left: 1, pids: [9], how: "mark", errno: 0 }]);
    const request = { ticket: 8, of: 6, slot: 3, pid: 99, cgroup: "/c", mark: ["A=1", "B=2"] };
    host.signalTree(request, 9);
    throws(() => host.signalTree(request, 0), "signalTree: signal");
    throws(() => host.inspectTree({ ...request, mark: ["1", "2", "3", "4", "5"] }), "at most 4");
    throws(() => host.inspectTree({ ...request, cgroup: "x".repeat(256) }), "cgroup must have less than 256 bytes");
    throws(() => host.inspectTree({ ...request, mark: ["x".repeat(160)] }), "mark must have less than 160 bytes");
    check(host.poll(0), []);
  ));
  const struct tree_request *tree = &played.tree;
  assert(tree->ticket == 8 && tree->of == 6 && tree->slot == 3 && tree->pid == 99 && tree->signal == 9);
  assert(strcmp(tree->cgroup, "/c") == 0 && strcmp(tree->marks[1], "B=2") == 0 && tree->marks[2][0] == 0);
  /* One that has no room is answered all the same, in the next turn. */
  played.answer = -EAGAIN;
  must(SCRIPT(
    host.inspectTree({ ticket: 9, of: 6, slot: -1, pid: 0, cgroup: "", mark: [] });
    check(host.poll(-1), [-7, 1]);
    check(host.trees(), [{ ticket: 9, of: 6, signalled: 0, left: 1, pids: [], how: "group", errno: 11 }]);
    check(host.trees(), []);
  ));
  played.answer = 0;
}

/* A child that waits: its limits are changed from outside, as those of a service that runs. */
static void test_limits_of_a_process_that_runs(void) {
  int status, wait_for[2];
  char text[1024];
  struct rlimit files;
  assert(pipe(wait_for) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    char byte;
    close(wait_for[1]);
    _exit(read(wait_for[0], &byte, 1) != 0);
  }
  snprintf(text, sizeof text,
           "check(host.limitProcess(%d, 7, 20, 30), 1); check(host.limitProcess(%d, 7, 20, 30), 0);"
           "check(host.niceThread(%d, 7), 0);"
           "throws(() => host.limitProcess(0, 7, 1, 1), \"limitProcess: pid\");"
           "throws(() => host.limitProcess(%d, 99, 1, 1), \"limitProcess: resource\");"
           "throws(() => host.niceThread(%d, 20), \"niceThread: nice\");",
           pid, pid, pid, pid, pid);
  must(text);
  assert(prlimit(pid, RLIMIT_NOFILE, NULL, &files) == 0 && files.rlim_cur == 20 && files.rlim_max == 30);
  assert(getpriority(PRIO_PROCESS, (id_t)pid) == 7);
  close(wait_for[1]);
  close(wait_for[0]);
  assert(waitpid(pid, &status, 0) == pid && status == 0);
  snprintf(text, sizeof text, "check(host.limitProcess(%d, 7, 1, 1), -3); check(host.niceThread(%d, 1), -3);", pid, pid);
  must(text);
}

int main(void) {
  begin();
  test_a_whole_spawn_request();
  test_a_small_spawn_request();
  test_a_large_spawn_request();
  test_bad_spawn_requests_name_the_field();
  test_spawning();
  test_remove_group();
  test_trees();
  test_limits_of_a_process_that_runs();
  return 0;
}
