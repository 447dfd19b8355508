/*
 * Host calls of module file: contents (js-directory.c: names). Nothing here waits for another process: a FIFO or device
 * is refused, not read.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "js.h"
#include "sha256.h"

#define READ_MAX (256ll * 1024 * 1024)
#define MATCH_LIMIT_MS 50

/* Reads until the end or `max` + 1 bytes. Bytes read or -errno; *data is for free(). */
static int64_t read_rest(int fd, int64_t expected, int64_t max, uint8_t **data) {
  size_t size = (size_t)(expected < max ? expected : max) + 1, used = 0;
  uint8_t *buffer = malloc(size);
  for (;;) {
    if (buffer == NULL) return -ENOMEM;
    ssize_t got = read(fd, buffer + used, size - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      int error = errno;
      free(buffer);
      return -error;
    }
    used += (size_t)got;
    if (got == 0 || (int64_t)used > max) break;
    if (used < size) continue;
    /* It grew, or it is a file of /proc, whose size is said to be 0. */
    size = size * 2 < (size_t)max + 1 ? size * 2 : (size_t)max + 1;
    if (size < 4096) size = (size_t)max + 1 < 4096 ? (size_t)max + 1 : 4096;
    uint8_t *larger = realloc(buffer, size);
    if (larger == NULL) free(buffer);
    buffer = larger;
  }
  *data = buffer;
  return (int64_t)used;
}

static int64_t read_whole(const char *path, int64_t max, uint8_t **data) {
  struct stat status;
  int64_t result;
  /* O_NONBLOCK: opening a FIFO must not wait for its writer. */
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return -errno;
  if (fstat(fd, &status) < 0)
    result = -errno;
  else if (S_ISDIR(status.st_mode))
    result = -EISDIR;
  else if (!S_ISREG(status.st_mode))
    result = -EINVAL;
  else if (status.st_size > max)
    result = -EFBIG;
  else
    result = read_rest(fd, status.st_size, max, data);
  close(fd);
  if (result > max) {
    free(*data);
    return -EFBIG;
  }
  return result;
}

JS_BINDING(host_read_file) {
  const char *path;
  int64_t max;
  uint8_t *data = NULL;
  if (js_integer(ctx, argv[1], "readFile: maxBytes", 0, READ_MAX, &max) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "readFile: path", &path) < 0) return JS_EXCEPTION;
  int64_t length = read_whole(path, max, &data);
  JS_FreeCString(ctx, path);
  if (length < 0) return js_number(length);
  JSValue bytes = js_new_bytes(ctx, data, (size_t)length);
  free(data);
  return bytes;
}

/* How much there can be to read, so that a large bound costs no memory. Files of /proc say 0. */
static size_t bounded_size(int fd, int64_t offset, int64_t max) {
  struct stat status;
  if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) return (size_t)max;
  int64_t left = status.st_size - (offset > 0 ? offset : 0);
  if (left < 65536) left = 65536;
  return (size_t)(left < max ? left : max);
}

JS_BINDING(host_read_fd) {
  int32_t fd;
  int64_t offset, max;
  if (js_int(ctx, argv[0], "readFd: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "readFd: offset", -1, 1ll << 53, &offset) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "readFd: maxBytes", 0, READ_MAX, &max) < 0) return JS_EXCEPTION;
  size_t size = bounded_size(fd, offset, max);
  uint8_t *data = malloc(size + 1);
  if (data == NULL) return JS_NewInt32(ctx, -ENOMEM);
  ssize_t got;
  do got = offset < 0 ? read(fd, data, size) : pread(fd, data, size, offset);
  while (got < 0 && errno == EINTR);
  int error = errno;
  JSValue result = got < 0 ? JS_NewInt32(ctx, -error) : js_new_bytes(ctx, data, (size_t)got);
  free(data);
  return result;
}

static int write_whole(int fd, const uint8_t *data, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, data, length);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return -errno;
    data += written;
    length -= (size_t)written;
  }
  return 0;
}

/* Readers see the old text or the new one, never a part. */
static int replace_file(const char *path, const struct js_bytes *bytes, mode_t mode) {
  char temporary[PATH_MAX];
  uint32_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0) number = (uint32_t)getpid();
  int length = snprintf(temporary, sizeof temporary, "%s.%08x~", path, number);
  if (length >= (int)sizeof temporary) return -ENAMETOOLONG;
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return -errno;
  int result = write_whole(fd, bytes->data, bytes->length);
  if (result == 0 && fchmod(fd, mode) < 0) result = -errno;
  close(fd);
  if (result == 0 && rename(temporary, path) < 0) result = -errno;
  if (result < 0) unlink(temporary);
  return result;
}

JS_BINDING(host_write_file) {
  const char *path;
  struct js_bytes bytes;
  int32_t mode;
  if (js_int(ctx, argv[2], "writeFile: mode", &mode) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "writeFile: data", &bytes) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "writeFile: path", &path) < 0) {
    js_bytes_free(ctx, &bytes);
    return JS_EXCEPTION;
  }
  int result = replace_file(path, &bytes, (mode_t)mode & 07777);
  js_bytes_free(ctx, &bytes);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

