#include "test-hook.h"

#ifdef GONIT_TEST_HOOKS
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOOKS_MAX 8

static unsigned passes[HOOKS_MAX];

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* 1 for a loop. */
static int act(const char *action) {
  if (strncmp(action, "kill", 4) == 0) kill(getpid(), SIGKILL);
  else if (strncmp(action, "segv", 4) == 0) raise(SIGSEGV);
  else if (strncmp(action, "abort", 5) == 0) raise(SIGABRT);
  else if (strncmp(action, "exit:", 5) == 0) _exit(atoi(action + 5));
  else if (strncmp(action, "spin", 4) == 0)
    for (;;) continue;
  else if (strncmp(action, "sleep:", 6) == 0) sleep_ms(atol(action + 6));
  return strncmp(action, "loop", 4) == 0;
}

/* Whether this is the first time of all processes: the file goes with it. */
static int is_due(void) {
  const char *once = getenv("GONIT_HOOK_ONCE");
  return once == NULL || unlink(once) == 0;
}

/* The file of this name, if it is there, says what to do; of several processes or threads only one removes it. */
static int act_by_file(const char *folder, const char *name) {
  char path[4096], action[32] = "";
  snprintf(path, sizeof path, "%s/%s", folder, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, action, sizeof action - 1);
  close(fd);
  return got > 0 && unlink(path) == 0 ? act(action) : 0;
}

int test_hook(const char *name) {
  static int loops;
  size_t length = strlen(name);
  const char *folder = getenv("GONIT_HOOK_FOLDER"), *at = getenv("GONIT_HOOK");
  if (folder != NULL) loops |= act_by_file(folder, name);
  for (int i = 0; at != NULL && i < HOOKS_MAX; i++) {
    const char *end = strchrnul(at, ',');
    if (strncmp(at, name, length) == 0 && at[length] == '=') {
      const char *pass = memchr(at, '@', (size_t)(end - at));
      if (++passes[i] == (pass != NULL ? (unsigned)atoi(pass + 1) : 1u) && is_due()) loops = act(at + length + 1);
    }
    at = *end == ',' ? end + 1 : NULL;
  }
  return loops;
}
#endif
