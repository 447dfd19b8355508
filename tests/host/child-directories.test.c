// with: spawn.c spawn-child.c child.c child-exec.c child-directories.c child-sandbox.c clone-child.c window.c slots.c features.c test-hook.c
/* A service's own directories: made for its user, through nothing that somebody else put in the way. */
#include <grp.h>

#include "spawn-world.h"

static char base[160];

static const char *below(const char *name) {
  static char path[256];
  snprintf(path, sizeof path, "%s/%s", base, name);
  return path;
}

/* The list lasts until the next request begins one. */
static struct spawn_request *with_directory(struct spawn_request *request, const char *name, uint32_t mode) {
  static struct spawn_directory directories[4];
  request->directories = directories;
  directories[request->directory_count++] = (struct spawn_directory){base, name, mode};
  return request;
}

static void as_nobody(struct spawn_request *request) {
  if (!is_root()) return;
  request->set |= SPAWN_SET_USER | SPAWN_SET_GROUP;
  request->uid = NOBODY;
  request->gid = 100;
}

static int is_directory_of(const char *name, mode_t mode, uid_t uid, gid_t gid) {
  struct stat status;
  if (lstat(below(name), &status) != 0 || !S_ISDIR(status.st_mode)) return 0;
  return (status.st_mode & 07777) == mode && (!is_root() || (status.st_uid == uid && status.st_gid == gid));
}

static void begin_in(const char *name) {
  begin();
  snprintf(base, sizeof base, "%s/%s", folder, name);
}

static void test_made(void) {
  begin_in("made/at/once");
  struct spawn_request *request = REQUEST("sh", "-c", "umask; touch \"$0/a/b/mine\"", base);
  as_nobody(request);
  umask(077); /* ours says nothing about the service's directories */
  with_directory(with_directory(request, "a/b", 0750), "c", 01777);
  assert(run_for_output(request) == 0);
  umask(022);
  assert(is_directory_of("a/b", 0750, NOBODY, 100) && is_directory_of("c", 01777, NOBODY, 100));
  assert(access(below("a/b/mine"), F_OK) == 0);

  /* Those that are there get what they lack, and what is in them stays. */
  assert(chmod(below("c"), 0700) == 0);
  request = REQUEST("test", "-e", "/");
  with_directory(with_directory(request, "a/b", 0750), "c", 0755);
  assert(run_for_output(request) == 0);
  assert(is_directory_of("a/b", 0750, NOBODY, 100) && is_directory_of("c", 0755, NOBODY, 100));
  assert(access(below("a/b/mine"), F_OK) == 0);
}

static void expect_refused(const char *name, int error) {
  struct spawn_request *request = REQUEST("/bin/true");
  as_nobody(request);
  expect_failure(with_directory(request, name, 0777), STAGE_DIRECTORIES, error);
}

static void test_in_the_way(void) {
  struct stat before, after;
  begin_in("way");
  assert(mkdir(base, 0755) == 0 && mkdir(below("other"), 0700) == 0);
  assert(stat(below("other"), &before) == 0);
  assert(symlink("other", below("link")) == 0 && symlink("nowhere", below("dangling")) == 0);
  close(open(below("file"), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  assert(mkfifo(below("fifo"), 0600) == 0);
  expect_refused("link", ENOTDIR);
  expect_refused("link/inside", ENOTDIR);
  expect_refused("dangling", ENOTDIR);
  expect_refused("file", ENOTDIR);
  expect_refused("fifo", ENOTDIR);
  expect_refused("../out", EINVAL);
  expect_refused("a/../../out", EINVAL);
  expect_refused("./a", EINVAL);
  expect_refused("a//b", EINVAL);
  expect_refused("/etc", EINVAL);
  expect_refused("", EINVAL);
  char long_name[300];
  memset(long_name, 'x', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  expect_refused(long_name, ENAMETOOLONG);
  assert(stat(below("other"), &after) == 0);
  assert(before.st_mode == after.st_mode && before.st_uid == after.st_uid);
  assert(access(below("nowhere"), F_OK) != 0 && access(below("other/inside"), F_OK) != 0);
}

static void test_not_ours(void) {
  begin_in("theirs");
  assert(mkdir(base, 0755) == 0 && mkdir(below("a"), 0755) == 0);
  if (is_root()) assert(setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0);
  if (is_root()) assert(setresuid(NOBODY, NOBODY, NOBODY) == 0);
  else return;
  prctl(PR_SET_DUMPABLE, 1);
  expect_failure(with_directory(REQUEST("/bin/true"), "b", 0755), STAGE_DIRECTORIES, EACCES);
  expect_failure(with_directory(REQUEST("/bin/true"), "a", 0700), STAGE_DIRECTORIES, EPERM);
  struct spawn_request *request = with_directory(REQUEST("/bin/true"), "a", 0755); /* nothing has to be changed */
  struct spawn_result result = spawn(request);
  assert(result.stage == STAGE_NONE && finish(&result) == 0);
}

int main(void) {
  run_in_manager("directories are made with owner and mode", test_made);
  run_in_manager("links, files and steps upward are refused", test_in_the_way);
  run_in_manager("another user's directory", test_not_ours);
  char command[256];
  snprintf(command, sizeof command, "rm -rf %s/way %s/made %s/theirs", folder, folder, folder);
  assert(system(command) == 0);
  remove_folder();
  return 0;
}
