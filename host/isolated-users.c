/*
 * Who is who inside. Root stays root. An ordinary user gets a user namespace in which it is root: with a range of
 * further users where newuidmap(1) and /etc/subuid(5) allow one, else with itself alone (user_namespaces(7)).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "isolated.h"

struct range {
  unsigned start, count;
};

int isolated_may_administer(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data) < 0) return 0;
  return (data[CAP_SYS_ADMIN / 32].effective >> CAP_SYS_ADMIN % 32) & 1;
}

/* What is the host's alone, in no namespace: its clock, its kernel's modules, its ports. Without these in the bounding
 * set no program that is started here can get them. */
void isolated_drop_host_powers(void) {
  static const int powers[] = {CAP_SYS_TIME, CAP_SYS_MODULE, CAP_SYS_RAWIO};
  for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++) prctl(PR_CAPBSET_DROP, powers[i], 0, 0, 0);
}

static int write_text(pid_t pid, const char *name, const char *text) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t written = write(fd, text, strlen(text));
  int result = written < 0 ? -errno : 0;
  close(fd);
  return result;
}

/* The first range of a user in subuid(5): name or number, start, count. 1: there is one. */
static int find_range(const char *file, const char *name, unsigned id, struct range *range) {
  char line[512], number[16];
  int found = 0;
  snprintf(number, sizeof number, "%u", id);
  FILE *list = fopen(file, "re");
  if (list == NULL) return 0;
  while (!found && fgets(line, sizeof line, list) != NULL) {
    char *colon = strchr(line, ':');
    if (colon == NULL) continue;
    *colon = '\0';
    if (strcmp(line, number) != 0 && (name == NULL || strcmp(line, name) != 0)) continue;
    found = sscanf(colon + 1, "%u:%u", &range->start, &range->count) == 2 && range->count > 0;
  }
  fclose(list);
  return found;
}

/* newuidmap or newgidmap: root inside is the user outside, 1 and up is the range. 0, or -EPERM for whatever reason. */
static int map_range(const char *program, pid_t pid, unsigned id, const struct range *range) {
  char words[4][16];
  int status;
  snprintf(words[0], sizeof words[0], "%d", (int)pid);
  snprintf(words[1], sizeof words[1], "%u", id);
  snprintf(words[2], sizeof words[2], "%u", range->start);
  snprintf(words[3], sizeof words[3], "%u", range->count);
  pid_t child = fork();
  if (child < 0) return -errno;
  if (child == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    /* Its complaint is not the user's concern: a map of one is enough. */
    if (null >= 0) dup2(null, STDERR_FILENO);
    execlp(program, program, words[0], "0", words[1], "1", "1", words[2], words[3], (char *)NULL);
    _exit(127);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -errno;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

static int map_one(pid_t pid, const char *name, unsigned id) {
  char line[32];
  snprintf(line, sizeof line, "0 %u 1\n", id);
  return write_text(pid, name, line);
}

int isolated_map_users(pid_t pid) {
  struct range users, groups;
  unsigned uid = geteuid(), gid = getegid();
  struct passwd *account = getpwuid(uid);
  const char *name = account != NULL ? account->pw_name : NULL;
  if (find_range("/etc/subuid", name, uid, &users) && find_range("/etc/subgid", name, uid, &groups) &&
      map_range("newgidmap", pid, gid, &groups) == 0 && map_range("newuidmap", pid, uid, &users) == 0)
    return 0;
  /* user_namespaces(7): without this the kernel takes no map of groups from an ordinary user. Where newgidmap has
   * written its map already and newuidmap failed, it is late: EPERM then says that the map stands. */
  int result = write_text(pid, "setgroups", "deny");
  if (result < 0 && result != -EPERM && result != -ENOENT) return result;
  result = map_one(pid, "gid_map", gid);
  if (result < 0 && result != -EPERM) return result;
  result = map_one(pid, "uid_map", uid);
  return result < 0 ? result : 1;
}
