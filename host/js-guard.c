/*
 * The guard against endless loops, in processor time of this thread: being suspended, stopped or short of processor
 * cannot set it off, and an idle process is never woken by it.
 *
 * At the first limit the engine's interrupt handler ends the script with an exception that no script can catch and that
 * carries a stack. At the second the kernel sends SIGVTALRM, for loops in which the engine does not ask (in C, or in a
 * chain of finally blocks): no script catches it, and it does not look like somebody's SIGKILL.
 */
#include <signal.h>
#include <time.h>

#include "js.h"

#define SOFT_LIMIT_NS 1000000000ll
#define HARD_LIMIT_S 2

static struct {
  int is_begun;
  int has_timer;
  timer_t timer;
  int64_t end_ns; /* on the thread's processor clock; 0: no limit */
} guard;

static int64_t used_ns(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) < 0) return 0;
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int interrupt(JSRuntime *runtime, void *opaque) {
  (void)runtime;
  (void)opaque;
  return guard.end_ns != 0 && used_ns() >= guard.end_ns;
}

int js_guard_begin(JSRuntime *runtime) {
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
  JS_SetInterruptHandler(runtime, interrupt, NULL);
  /* A kernel without POSIX timers leaves the first limit only. */
  guard.is_begun = 1;
  guard.has_timer = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &guard.timer) == 0;
  js_guard_arm();
  return guard.has_timer ? 0 : -1;
}

void js_guard_arm(void) {
  if (!guard.is_begun) return;
  struct itimerspec limit = {.it_value = {.tv_sec = HARD_LIMIT_S}};
  if (guard.has_timer) timer_settime(guard.timer, 0, &limit, NULL);
  guard.end_ns = used_ns() + SOFT_LIMIT_NS;
}

int64_t js_guard_narrow(JSRuntime *runtime, int milliseconds) {
  int64_t before = guard.end_ns;
  int64_t end_ns = used_ns() + milliseconds * 1000000ll;
  if (before == 0) JS_SetInterruptHandler(runtime, interrupt, NULL);
  if (before == 0 || end_ns < before) guard.end_ns = end_ns;
  return before;
}

void js_guard_widen(int64_t before) { guard.end_ns = before; }
