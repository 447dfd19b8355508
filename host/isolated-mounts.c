/* What the little system has of its own: /dev, /proc, /run, /tmp, /system. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolated.h"

/* No disks, no memory, no kernel log: root inside must not reach the host through a device. */
static const char *const devices[] = {"null", "zero", "full", "random", "urandom", "tty", NULL};

static const char *const links[][2] = {
    {"/dev/ptmx", "pts/ptmx"},          {"/dev/fd", "/proc/self/fd"},        {"/dev/stdin", "/proc/self/fd/0"},
    {"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
};

static int take_device(struct isolated_world *world, const char *name) {
  char source[64], target[64];
  snprintf(source, sizeof source, "%s/dev/%s", ISOLATED_HOST, name);
  snprintf(target, sizeof target, "/dev/%s", name);
  if (access(source, F_OK) < 0) return 0;
  int result = isolated_make_file(target);
  return result < 0 ? result : isolated_mount(world, source, target, NULL, MS_BIND, NULL);
}

/* The group tty owns terminals (Debian: 5), which a map of one user does not have. */
static int mount_terminals(struct isolated_world *world) {
  static const char *const options[] = {"newinstance,gid=5,mode=620,ptmxmode=666", "newinstance,mode=620,ptmxmode=666"};
  int result = isolated_mount(world, "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options[0]);
  if (result != -EINVAL) return result;
  return isolated_mount(world, "devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, options[1]);
}

int isolated_devices(struct isolated_world *world) {
  int result = isolated_mount(world, "gonit", "/dev", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755");
  for (int i = 0; result == 0 && devices[i] != NULL; i++) result = take_device(world, devices[i]);
  for (size_t i = 0; result == 0 && i < sizeof links / sizeof links[0]; i++)
    if (symlink(links[i][1], links[i][0]) < 0) result = -errno;
  if (result == 0 && (mkdir("/dev/pts", 0755) < 0 || mkdir("/dev/shm", 01777) < 0)) result = -errno;
  if (result == 0) result = mount_terminals(world);
  if (result < 0) return result;
  return isolated_mount(world, "gonit", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
}

/* As far as a file is there: what it changes is the host's, whichever namespaces the writer is in. */
static int protect(struct isolated_world *world, const char *path) {
  if (access(path, F_OK) < 0) return 0;
  return isolated_bind_read_only(world, path, path);
}

/* sysrq-trigger alone would do for a power off of the host. What is under net belongs to the network namespace. */
static int protect_host(struct isolated_world *world) {
  static const char *const paths[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus", "/proc/acpi",
                                      "/proc/fs",  "/proc/scsi", NULL};
  int result = 0;
  for (int i = 0; result == 0 && paths[i] != NULL; i++) result = protect(world, paths[i]);
  if (result < 0 || access("/proc/sys/net", F_OK) < 0) return result;
  result = isolated_mount(world, "/proc/sys/net", "/proc/sys/net", NULL, MS_BIND, NULL);
  if (result < 0) return result;
  unsigned long flags = MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV | MS_NOEXEC;
  return mount(NULL, "/proc/sys/net", NULL, flags, NULL) < 0 ? -errno : 0;
}

/* The kernel refuses a new /proc in a user namespace where parts of the one around it are covered, as in containers. */
int isolated_processes(struct isolated_world *world) {
  int result = isolated_mount(world, "proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
  /* In a user namespace the owner of these files is somebody else, so they are out of reach already. */
  if (result == 0) return world->user_namespace ? 0 : protect_host(world);
  result = isolated_bind_read_only(world, ISOLATED_HOST "/proc", "/proc");
  if (result == 0)
    isolated_notice(world, "/proc is the host's: the kernel refuses a new one here; ps shows its processes");
  return result;
}

int isolated_fresh(struct isolated_world *world) {
  int result = isolated_mount(world, "gonit", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  if (result == 0) result = isolated_mount(world, "gonit", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
  if (result == 0) result = isolated_mount(world, "gonit", "/system", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
  if (result == 0 && mkdir("/run/lock", 01777) < 0) result = -errno;
  return result;
}
