/* What only process 1 of a machine does: the API file systems at the start, the power at the end. */
#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

#define SYNC_MS 10000

struct api_mount {
  const char *type, *target, *options;
  unsigned long flags;
};

static const struct api_mount mounts[] = {
    {"proc", "/proc", "", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"sysfs", "/sys", "", MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"devtmpfs", "/dev", "mode=0755", MS_NOSUID},
    {"devpts", "/dev/pts", "mode=0620,gid=5,ptmxmode=0666", MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/run", "mode=0755", MS_NOSUID | MS_NODEV},
    {"cgroup2", "/sys/fs/cgroup", "", MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

static int is_mount_point(const char *path) {
  struct stat here, above;
  char parent[64];
  int length = 0;
  for (const char *at = path; *at != '\0' && length < 56; at++) parent[length++] = *at;
  parent[length++] = '/';
  parent[length++] = '.';
  parent[length++] = '.';
  parent[length] = '\0';
  return stat(path, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

/* A file system that is there already (from an initramfs) is left alone; one that fails is missed later, by name. */
void machine_mount(void) {
  for (unsigned i = 0; i < sizeof mounts / sizeof mounts[0]; i++) {
    const struct api_mount *api = &mounts[i];
    if (is_mount_point(api->target)) continue;
    mkdir(api->target, 0755);
    mount(api->type, api->target, api->type, api->flags, api->options);
  }
}

static void sync_with_limit(void) {
  pid_t pid = fork();
  if (pid == 0) {
    sync();
    _exit(0);
  }
  for (int ms = 0; pid > 0 && ms < SYNC_MS && waitpid(pid, NULL, WNOHANG) == 0; ms += 10) usleep(10000);
}

void machine_end(int mode) {
  sync_with_limit();
  mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY, NULL);
  if (mode == SHUTDOWN_MODE_REBOOT) reboot(RB_AUTOBOOT);
  else if (mode == SHUTDOWN_MODE_HALT) reboot(RB_HALT_SYSTEM);
  else reboot(RB_POWER_OFF);
  for (;;) pause(); /* a machine without that switch: process 1 must not return */
}
