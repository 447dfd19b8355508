// with: users.c
// valgrind
/* Users and groups from files of the test's own. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "users-files.h"
#include "users.h"

static char folder[] = "/tmp/gonit-users-XXXXXX";
static char passwd_path[64], group_path[64];

static void write_text(const char *path, const char *text) {
  char new_path[80];
  snprintf(new_path, sizeof new_path, "%s.new", path);
  FILE *file = fopen(new_path, "w");
  assert(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
  assert(rename(new_path, path) == 0);
}

static const char accounts[] =
    "root:x:0:0:root:/root:/bin/bash\n"
    "# a remark\n"
    "\n"
    "web:x:33:33:Web server:/var/www:/usr/sbin/nologin\n"
    "bare:x:40:41:::\n"
    "1000:x:7:8::/seven:/bin/sh\n"
    "broken:x:abc:1::/:\n"
    "short:x:50\n"
    "negative:x:-1:1::/:\n"
    "last:x:4294967295:1::/:\n"
    "huge:x:99999999999:1::/:\n"
    "nobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin";

static const char groups[] =
    "root:x:0:\n"
    "www:x:33:\n"
    "adm:x:4:syslog,web\n"
    "prefix:x:90:webmaster,aweb\n"
    "audio:x:29:web\n"
    "again:x:29:web\n"
    "broken:x:xx:web\n"
    "tail:x:91:web";

static void test_names(void) {
  struct user_record user;
  assert(users_find("web", &user) == 0);
  assert(user.uid == 33 && user.gid == 33 && strcmp(user.name, "web") == 0);
  assert(strcmp(user.home, "/var/www") == 0 && strcmp(user.shell, "/usr/sbin/nologin") == 0);
  assert(user.group_count == 4); /* its own first, each once */
  assert(user.groups[0] == 33 && user.groups[1] == 4 && user.groups[2] == 29 && user.groups[3] == 91);
  assert(users_find("nobody", &user) == 0 && user.uid == 65534 && user.group_count == 1);
  assert(users_find("bare", &user) == 0 && user.gid == 41);
  assert(strcmp(user.home, "/") == 0 && user.shell[0] == '\0');
  const char *const missing[] = {"we", "webx", "", "broken", "short", "negative", "last", "huge", "x", "# a remark"};
  for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) assert(users_find(missing[i], &user) == -ENOENT);
}

static void test_numbers(void) {
  struct user_record user;
  assert(users_find("33", &user) == 0 && strcmp(user.name, "web") == 0 && user.group_count == 4);
  assert(users_find("1000", &user) == 0 && user.uid == 7); /* a name comes first */
  assert(users_find("12345", &user) == 0);
  assert(user.uid == 12345 && user.gid == 12345 && user.group_count == 0 && user.name[0] == '\0');
  assert(strcmp(user.home, "/") == 0 && user.shell[0] == '\0');
  const char *const wrong[] = {"-1", "4294967295", "4294967296", "99999999999", "12a", " 1", "+1", "0x1"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert(users_find(wrong[i], &user) == -ENOENT);
}

static void test_groups(void) {
  uint32_t gid = 0;
  assert(users_find_group("adm", &gid) == 0 && gid == 4);
  assert(users_find_group("tail", &gid) == 0 && gid == 91);
  assert(users_find_group("777", &gid) == 0 && gid == 777);
  assert(users_find_group("broken", &gid) == -ENOENT && users_find_group("ad", &gid) == -ENOENT);
  assert(users_find_group("", &gid) == -ENOENT);
}

static void test_changes(void) {
  struct user_record user;
  assert(users_find("new", &user) == -ENOENT);
  write_text(passwd_path, "new:x:5:6::/new:/bin/sh\n");
  assert(users_find("new", &user) == 0 && user.uid == 5);
  assert(users_find("web", &user) == -ENOENT);
  unlink(passwd_path);
  unlink(group_path);
  uint32_t gid;
  assert(users_find("new", &user) == -ENOENT && users_find("5", &user) == 0 && user.gid == 5);
  assert(users_find_group("adm", &gid) == -ENOENT);
}

/* Files that are none of the usual kind are an error, and nothing waits for them. */
static void test_strange_files(void) {
  struct user_record user;
  assert(mkfifo(passwd_path, 0600) == 0);
  assert(users_find("web", &user) == -EINVAL);
  unlink(passwd_path);
  assert(mkdir(passwd_path, 0700) == 0);
  assert(users_find("web", &user) == -EINVAL);
  rmdir(passwd_path);
  int fd = open(passwd_path, O_CREAT | O_WRONLY, 0600);
  assert(fd >= 0 && ftruncate(fd, 1ll << 40) == 0);
  close(fd);
  assert(users_find("web", &user) == -EFBIG);
  write_text(passwd_path, "");
  assert(users_find("web", &user) == -ENOENT);
  char text[400];
  snprintf(text, sizeof text, "far:x:1:1::/%0300d:/bin/sh\n", 0);
  write_text(passwd_path, text);
  assert(users_find("far", &user) == -ENAMETOOLONG);
}

static void test_many_groups(void) {
  struct user_record user;
  char *text = malloc(64 * 1024);
  size_t used = 0;
  for (int i = 0; i < SPAWN_GROUPS_MAX + 1; i++) used += (size_t)sprintf(text + used, "g%d:x:%d:many\n", i, 1000 + i);
  write_text(passwd_path, "many:x:1:1000::/:\n");
  write_text(group_path, text);
  assert(users_find("many", &user) == -E2BIG);
  *strrchr(text, 'g') = '\0';
  write_text(group_path, text);
  assert(users_find("many", &user) == 0 && user.group_count == SPAWN_GROUPS_MAX);
  free(text);
}

int main(void) {
  assert(mkdtemp(folder) != NULL);
  snprintf(passwd_path, sizeof passwd_path, "%s/passwd", folder);
  snprintf(group_path, sizeof group_path, "%s/group", folder);
  users_passwd_path = passwd_path;
  users_group_path = group_path;
  write_text(passwd_path, accounts);
  write_text(group_path, groups);
  test_names();
  test_numbers();
  test_groups();
  test_changes();
  test_strange_files();
  test_many_groups();
  unlink(passwd_path);
  unlink(group_path);
  assert(rmdir(folder) == 0);
  return 0;
}