/* -1: a letter that is no flag. */
static int open_flags(const char *letters) {
  int read = 0, write = 0, flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  for (; *letters != '\0'; letters++) switch (*letters) {
      case 'r': read = 1; break;
      case 'w': write = 1; break;
      case 'a': write = 1, flags |= O_APPEND; break;
      case 'c': flags |= O_CREAT; break;
      case 'x': flags |= O_CREAT | O_EXCL; break;
      case 't': flags |= O_TRUNC; break;
      case 'n': flags |= O_NOFOLLOW; break;
      case 'd': flags |= O_DIRECTORY; break;
      default: return -1;
    }
  return flags | (read && write ? O_RDWR : write ? O_WRONLY : O_RDONLY);
}

JS_BINDING(host_open) {
  const char *path, *letters;
  int32_t mode;
  if (js_int(ctx, argv[2], "open: mode", &mode) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[1], "open: flags", &letters) < 0) return JS_EXCEPTION;
  int flags = open_flags(letters);
  JS_FreeCString(ctx, letters);
  if (flags < 0) return JS_ThrowTypeError(ctx, "open: unknown flag");
  if (js_string(ctx, argv[0], "open: path", &path) < 0) return JS_EXCEPTION;
  int fd = open(path, flags, (mode_t)mode);
  int error = errno;
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, fd < 0 ? -error : fd);
}

/* Watches a path with an inotify(7) descriptor, or with a new one for -1. */
static JSValue add_watch(JSContext *ctx, JSValueConst *argv, const char *what, uint32_t events) {
  const char *path;
  int32_t fd;
  int error = 0;
  if (js_int(ctx, argv[0], what, &fd) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[1], what, &path) < 0) return JS_EXCEPTION;
  int own = fd < 0;
  if (own) fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0 || inotify_add_watch(fd, path, events) < 0) error = errno;
  if (error != 0 && own && fd >= 0) close(fd);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, error != 0 ? -error : fd);
}

/* A name that goes while a process has the file open changes its count of links: IN_ATTRIB. */
JS_BINDING(host_watch_file) {
  return add_watch(ctx, argv, "watchFile: fd, path", IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF);
}

/* Not IN_MODIFY: a file that is being written is of interest when that is done. */
#define CHANGES                                                                                                         \
  (IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

JS_BINDING(host_watch_path) { return add_watch(ctx, argv, "watchPath: fd, path", CHANGES); }

JS_BINDING(host_lock_file) {
  const char *path;
  if (js_string(ctx, argv[0], "lockFile: path", &path) < 0) return JS_EXCEPTION;
  int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW, 0600);
  int error = fd < 0 ? errno : 0;
  JS_FreeCString(ctx, path);
  if (error == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
    error = errno;
    close(fd);
  }
  return JS_NewInt32(ctx, error != 0 ? -error : fd);
}

JS_BINDING(host_hash) {
  struct js_bytes bytes;
  uint8_t digest[32];
  char text[65];
  if (js_bytes(ctx, argv[0], "hash: data", &bytes) < 0) return JS_EXCEPTION;
  sha256(bytes.data, bytes.length, digest);
  js_bytes_free(ctx, &bytes);
  for (int i = 0; i < 32; i++) snprintf(text + 2 * i, 3, "%02x", digest[i]);
  return JS_NewStringLen(ctx, text, 64);
}

/* new RegExp(pattern).test(text) */
static JSValue match(JSContext *ctx, JSValueConst pattern, JSValueConst text) {
  JSValue global = JS_GetGlobalObject(ctx);
  JSValue constructor = JS_GetPropertyStr(ctx, global, "RegExp");
  JSValue expression = JS_CallConstructor(ctx, constructor, 1, &pattern);
  JSValue result = JS_EXCEPTION;
  if (!JS_IsException(expression)) {
    JSAtom test = JS_NewAtom(ctx, "test");
    result = JS_Invoke(ctx, expression, test, 1, &text);
    JS_FreeAtom(ctx, test);
  }
  JS_FreeValue(ctx, expression);
  JS_FreeValue(ctx, constructor);
  JS_FreeValue(ctx, global);
  return result;
}

JS_BINDING(host_regular_expression_test) {
  if (!JS_IsString(argv[0]) || !JS_IsString(argv[1]))
    return JS_ThrowTypeError(ctx, "regularExpressionTest: pattern and text must be texts");
  int64_t before = js_guard_narrow(JS_GetRuntime(ctx), MATCH_LIMIT_MS);
  JSValue result = match(ctx, argv[0], argv[1]);
  js_guard_widen(before);
  if (!JS_IsException(result)) return result;
  /* A bad pattern is the caller's to hear of; too long a search is "no". */
  JSValue error = JS_GetException(ctx);
  if (JS_IsUncatchableError(error)) {
    JS_FreeValue(ctx, error);
    return JS_FALSE;
  }
  return JS_Throw(ctx, error);
}

JS_TABLE(js_file, HOST_CALLS_FILE)
