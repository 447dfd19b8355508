/* Host calls of module machine: what prepares a machine for its services. Flat system calls; policy is TypeScript. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/watchdog.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "js.h"
#include "kernel-words.h"

#define COMPRESSED_FILE 4 /* MODULE_INIT_COMPRESSED_FILE, finit_module(2) */
#define EXT4_RESIZE _IOW('f', 16, uint64_t) /* EXT4_IOC_RESIZE_FS of the kernel's ext4.h: the new size in blocks */
#define TEXTS_MAX 8

/* Several texts at once: 0, or -1 with an exception; release them in any case. */
static int take_texts(JSContext *ctx, JSValueConst *argv, const char *what, const char **texts, int count) {
  for (int i = 0; i < count; i++) {
    if (js_string(ctx, argv[i], what, &texts[i]) < 0) return -1;
  }
  return 0;
}

static void release_texts(JSContext *ctx, const char **texts, int count) {
  for (int i = 0; i < count; i++) {
    if (texts[i] != NULL) JS_FreeCString(ctx, texts[i]);
  }
}

JS_BINDING(host_kernel_word) {
  const char *name;
  char value[KERNEL_WORDS_BYTES];
  if (js_string(ctx, argv[0], "kernelWord: name", &name) < 0) return JS_EXCEPTION;
  int found = kernel_word(name, value, sizeof value);
  JS_FreeCString(ctx, name);
  return found ? js_new_name(ctx, value) : JS_NULL;
}

JS_BINDING(host_mount) {
  const char *texts[3] = {0}, *data = NULL;
  int64_t flags;
  JSValue result = JS_EXCEPTION;
  if (take_texts(ctx, argv, "mount: source, target, type", texts, 3) == 0 &&
      js_integer(ctx, argv[3], "mount: flags", 0, UINT32_MAX, &flags) == 0 &&
      js_string(ctx, argv[4], "mount: data", &data) == 0)
    result = JS_NewInt32(ctx, mount(texts[0], texts[1], texts[2], (unsigned long)flags, data) < 0 ? -errno : 0);
  if (data != NULL) JS_FreeCString(ctx, data);
  release_texts(ctx, texts, 3);
  return result;
}

JS_BINDING(host_unmount) {
  const char *target;
  if (js_string(ctx, argv[0], "unmount: target", &target) < 0) return JS_EXCEPTION;
  int result = umount2(target, 0) < 0 ? -errno : 0;
  JS_FreeCString(ctx, target);
  return JS_NewInt32(ctx, result);
}

static int is_compressed(const char *path) {
  const char *end = strrchr(path, '.');
  return end != NULL && (strcmp(end, ".xz") == 0 || strcmp(end, ".zst") == 0 || strcmp(end, ".gz") == 0);
}

JS_BINDING(host_load_module) {
  const char *texts[2] = {0};
  JSValue result = JS_EXCEPTION;
  if (take_texts(ctx, argv, "loadModule: path, options", texts, 2) == 0) {
    int fd = open(texts[0], O_RDONLY | O_CLOEXEC);
    long error = fd < 0 ? -errno : 0;
    if (fd >= 0 && syscall(SYS_finit_module, fd, texts[1], is_compressed(texts[0]) ? COMPRESSED_FILE : 0) < 0)
      error = -errno;
    if (fd >= 0) close(fd);
    result = JS_NewInt32(ctx, (int32_t)error);
  }
  release_texts(ctx, texts, 2);
  return result;
}

/* A block device's size in bytes, or -errno. */
static int64_t device_bytes(const char *device) {
  uint64_t bytes = 0;
  int fd = open(device, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return -errno;
  int64_t result = ioctl(fd, BLKGETSIZE64, &bytes) < 0 ? -errno : (int64_t)bytes;
  close(fd);
  return result;
}

static int grow(const char *target, const char *device) {
  struct statfs status;
  int64_t bytes = device_bytes(device);
  if (bytes < 0) return (int)bytes;
  int fd = open(target, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int result = fstatfs(fd, &status) < 0 ? -errno : 0;
  uint64_t blocks = result == 0 ? (uint64_t)bytes / (uint64_t)status.f_bsize : 0;
  if (result == 0 && ioctl(fd, EXT4_RESIZE, &blocks) < 0) result = -errno;
  close(fd);
  return result;
}

JS_BINDING(host_grow_file_system) {
  const char *texts[2] = {0};
  JSValue result = JS_EXCEPTION;
  if (take_texts(ctx, argv, "growFileSystem: target, device", texts, 2) == 0)
    result = JS_NewInt32(ctx, grow(texts[0], texts[1]));
  release_texts(ctx, texts, 2);
  return result;
}

static int open_watchdog(const char *path, int seconds) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  if (ioctl(fd, WDIOC_SETTIMEOUT, &seconds) == 0) return fd;
  int error = errno;
  (void)!write(fd, "V", 1); /* it began to count when it was opened */
  close(fd);
  return -error;
}

JS_BINDING(host_open_watchdog) {
  const char *path;
  int64_t seconds;
  if (js_integer(ctx, argv[1], "openWatchdog: seconds", 1, INT32_MAX, &seconds) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "openWatchdog: path", &path) < 0) return JS_EXCEPTION;
  int result = open_watchdog(path, (int)seconds);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

/* 0 to 255, 128 + the signal, or -errno. */
static int run_and_wait(char *const *words) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execv(words[0], words);
    _exit(errno == ENOENT ? 127 : 126);
  }
  if (pid < 0) return -errno;
  while (waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -errno;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

JS_BINDING(host_run_program) {
  const char *texts[TEXTS_MAX + 1] = {0};
  int64_t count;
  JSValue result = JS_EXCEPTION;
  if (!JS_IsArray(argv[0]) || JS_GetLength(ctx, argv[0], &count) < 0 || count < 1 || count > TEXTS_MAX)
    return JS_ThrowTypeError(ctx, "runProgram: argv must be a list of 1 to %d texts", TEXTS_MAX);
  int taken = 0;
  for (uint32_t i = 0; i < count && taken == 0; i++) {
    JSValue value = JS_GetPropertyUint32(ctx, argv[0], i);
    taken = js_string(ctx, value, "runProgram: argv", &texts[i]);
    JS_FreeValue(ctx, value);
  }
  if (taken == 0) result = JS_NewInt32(ctx, run_and_wait((char *const *)texts));
  release_texts(ctx, texts, TEXTS_MAX);
  return result;
}

JS_TABLE(js_machine, HOST_CALLS_MACHINE)
