/*
 * What a child puts between its program and the machine: namespaces, another root, mounts of its own.
 *
 * A process namespace is made by clone(2) itself, because one of unshare(2) would hold for children only. So is a user
 * namespace, which gives a gonit without privileges the right to all that follows; one that becomes another user enters it
 * as that user, at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#include "child-steps.h"
#include "raw-call.h"

/* Numbers that all machines share; the calls are of Linux 5.2, the last one of 5.12. */
#ifndef SYS_open_tree
#define SYS_open_tree 428
#endif
#ifndef SYS_move_mount
#define SYS_move_mount 429
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define TREE_CLONE 1u         /* OPEN_TREE_CLONE */
#define TREE_RECURSIVE 0x8000 /* AT_RECURSIVE */
#define TREE_EMPTY_PATH 0x1000
#define MOVE_EMPTY_PATH 0x4u
#define MOVE_TO_LINK 0x10u /* MOVE_MOUNT_T_SYMLINKS: the place is looked up as open_tree(2) did */
#define READ_ONLY 1u       /* MOUNT_ATTR_RDONLY */

#define PROC_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)
#define TEMPORARY_FLAGS (MS_NOSUID | MS_NODEV)

/* struct mount_attr of linux/mount.h, which does not go together with libc's header. */
struct attributes {
  uint64_t set, clear, propagation, user_namespace;
};

/* ---- namespaces ---- */

static size_t put_number(char *text, uint32_t number) {
  char digits[10];
  size_t count = 0, length = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) text[length++] = digits[--count];
  return length;
}

