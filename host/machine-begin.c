/* What only process 1 of a machine does before anything else: API file systems, a console, the keys ctrl-alt-del. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

struct api_mount {
  const char *type, *target, *options;
  const char *fewer; /* options where the kernel does not know them all; NULL: the same */
  unsigned long flags;
};

static const struct api_mount api_mounts[] = {
    {"proc", "/proc", "", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"sysfs", "/sys", "", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
    {"devtmpfs", "/dev", "mode=0755", NULL, MS_NOSUID},
    {"devpts", "/dev/pts", "mode=0620,gid=5,ptmxmode=0666", NULL, MS_NOSUID | MS_NOEXEC},
    {"tmpfs", "/dev/shm", "mode=1777", NULL, MS_NOSUID | MS_NODEV},
    {"tmpfs", "/run", "mode=0755", NULL, MS_NOSUID | MS_NODEV},
    {"tmpfs", "/tmp", "mode=1777", NULL, MS_NOSUID | MS_NODEV},
    {"cgroup2", "/sys/fs/cgroup", "nsdelegate,memory_recursiveprot", "nsdelegate", MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

static int is_mount_point(const char *path) {
  struct stat here, above;
  char parent[64];
  snprintf(parent, sizeof parent, "%s/..", path);
  return stat(path, &here) == 0 && stat(parent, &above) == 0 && here.st_dev != above.st_dev;
}

/* One that is there already (from an initramfs) is left alone; one that fails is told, and the rest goes on. */
static void mount_api(const struct api_mount *api) {
  if (is_mount_point(api->target)) return;
  mkdir(api->target, 0755);
  if (mount(api->type, api->target, api->type, api->flags, api->options) == 0) return;
  if (errno == EINVAL && api->fewer != NULL && mount(api->type, api->target, api->type, api->flags, api->fewer) == 0)
    return;
  report("warn", "Cannot mount a file system of the kernel",
         REPORT_FIELDS({"error", report_error(errno), 0}, {"target", api->target, 0}));
}

/* The kernel opens /dev/console as 0, 1 and 2 where the root file system holds that node; else we do once there is a
 * /dev. This node is not hung up when a session on the same line ends, and it never becomes a controlling terminal. */
static void open_console(void) {
  struct stat now, null;
  int is_null = fstat(2, &now) == 0 && stat("/dev/null", &null) == 0 && now.st_rdev == null.st_rdev;
  if (fstat(2, &now) == 0 && S_ISCHR(now.st_mode) && !is_null) return;
  int fd = open("/dev/console", O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  for (int standard = 0; standard <= 2; standard++) dup2(fd, standard);
  if (fd > 2) close(fd);
}

void machine_begin(void) {
  int is_covered = bare_root_cover();
  for (unsigned i = 0; i < sizeof api_mounts / sizeof api_mounts[0]; i++) mount_api(&api_mounts[i]);
  open_console();
  reboot(RB_DISABLE_CAD); /* ctrl-alt-del comes as SIGINT from now on */
  if (!role_in_initial_namespace()) return; /* what follows is about the whole machine, not about a test's part of it */
  if (!is_covered) switch_root(); /* the cover is in memory, as an initramfs is */
  machine_facts_restore();
}
