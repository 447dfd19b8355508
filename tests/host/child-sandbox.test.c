// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* What stands between a program and the machine, tried by programs that want out. */
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>

#include "spawn-world.h"

/* Containers may refuse namespaces; what was asked for must fail then, and is not tried any further. */
static int can_unshare(int flags) {
  pid_t pid = fork();
  if (pid == 0) _exit(unshare(flags) == 0 ? 0 : 1);
  int status;
  return waitpid(pid, &status, 0) == pid && status == 0;
}

/* The list lasts until the next request begins one. */
static struct spawn_request *with_mount(struct spawn_request *request, const char *path, uint32_t how) {
  static struct spawn_mount mounts[8];
  request->mounts = mounts;
  mounts[request->mount_count++] = (struct spawn_mount){path, how};
  return request;
}

static const char *below(const char *name) {
  static char paths[4][256];
  static int next;
  char *path = paths[next++ & 3];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static void make(const char *name) { assert(mkdir(below(name), 0755) == 0 || errno == EEXIST); }

static void test_read_only(void) {
  if (!is_root() || !can_unshare(CLONE_NEWNS)) return;
  begin();
  make("kept");
  make("shut");
  struct spawn_request *request = REQUEST(
    "sh", "-c",
    "cd $0; touch new || echo no new; touch kept/in && echo kept; echo x > /dev/null && echo dev;"
    " mount -o remount,rw / 2>/dev/null; umount kept; touch kept/again || echo below the copy", folder);
  request->namespaces = CLONE_NEWNS;
  request->set |= SPAWN_READ_ONLY | SPAWN_SET_CAPABILITIES;
  with_mount(request, "/dev", SPAWN_MOUNT_KEEP_IF_THERE);
  with_mount(request, "/nowhere", SPAWN_MOUNT_KEEP_IF_THERE);
  with_mount(request, below("kept"), SPAWN_MOUNT_KEEP);
  assert(run_for_output(request) == 0);
  assert(has_line("no new") && has_line("kept") && has_line("dev"));
  assert(access(below("new"), F_OK) != 0 && access(below("kept/in"), F_OK) == 0);

  request = REQUEST("sh", "-c", "cd $0; touch shut/a || echo shut; touch open && echo open", folder);
  request->namespaces = CLONE_NEWNS;
  with_mount(request, below("shut"), SPAWN_MOUNT_READ_ONLY);
  assert(run_for_output(request) == 0);
  assert(has_line("shut") && has_line("open"));
  assert(access(below("shut/a"), F_OK) != 0);

  request = REQUEST("/bin/true");
  request->namespaces = CLONE_NEWNS;
  request->set |= SPAWN_READ_ONLY;
  expect_failure(with_mount(request, "/nowhere", SPAWN_MOUNT_KEEP), STAGE_MOUNTS, ENOENT);
  request = REQUEST("/bin/true");
  request->namespaces = CLONE_NEWNS;
  expect_failure(with_mount(request, "/nowhere", SPAWN_MOUNT_READ_ONLY), STAGE_MOUNTS, ENOENT);
  close(open(below("after"), O_CREAT | O_CLOEXEC, 0600)); /* our own mounts are as they were */
  assert(access(below("after"), F_OK) == 0);
}

/* What is readable only outside stays so: a copy brings no rights back. */
static void test_no_more_than_before(void) {
  if (!is_root() || unshare(CLONE_NEWNS) != 0) return;
  make("outer");
  const char *outer = below("outer");
  assert(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount(outer, outer, NULL, MS_BIND, NULL) == 0);
  assert(mount(NULL, outer, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0);
  begin();
  struct spawn_request *request = REQUEST("sh", "-c", "touch $0/x || echo still shut", outer);
  request->namespaces = CLONE_NEWNS;
  request->set |= SPAWN_READ_ONLY;
  assert(run_for_output(with_mount(request, outer, SPAWN_MOUNT_KEEP)) == 0);
  assert(has_line("still shut"));
}

static void test_temporary(void) {
  if (!is_root() || !can_unshare(CLONE_NEWNS)) return;
  begin();
  make("tmp");
  close(open(below("tmp/theirs"), O_CREAT | O_CLOEXEC, 0600));
  struct spawn_request *request = REQUEST("sh", "-c", "ls $0; stat -c %a $0; touch $0/mine && echo mine", below("tmp"));
  request->namespaces = CLONE_NEWNS;
  request->set |= SPAWN_READ_ONLY;
  with_mount(with_mount(request, below("tmp"), SPAWN_MOUNT_TEMPORARY), "/nowhere", SPAWN_MOUNT_TEMPORARY);
  assert(run_for_output(request) == 0);
  assert(strcmp(output, "1777\nmine\n") == 0);
  assert(access(below("tmp/mine"), F_OK) != 0 && access(below("tmp/theirs"), F_OK) == 0);
}

static void test_processes(void) {
  if (!is_root() || !can_unshare(CLONE_NEWNS | CLONE_NEWPID)) return;
  begin();
  struct spawn_request *request = REQUEST("sh", "-c", "echo $$; ls -d /proc/[0-9]*; kill -9 $0 || echo unreachable", "2");
  request->namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
  with_mount(request, "/proc", SPAWN_MOUNT_PROC);
  assert(run_for_output(request) >= 0);
  assert(strncmp(output, "1\n", 2) == 0 && has_line("/proc/1"));
  assert(strstr(output, "/proc/1\n") != NULL && access("/proc/1/stat", F_OK) == 0);
}

static void test_network(void) {
  if (!is_root() || !can_unshare(CLONE_NEWNET)) return;
  begin();
  struct spawn_request *request = REQUEST("cat", "/proc/self/net/dev", "/proc/self/net/if_inet6", "/proc/self/net/fib_trie");
  request->namespaces = CLONE_NEWNET;
  run_for_output(request);
  assert(strstr(output, "lo:") != NULL && strstr(output, "127.0.0.1") != NULL); /* an address: it is up */
  assert(strstr(output, "eth0:") == NULL);
}

/* A root of its own, from which chroot(2), the classic way out, leads nowhere. */
static void test_root(void) {
  if (!is_root() || !can_unshare(CLONE_NEWNS)) return;
  begin();
  make("jail");
  make("jail/bin");
  make("jail/usr");
  make("jail/proc");
  char command[700];
  snprintf(command, sizeof command, "cp $(command -v busybox) %s/jail/bin/busybox", folder);
  if (system(command) != 0) return;
  struct spawn_request *request = REQUEST(
    "/bin/busybox", "sh", "-c",
    "busybox ls /; busybox mkdir -p d; busybox chroot d /bin/busybox true;"
    "busybox ls ../../../../../../.. ; busybox test -e /etc || busybox echo inside");
  request->namespaces = CLONE_NEWNS;
  request->root = below("jail");
  assert(run_for_output(request) == 0);
  assert(has_line("inside") && strstr(output, "sbin") == NULL);
  request = REQUEST("/bin/true");
  request->namespaces = CLONE_NEWNS;
  request->root = "/nowhere";
  expect_failure(request, STAGE_ROOT, ENOENT);
}

/* Without any privilege, in a user namespace: the same user, and rights over what is the namespace's own. */
static void test_user_namespace(void) {
  if (is_root()) assert(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
  if (is_root()) assert(setresuid(NOBODY, NOBODY, NOBODY) == 0);
  prctl(PR_SET_DUMPABLE, 1);
  if (!can_unshare(CLONE_NEWUSER)) return;
  begin();
  struct spawn_request *request = REQUEST(
    "sh", "-c", "id -u; id -g; echo $$; cat /proc/self/uid_map; grep CapEff /proc/self/status; touch /tmp/x || echo shut");
  request->namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET;
  request->set |= SPAWN_READ_ONLY | SPAWN_NO_NEW_PRIVILEGES;
  assert(run_for_output(request) == 0);
  assert(strncmp(output, "65534\n65534\n1\n", 14) == 0);
  assert(strstr(output, "65534      65534          1") != NULL && has_line("shut"));
  assert(has_line("CapEff:\t0000000000000000"));
  assert(prctl(PR_GET_DUMPABLE) == 1); /* the child's new rights have not made us unreadable */
}

/* With privileges: everything else is made with them, then the user is left with its own namespace. */
static void test_another_user(void) {
  if (!is_root() || !can_unshare(CLONE_NEWUSER | CLONE_NEWNS)) return;
  begin();
  struct spawn_request *request = REQUEST(
    "sh", "-c", "id -u; id -g; cat /proc/self/uid_map; grep CapEff /proc/self/status; touch /tmp/x || echo shut; id -G");
  request->namespaces = CLONE_NEWUSER | CLONE_NEWNS;
  request->set |= SPAWN_READ_ONLY | SPAWN_SET_USER | SPAWN_SET_GROUP | SPAWN_SET_GROUPS;
  request->uid = NOBODY;
  request->gid = 100;
  with_mount(request, "/proc", SPAWN_MOUNT_KEEP_IF_THERE); /* it says whom the namespace maps */
  assert(run_for_output(request) == 0);
  assert(strncmp(output, "65534\n100\n", 10) == 0 && has_line("shut"));
  assert(strstr(output, "65534      65534          1") != NULL && has_line("CapEff:\t0000000000000000"));
  assert(prctl(PR_GET_DUMPABLE) == 1);
}

/* A program beside another one: in its namespaces and below its root, whoever it is. */
static void test_join(int is_user) {
  if (!is_root() || !can_unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWUTS)) return;
  begin();
  int ends[2];
  char line[16];
  assert(pipe2(ends, O_CLOEXEC) == 0);
  uint32_t namespaces = CLONE_NEWNS | CLONE_NEWUTS | (is_user ? CLONE_NEWUSER : 0);
  struct spawn_request *request = REQUEST("sh", "-c", "echo secret >/tmp/mine; echo up; exec sleep 1000");
  request->namespaces = namespaces;
  with_mount(request, "/tmp", SPAWN_MOUNT_TEMPORARY);
  if (is_user) request->set |= SPAWN_SET_USER, request->uid = NOBODY;
  add_descriptor(request, 1, ends[1]);
  struct spawn_result other = spawn(request);
  assert(other.stage == STAGE_NONE && read(ends[0], line, sizeof line) > 0);

  request = REQUEST("sh", "-c", "cat /tmp/mine; id -u; cat /proc/self/uid_map");
  request->join_pid = other.pid;
  request->join_namespaces = namespaces;
  if (is_user) request->set |= SPAWN_SET_USER, request->uid = NOBODY;
  assert(run_for_output(request) == 0);
  assert(has_line("secret") && has_line(is_user ? "65534" : "0"));
  assert((strstr(output, "65534      65534          1") != NULL) == is_user);

  request = REQUEST("/bin/true");
  request->join_pid = INT32_MAX;
  expect_failure(request, STAGE_NAMESPACES, ENOENT);
  assert(slots_signal(&ledger, other.slot, other.ticket, SIGKILL, SIGNAL_SCOPE_PROCESS) == 0);
  finish(&other);
}

static void test_join_as_root(void) { test_join(0); }
static void test_join_as_user(void) { test_join(1); }

int main(void) {
  run_in_manager("read only, but for what is kept", test_read_only);
  run_in_manager("nothing becomes writable", test_no_more_than_before);
  run_in_manager("temporary file systems of its own", test_temporary);
  run_in_manager("process 1 of its own /proc", test_processes);
  run_in_manager("a network of its own", test_network);
  run_in_manager("another root", test_root);
  run_in_manager("a user namespace", test_user_namespace);
  run_in_manager("another user in a user namespace", test_another_user);
  run_in_manager("beside another program", test_join_as_root);
  run_in_manager("beside another program in a user namespace", test_join_as_user);
  char command[256];
  snprintf(command, sizeof command, "rm -rf %s/*", folder);
  assert(system(command) == 0);
  remove_folder();
  return 0;
}
