/*
 * The reader: configuration text to plan, in a process of its own. It gives up all rights but reading before it touches
 * the text, and the kernel bounds its memory and time.
 */
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "entry.h"
#include "js.h"

#define MEMORY_LIMIT (512ul * 1024 * 1024)
#define ADDRESS_LIMIT (MEMORY_LIMIT + 256ul * 1024 * 1024)
#define GC_THRESHOLD (64u * 1024 * 1024)
#define CPU_SECONDS 10

/* Never raises what somebody else lowered. */
static void lower_limit(int resource, rlim_t value) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) < 0) return;
  if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value) limit.rlim_max = value;
  if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > limit.rlim_max) limit.rlim_cur = limit.rlim_max;
  setrlimit(resource, &limit);
}

/* Without CAP_SETPCAP the bounding set cannot shrink, but with no_new_privs nothing can be gained by execve(2). */
static int drop_rights(void) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct have[2] = {{0}}, keep[2] = {{0}};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return -errno;
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (syscall(SYS_capget, &header, have) < 0) return -errno;
  unsigned bit = 1u << CAP_DAC_READ_SEARCH;
  keep[0].permitted = keep[0].effective = have[0].permitted & bit;
  return syscall(SYS_capset, &header, keep) < 0 ? -errno : 0;
}

static int fail(const char *why) {
  fprintf(stderr, "gonit: the reader ended: %s\n", why);
  return EXIT_CODE_FAILED;
}

int reader_main(int argc, char **argv) {
  static const struct js_module *const modules[] = {&js_core, &js_file, &js_yaml, NULL};
  const struct js_program program = {
      .entry = "reader",
      .modules = modules,
      .memory_limit = MEMORY_LIMIT,
      .gc_threshold = GC_THRESHOLD,
      .prefault = 512 * 1024,
      .with_date = 1,
      .argc = argc,
      .argv = argv,
  };
  lower_limit(RLIMIT_AS, ADDRESS_LIMIT);
  lower_limit(RLIMIT_CPU, CPU_SECONDS);
  lower_limit(RLIMIT_CORE, 0);
  int result = drop_rights();
  if (result < 0) return fail(strerror(-result));
  result = js_open(&program);
  if (result < 0) return fail(strerror(-result));
  result = js_run();
  if (result == -ENOENT) return fail("this binary holds no module reader");
  return result < 0 ? fail(js_failure()) : EXIT_CODE_OK;
}
