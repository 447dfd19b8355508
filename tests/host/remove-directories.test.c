// with: remove-directories.c
/* Run directories go with all that a service left in them, and nothing beyond them does. */
#undef NDEBUG
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "entry.h"

static char folder[64] = "/tmp/gonit-remove-XXXXXX";

static char *at(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static void make(const char *name) { assert(mkdir(at(name), 0755) == 0); }

static void put(const char *name) {
  int fd = open(at(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  assert(fd >= 0);
  close(fd);
}

static int exists(const char *name) {
  struct stat status;
  return lstat(at(name), &status) == 0;
}

static int remove_named(const char *name) {
  char copy[128];
  snprintf(copy, sizeof copy, "%s", name);
  char *argv[] = {"gonit: remove-directories", folder, copy, NULL};
  return remove_directories_main(3, argv);
}

static void test_contents(void) {
  make("run");
  make("run/a");
  make("run/a/b");
  make("keep");
  put("keep/file");
  put("run/a/b/file");
  assert(mkfifo(at("run/fifo"), 0600) == 0);
  char target[128];
  snprintf(target, sizeof target, "%s", at("keep"));
  assert(symlink(target, at("run/link")) == 0);
  assert(remove_named("run") == EXIT_CODE_OK);
  assert(!exists("run") && exists("keep/file"));
  assert(remove_named("run") == EXIT_CODE_OK); /* it is gone already */
}

static void test_links(void) {
  assert(symlink("keep", at("link")) == 0);
  freopen("/dev/null", "w", stderr);
  assert(remove_named("link/file") == EXIT_CODE_FAILED && exists("keep/file"));
  assert(remove_named("link") == EXIT_CODE_OK && !exists("link") && exists("keep/file"));
}

static void test_parts(void) {
  make("app");
  make("app/run");
  put("app/other");
  put("app/run/file");
  assert(remove_named("app/run") == EXIT_CODE_OK);
  assert(!exists("app/run") && exists("app/other"));
}

/* A program in a loop can make more levels than we have descriptors: told, not a crash. */
static void test_depth(void) {
  make("deep");
  int fd = open(at("deep"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 2000; i++) {
    assert(mkdirat(fd, "d", 0755) == 0);
    int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(fd);
    fd = next;
  }
  close(fd);
  assert(remove_named("deep") == EXIT_CODE_FAILED && exists("deep"));
}

int main(void) {
  char command[128];
  assert(mkdtemp(folder) != NULL);
  test_contents();
  test_links();
  test_parts();
  test_depth();
  snprintf(command, sizeof command, "rm -rf %s", folder);
  assert(system(command) == 0);
  return 0;
}