static long write_text(const char *path, const char *text, size_t length) {
  long fd = raw_call(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  long result = raw_call(SYS_write, fd, text, length);
  raw_call(SYS_close, fd);
  return result < 0 ? result : 0;
}

/* One number, to itself: all that a process may map that has no rights outside (user_namespaces(7)). */
static long map_number(const char *path, uint32_t number) {
  char text[32];
  size_t length = put_number(text, number);
  text[length++] = ' ';
  length += put_number(text + length, number);
  text[length++] = ' ';
  text[length++] = '1';
  return write_text(path, text, length);
}

static int map_user(uint32_t uid, uint32_t gid) {
  long result = map_number("/proc/self/uid_map", uid);
  if (result == 0) result = write_text("/proc/self/setgroups", "deny", 4);
  return (int)(result == 0 ? map_number("/proc/self/gid_map", gid) : result);
}

int child_map_user(struct child_plan *plan) {
  if (!(plan->request->namespaces & CLONE_NEWUSER) || plan->is_user_late) return 0;
  return map_user(plan->own_uid, plan->own_gid);
}

static long join(int32_t pid, uint32_t flags) {
  if (flags == 0) return 0;
  long process = raw_call(SYS_pidfd_open, pid, 0);
  if (process < 0) return process;
  long result = raw_call(SYS_setns, process, flags);
  raw_call(SYS_close, process);
  return result;
}

/* The change of user has made our files in /proc root's (PR_SET_DUMPABLE of prctl(2)). */
int child_enter_user_namespace(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  if (plan->is_user_late && (request->join_namespaces & CLONE_NEWUSER))
    return (int)join(request->join_pid, CLONE_NEWUSER);
  if (!(plan->request->namespaces & CLONE_NEWUSER) || !plan->is_user_late) return 0;
  uint32_t uid = (uint32_t)raw_call(CALL_GETUID), gid = (uint32_t)raw_call(CALL_GETGID);
  long result = raw_call(SYS_unshare, CLONE_NEWUSER);
  if (result == 0) result = raw_call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
  return result < 0 ? (int)result : map_user(uid, gid);
}

/* A network namespace begins with its loopback down, and programs expect one. */
static long raise_loopback(void) {
  struct ifreq request = {.ifr_name = "lo"};
  long fd = raw_call(SYS_socket, 2 /* AF_INET */, 2 /* SOCK_DGRAM */ | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  request.ifr_flags = IFF_UP;
  long result = raw_call(SYS_ioctl, fd, 0x8914 /* SIOCSIFFLAGS */, &request);
  raw_call(SYS_close, fd);
  return result;
}

int child_new_namespaces(struct child_plan *plan) {
  uint32_t flags = plan->request->namespaces & ~(uint32_t)(CLONE_NEWPID | CLONE_NEWUSER);
  if (flags == 0) return 0;
  long result = raw_call(SYS_unshare, flags);
  if (result == 0 && (flags & CLONE_NEWNS)) result = raw_call(SYS_mount, "none", "/", 0, MS_REC | MS_PRIVATE, 0);
  if (result == 0 && (flags & CLONE_NEWNET)) result = raise_loopback();
  return (int)result;
}

/* The other's root is opened before, by its name in our /proc: in its own namespace it may be anywhere. */
int child_join_namespaces(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  char path[32] = "/proc/";
  if (request->join_pid == 0) return 0;
  size_t length = 6 + put_number(path + 6, (uint32_t)request->join_pid);
  for (size_t i = 0; i <= sizeof "/root" - 1; i++) path[length + i] = "/root"[i];
  long root = raw_call(SYS_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (root < 0) return (int)root;
  long result = join(request->join_pid, request->join_namespaces & ~(plan->is_user_late ? (uint32_t)CLONE_NEWUSER : 0u));
  if (result == 0) result = raw_call(SYS_fchdir, root);
  if (result == 0) result = raw_call(SYS_chroot, ".");
  raw_call(SYS_close, root);
  return (int)result;
}

/* ---- root ---- */

/* pivot_root(2) with one directory as both: the old root lies above the new one for a moment, and goes. */
static long pivot_to(const char *path) {
  long result = raw_call(SYS_mount, path, path, 0, MS_BIND | MS_REC, 0);
  if (result == 0) result = raw_call(SYS_chdir, path);
  if (result == 0) result = raw_call(SYS_pivot_root, ".", ".");
  return result == 0 ? raw_call(SYS_umount2, ".", MNT_DETACH) : result;
}

int child_change_root(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  if (request->root == NULL) return 0;
  long result = request->namespaces & CLONE_NEWNS ? pivot_to(request->root) : raw_call(SYS_chroot, request->root);
  return result < 0 ? (int)result : (int)raw_call(SYS_chdir, "/");
}

/* ---- mounts ---- */

static long copy_tree(const char *path) {
  return raw_call(SYS_open_tree, AT_FDCWD, path, TREE_CLONE | TREE_RECURSIVE | O_CLOEXEC);
}

/* Puts a copy on top of what it was copied from. */
static long put_tree(long tree, const char *path) {
  long result = raw_call(SYS_move_mount, tree, "", AT_FDCWD, path, MOVE_EMPTY_PATH | MOVE_TO_LINK);
  raw_call(SYS_close, tree);
  return result;
}

static long make_read_only(long directory, const char *path, int flags) {
  struct attributes attributes = {.set = READ_ONLY};
  return raw_call(SYS_mount_setattr, directory, path, flags | TREE_RECURSIVE, &attributes, sizeof attributes);
}

/*
 * All that is mounted becomes readable only, but for what is asked to stay as it is: copies of that are made before, and
 * put on top afterwards. So nothing can become writable that was not.
 */
static long protect_root(const struct spawn_request *request) {
  int32_t kept[SPAWN_MOUNTS_MAX];
  long result = 0;
  for (uint32_t i = 0; i < request->mount_count && result == 0; i++) {
    const struct spawn_mount *mount = &request->mounts[i];
    if (mount->how != SPAWN_MOUNT_KEEP && mount->how != SPAWN_MOUNT_KEEP_IF_THERE) continue;
    kept[i] = (int32_t)copy_tree(mount->path);
    if (kept[i] < 0 && !(kept[i] == -ENOENT && mount->how == SPAWN_MOUNT_KEEP_IF_THERE)) result = kept[i];
  }
  if (result == 0) result = make_read_only(AT_FDCWD, "/", 0);
  for (uint32_t i = 0; i < request->mount_count && result == 0; i++) {
    const struct spawn_mount *mount = &request->mounts[i];
    if (mount->how != SPAWN_MOUNT_KEEP && mount->how != SPAWN_MOUNT_KEEP_IF_THERE) continue;
    if (kept[i] >= 0) result = put_tree(kept[i], mount->path);
  }
  return result;
}

static long protect_path(const char *path) {
  long tree = copy_tree(path);
  if (tree < 0) return tree;
  long result = make_read_only(tree, "", TREE_EMPTY_PATH);
  return result < 0 ? result : put_tree(tree, path);
}

static long mount_one(const struct spawn_mount *mount) {
  long result;
  switch (mount->how) {
    case SPAWN_MOUNT_READ_ONLY: return protect_path(mount->path);
    case SPAWN_MOUNT_PROC: return raw_call(SYS_mount, "proc", mount->path, "proc", PROC_FLAGS, 0);
    case SPAWN_MOUNT_TEMPORARY:
      result = raw_call(SYS_mount, "tmpfs", mount->path, "tmpfs", TEMPORARY_FLAGS, "mode=1777");
      return result == -ENOENT ? 0 : result; /* a small root need not have it */
    default: return 0;
  }
}

int child_mount(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  long result = request->set & SPAWN_READ_ONLY ? protect_root(request) : 0;
  for (uint32_t i = 0; i < request->mount_count && result == 0; i++) result = mount_one(&request->mounts[i]);
  return (int)result;
}
