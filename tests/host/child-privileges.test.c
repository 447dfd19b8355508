// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* What a child gives up or takes on for its program: user, capabilities, filters, namespaces, cgroup. */
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>

#include "features.h"
#include "refuse-calls.h"
#include "spawn-world.h"

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
  request = REQUEST("sh", "-c", "id -u; cat /proc/self/uid_map");
  request->namespaces = CLONE_NEWUSER;
  assert(run_for_output(request) == 0);
  assert(strncmp(output, "0\n", 2) == 0 && strstr(output, " 0          0          1\n") != NULL);
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

int main(void) {
  run_in_manager("user and groups", test_user);
  run_in_manager("capabilities", test_capabilities);
  run_in_manager("seccomp", test_seccomp);
  run_in_manager("every step that needs privileges", test_without_privileges);
  run_in_manager("namespaces and root", test_namespaces);
  run_in_manager("cgroup", test_cgroup);
  run_in_manager("cgroup without clone3", test_cgroup_without_clone3);
  remove_folder();
  return 0;
}
