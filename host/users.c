/* Users and groups from /etc/passwd and /etc/group (passwd(5), group(5)); see users.h. */
#include "users.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "users-files.h"

#define FILE_BYTES_MAX (4 * 1024 * 1024)

const char *users_passwd_path = "/etc/passwd";
const char *users_group_path = "/etc/group";

/* A file's text as it was at `status`. */
struct text_file {
  char *text;
  struct stat status;
};

static struct text_file passwd, group;

static int is_same(const struct stat *a, const struct stat *b) {
  return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
         a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
         a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int read_all(int fd, char *text, size_t size) {
  size_t used = 0;
  while (used < size) {
    ssize_t got = read(fd, text + used, size - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if (got == 0) break;
    used += (size_t)got;
  }
  text[used] = '\0';
  return 0;
}

static int read_open(int fd, struct text_file *file) {
  struct stat status;
  if (fstat(fd, &status) != 0) return -errno;
  if (!S_ISREG(status.st_mode)) return -EINVAL;
  if (status.st_size > FILE_BYTES_MAX) return -EFBIG;
  char *text = malloc((size_t)status.st_size + 1);
  if (text == NULL) return -ENOMEM;
  int result = read_all(fd, text, (size_t)status.st_size);
  if (result < 0) {
    free(text);
    return result;
  }
  free(file->text);
  file->text = text;
  file->status = status;
  return 0;
}

/* Reads it again when it changed. O_NONBLOCK: the path could name a FIFO. A file that is not there is an empty one: a
 * small image needs no accounts. */
static int refresh(const char *path, struct text_file *file) {
  struct stat now;
  if (file->text != NULL && stat(path, &now) == 0 && is_same(&now, &file->status)) return 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 && errno != ENOENT) return -errno;
  if (fd < 0) {
    free(file->text);
    file->text = NULL;
    return 0;
  }
  int result = read_open(fd, file);
  close(fd);
  return result;
}

/* One field of a line; `at` goes behind its colon, and to NULL after the last one. */
struct field {
  const char *start;
  size_t length;
};

static struct field next_field(const char **at) {
  struct field field = {*at == NULL ? "" : *at, 0};
  if (*at == NULL) return field;
  field.length = strcspn(field.start, ":\n");
  *at = field.start[field.length] == ':' ? field.start + field.length + 1 : NULL;
  return field;
}

static int is_text(struct field field, const char *text) {
  return strlen(text) == field.length && memcmp(field.start, text, field.length) == 0;
}

static int copy_field(char *to, size_t size, struct field field) {
  if (field.length >= size) return -ENAMETOOLONG;
  memcpy(to, field.start, field.length);
  to[field.length] = '\0';
  return 0;
}

/* 1 and the number; 0 where it is none that a user can have (the last one means "no change", setuid(2)). */
static int read_number(const char *text, size_t length, uint32_t *number) {
  uint64_t value = 0;
  if (length == 0 || length > 10) return 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return 0;
    value = value * 10 + (uint64_t)(text[i] - '0');
  }
  if (value >= UINT32_MAX) return 0;
  *number = (uint32_t)value;
  return 1;
}

static const char *next_line(const char *line) {
  const char *end = strchr(line, '\n');
  return end == NULL ? NULL : end + 1;
}

/* name:password:uid:gid:comment:home:shell. 1: it is the one, 0: it is not, or is not well made. */
static int read_user(const char *line, const char *name, const uint32_t *number, struct user_record *user) {
  struct field fields[7];
  const char *at = line;
  for (int i = 0; i < 7; i++) fields[i] = next_field(&at);
  uint32_t uid, gid;
  if (fields[0].length == 0 || !read_number(fields[2].start, fields[2].length, &uid)) return 0;
  if (!read_number(fields[3].start, fields[3].length, &gid)) return 0;
  if (number != NULL ? uid != *number : !is_text(fields[0], name)) return 0;
  user->uid = uid;
  user->gid = gid;
  int result = copy_field(user->name, sizeof user->name, fields[0]);
  if (result == 0) result = copy_field(user->home, sizeof user->home, fields[5]);
  if (result == 0) result = copy_field(user->shell, sizeof user->shell, fields[6]);
  if (user->home[0] == '\0') strcpy(user->home, "/");
  return result < 0 ? result : 1;
}

static int find_entry(const char *name, const uint32_t *number, struct user_record *user) {
  int found = 0;
  for (const char *line = passwd.text; line != NULL && *line != '\0' && found == 0; line = next_line(line))
    found = read_user(line, name, number, user);
  return found;
}

static int has_member(struct field list, const char *name) {
  size_t length = strlen(name);
  for (size_t at = 0; at < list.length;) {
    size_t end = at;
    while (end < list.length && list.start[end] != ',') end++;
    if (end - at == length && memcmp(list.start + at, name, length) == 0) return 1;
    at = end + 1;
  }
  return 0;
}

static int add_group(struct user_record *user, uint32_t gid) {
  for (uint32_t i = 0; i < user->group_count; i++)
    if (user->groups[i] == gid) return 0;
  if (user->group_count == SPAWN_GROUPS_MAX) return -E2BIG;
  user->groups[user->group_count++] = gid;
  return 0;
}

/* name:password:gid:member,member. The list begins with the user's own group, as initgroups(3) makes it. */
static int find_groups(struct user_record *user) {
  int result = add_group(user, user->gid);
  for (const char *line = group.text; line != NULL && *line != '\0' && result == 0; line = next_line(line)) {
    const char *at = line;
    struct field name = next_field(&at);
    next_field(&at);
    struct field gid = next_field(&at);
    struct field members = next_field(&at);
    uint32_t number;
    if (name.length > 0 && read_number(gid.start, gid.length, &number) && has_member(members, user->name))
      result = add_group(user, number);
  }
  return result;
}

/* A name that consists of digits is looked for as a name first, as chown(1) does. */
int users_find(const char *name_or_number, struct user_record *user) {
  uint32_t number;
  memset(user, 0, sizeof *user);
  int result = refresh(users_passwd_path, &passwd);
  if (result == 0) result = refresh(users_group_path, &group);
  if (result < 0) return result;
  int found = find_entry(name_or_number, NULL, user);
  if (found > 0) return find_groups(user);
  if (found < 0) return found;
  if (!read_number(name_or_number, strlen(name_or_number), &number)) return -ENOENT;
  found = find_entry(NULL, &number, user);
  if (found != 0) return found < 0 ? found : find_groups(user);
  *user = (struct user_record){.uid = number, .gid = number, .home = "/"};
  return 0;
}

int users_find_group(const char *name_or_number, uint32_t *gid) {
  int result = refresh(users_group_path, &group);
  if (result < 0) return result;
  for (const char *line = group.text; line != NULL && *line != '\0'; line = next_line(line)) {
    const char *at = line;
    struct field name = next_field(&at);
    next_field(&at);
    struct field number = next_field(&at);
    if (name.length > 0 && is_text(name, name_or_number) && read_number(number.start, number.length, gid)) return 0;
  }
  return read_number(name_or_number, strlen(name_or_number), gid) ? 0 : -ENOENT;
}
