// with: bare-root.c
/* A root of the test's own, in a mount namespace of its own. Needs to be root. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../host/init.h"
#include "../../host/report.h"

static int reports;

void report(const char *level, const char *message, const struct report_field *fields) {
  reports++;
  for (; fields->name != NULL; fields++) printf("%s %s %s=%s\n", level, message, fields->name, fields->text);
}

const char *report_error(int error) { return strerror(error); }

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "we");
  assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static int has(const char *path, const char *text) {
  char found[64] = "";
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t length = read(fd, found, sizeof found - 1);
  close(fd);
  return length >= 0 && strcmp(found, text) == 0;
}

/* A root with a file, a folder and a link, which is read-only unless `flags` says otherwise. */
static void enter(const char *folder, unsigned long flags) {
  assert(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  assert(mount("tmpfs", folder, "tmpfs", 0, "mode=0755") == 0 && chdir(folder) == 0);
  write_file("init", "a program");
  assert(mkdir("etc", 0755) == 0 && symlink("etc/name", "link") == 0);
  write_file("etc/name", "a name");
  assert(mount(NULL, folder, NULL, MS_REMOUNT | flags, NULL) == 0 && chroot(".") == 0 && chdir("/") == 0);
}

static void in_child(void (*body)(const char *folder), const char *folder) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    body(folder);
    _exit(0); /* no check for leaks, which needs /proc */
  }
  assert(waitpid(pid, &status, 0) == pid && status == 0);
}

static void test_read_only(const char *folder) {
  enter(folder, MS_RDONLY);
  assert(bare_root_cover() == 1 && reports == 0);
  assert(has("/init", "a program") && has("/etc/name", "a name") && has("/link", "a name"));
  assert(mkdir("/proc", 0755) == 0 && mkdir("/dev", 0755) == 0);
  assert(mkdir("/etc/more", 0755) < 0 && errno == EROFS); /* what the root holds stays as it is */
}

static void test_writable(const char *folder) {
  struct stat before, after;
  enter(folder, 0);
  assert(stat("/", &before) == 0);
  assert(bare_root_cover() == 0);
  assert(stat("/", &after) == 0 && before.st_dev == after.st_dev && reports == 0);
}

int main(void) {
  char folder[] = "/tmp/gonit-bare-root-XXXXXX";
  if (geteuid() != 0) return 0;
  assert(mkdtemp(folder) != NULL);
  in_child(test_read_only, folder);
  in_child(test_writable, folder);
  assert(rmdir(folder) == 0);
  return 0;
}
