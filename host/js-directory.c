/* Host calls of module file: names and directories (js-file.c: contents). */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "features.h"
#include "js.h"

static const char *kind_name(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "directory";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "character";
    case S_IFBLK: return "block";
    case S_IFLNK: return "link";
    default: return "file";
  }
}

JS_BINDING(host_stat) {
  const char *path;
  struct stat status;
  if (js_string(ctx, argv[0], "stat: path", &path) < 0) return JS_EXCEPTION;
  int error = stat(path, &status) < 0 ? errno : 0;
  JS_FreeCString(ctx, path);
  if (error != 0) return JS_NewInt32(ctx, -error);
  JSValue result = JS_NewObject(ctx);
  double mtime_ms = (double)status.st_mtim.tv_sec * 1e3 + (double)status.st_mtim.tv_nsec / 1e6;
  js_set(ctx, result, "kind", js_new_name(ctx, kind_name(status.st_mode)));
  js_set(ctx, result, "size", js_number(status.st_size));
  js_set(ctx, result, "mtimeMs", JS_NewFloat64(ctx, mtime_ms));
  js_set(ctx, result, "inode", js_number((int64_t)status.st_ino));
  js_set(ctx, result, "device", js_number((int64_t)status.st_dev));
  js_set(ctx, result, "mode", JS_NewInt32(ctx, (int32_t)(status.st_mode & 07777)));
  js_set(ctx, result, "uid", js_number(status.st_uid));
  js_set(ctx, result, "gid", js_number(status.st_gid));
  return result;
}

JS_BINDING(host_real_path) {
  const char *path;
  char resolved[PATH_MAX];
  if (js_string(ctx, argv[0], "realPath: path", &path) < 0) return JS_EXCEPTION;
  int error = realpath(path, resolved) == NULL ? errno : 0;
  JS_FreeCString(ctx, path);
  return error != 0 ? JS_NewInt32(ctx, -error) : js_new_name(ctx, resolved);
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static int add_name(char ***names, size_t *count, size_t *size, const char *name) {
  if (*count == *size) {
    size_t larger = *size == 0 ? 64 : *size * 2;
    char **grown = realloc(*names, larger * sizeof **names);
    if (grown == NULL) return -ENOMEM;
    *names = grown;
    *size = larger;
  }
  (*names)[*count] = strdup(name);
  if ((*names)[*count] == NULL) return -ENOMEM;
  (*count)++;
  return 0;
}

static int list_names(const char *path, char ***names, size_t *count) {
  size_t size = 0;
  int result = 0;
  DIR *directory = opendir(path);
  if (directory == NULL) return -errno;
  for (;;) {
    errno = 0;
    struct dirent *entry = readdir(directory);
    if (entry == NULL) {
      result = -errno;
      break;
    }
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    if ((result = add_name(names, count, &size, entry->d_name)) < 0) break;
  }
  closedir(directory);
  if (*count > 0) qsort(*names, *count, sizeof **names, by_bytes);
  return result;
}

JS_BINDING(host_list_directory) {
  const char *path;
  char **names = NULL;
  size_t count = 0;
  uint32_t length = 0;
  if (js_string(ctx, argv[0], "listDirectory: path", &path) < 0) return JS_EXCEPTION;
  int result = list_names(path, &names, &count);
  JS_FreeCString(ctx, path);
  JSValue list = result < 0 ? JS_NewInt32(ctx, result) : JS_NewArray(ctx);
  for (size_t i = 0; i < count; i++) {
    if (result == 0) js_push(ctx, list, &length, js_new_name(ctx, names[i]));
    free(names[i]);
  }
  free(names);
  return list;
}

/* 1: made, 0: it was there, or -errno. */
static int make_one(const char *path, mode_t mode) {
  struct stat status;
  if (mkdir(path, mode) == 0) return chmod(path, mode) < 0 ? -errno : 1; /* mkdir(2) applies the umask */
  int error = errno;
  if (stat(path, &status) < 0) return error == EEXIST ? -errno : -error;
  return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

/* Missing parents are made as 0755 and stay ours; mode and owner are those of the last part, if it was made here. */
static int make_directories(char *path, mode_t mode, int64_t uid, int64_t gid) {
  size_t length = strlen(path);
  while (length > 1 && path[length - 1] == '/') path[--length] = '\0';
  for (char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
    *slash = '\0';
    int result = make_one(path, 0755);
    *slash = '/';
    if (result < 0) return result;
  }
  int result = make_one(path, mode);
  if (result <= 0) return result;
  if ((uid >= 0 || gid >= 0) && chown(path, (uid_t)uid, (gid_t)gid) < 0) return -errno;
  return 0;
}

JS_BINDING(host_make_directory) {
  const char *path;
  int32_t mode;
  int64_t uid, gid;
  char copy[PATH_MAX];
  if (js_int(ctx, argv[1], "makeDirectory: mode", &mode) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "makeDirectory: uid", -1, UINT32_MAX, &uid) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[3], "makeDirectory: gid", -1, UINT32_MAX, &gid) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "makeDirectory: path", &path) < 0) return JS_EXCEPTION;
  int length = snprintf(copy, sizeof copy, "%s", path);
  JS_FreeCString(ctx, path);
  if (length == 0) return JS_NewInt32(ctx, -ENOENT);
  if (length >= (int)sizeof copy) return JS_NewInt32(ctx, -ENAMETOOLONG);
  return JS_NewInt32(ctx, make_directories(copy, (mode_t)mode & 07777, uid, gid));
}

JS_BINDING(host_remove) {
  const char *path;
  if (js_string(ctx, argv[0], "remove: path", &path) < 0) return JS_EXCEPTION;
  int result = unlink(path) < 0 ? -errno : 0;
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_change_owner) {
  const char *path;
  int64_t uid, gid;
  if (js_integer(ctx, argv[1], "changeOwner: uid", -1, UINT32_MAX, &uid) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "changeOwner: gid", -1, UINT32_MAX, &gid) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "changeOwner: path", &path) < 0) return JS_EXCEPTION;
  int result = chown(path, (uid_t)uid, (gid_t)gid) < 0 ? -errno : 0;
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_cgroup_root) { return js_new_name(ctx, features_get()->cgroup_root); }

JS_BINDING(host_working_directory) {
  char path[PATH_MAX];
  /* getcwd(2): a directory outside of our root reads as "(unreachable)…". */
  return js_new_name(ctx, getcwd(path, sizeof path) != NULL && path[0] == '/' ? path : "/");
}
