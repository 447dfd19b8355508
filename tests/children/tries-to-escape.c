/* tries-to-escape FILE: does what a sandbox is to prevent, and says of each "NAME done" or "NAME ERRNO"; then who it is and
 * what it sees, as "pid N", "processes N", "interfaces NAMES", "tmp N" and "nnp N". FILE is what it tries to write. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "child.h"

static void tell(const char *name, long result) {
  if (result >= 0) printf("%s done\n", name);
  else printf("%s %d\n", name, errno);
}

static int entries(const char *path, int numbers_only) {
  DIR *directory = opendir(path);
  int count = 0;
  if (directory == NULL) return -1;
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (entry->d_name[0] != '.' && (!numbers_only || (entry->d_name[0] >= '0' && entry->d_name[0] <= '9'))) count++;
  closedir(directory);
  return count;
}

static void tell_interfaces(void) {
  char line[256], name[64];
  FILE *file = fopen("/proc/self/net/dev", "r");
  printf("interfaces");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, " %63[^: ]:", name) == 1 && strchr(line, ':') != NULL) printf(" %s", name);
  printf("\n");
  if (file != NULL) fclose(file);
}

int main(int argc, char **argv) {
  struct timespec time = {0};
  pid_t child = fork();
  if (child == 0) _exit(unshare(CLONE_NEWUTS) == 0 ? 0 : errno);
  int status = 0;
  waitpid(child, &status, 0);
  errno = WEXITSTATUS(status);
  tell("unshare", errno == 0 ? 0 : -1);
  tell("mount", mount("none", "/tmp", NULL, MS_REC | MS_PRIVATE, NULL));
  tell("chroot", chroot("/"));
  tell("settime", clock_settime(CLOCK_MONOTONIC, &time));
  tell("inet", socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  tell("unix", socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  tell("chown", argc > 1 ? chown(argv[1], 1, 1) : -1);
  tell("write", argc > 1 ? open(argv[1], O_WRONLY | O_CLOEXEC) : -1);
  tell("root-file", open("/etc/gonit-escaped", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  unlink("/etc/gonit-escaped");
  printf("pid %d\nprocesses %d\ntmp %d\nnnp %d\n", (int)getpid(), entries("/proc", 1), entries("/tmp", 0),
         prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  tell_interfaces();
  fflush(stdout);
  say("tried all");
  sleep_for_ever();
}
