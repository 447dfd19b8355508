/*
 * Host calls of module loop: one epoll set, one timer for each clock, signals as a descriptor.
 *
 * What init and the manager's threads ring with is reported by pseudo numbers (READY_*), so that no script needs to
 * know those descriptors.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "js.h"

/* Bounds the work of one turn: what is left is reported by the next poll. */
#define EVENTS_MAX 64

static struct {
  int epoll;     /* 0: not made yet. It is never 0 itself, since standard input is open in all our programs. */
  int timers[3]; /* by CLOCK_* - 1; 0: not made yet */
  uint32_t rung; /* bit n: READY number -n was rung by ourselves */
  int (*take)(int ready);
} loop;

/* In the order of the contract's CLOCK_*, of which CLOCK_MONOTONIC happens to be the kernel's own number too. */
static const clockid_t clocks[3] = {CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_REALTIME};

static int loop_epoll(void) {
  if (loop.epoll == 0) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) return -errno;
    loop.epoll = fd;
  }
  return loop.epoll;
}

/* `report` is what poll() returns for this descriptor. */
static int loop_add(int fd, uint32_t events, int report) {
  struct epoll_event event = {.events = events, .data.u64 = (uint64_t)(int64_t)report};
  int epoll = loop_epoll();
  if (epoll < 0) return epoll;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return 0;
  if (errno != EEXIST) return -errno;
  return epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0 ? 0 : -errno;
}

int js_loop_watch_as(int fd, int ready) { return loop_add(fd, EPOLLIN, ready); }
void js_loop_ring(int ready) { loop.rung |= 1u << -ready; }
void js_loop_on_ring(int (*take)(int ready)) { loop.take = take; }

/* A descriptor that init holds too would stay in the set after our close(), and could not be taken out any more. */
void js_loop_forget(int fd) {
  if (loop.epoll != 0) epoll_ctl(loop.epoll, EPOLL_CTL_DEL, fd, NULL);
}

JS_BINDING(host_watch) {
  int32_t fd;
  int64_t events;
  if (js_int(ctx, argv[0], "watch: fd", &fd) < 0) return JS_EXCEPTION;
  /* Bits that a script has joined with | are a signed number where Poll.edge is among them. */
  if (js_integer(ctx, argv[1], "watch: events", INT32_MIN, UINT32_MAX, &events) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, fd < 0 ? -EBADF : loop_add(fd, (uint32_t)events, fd));
}

JS_BINDING(host_unwatch) {
  int32_t fd;
  if (js_int(ctx, argv[0], "unwatch: fd", &fd) < 0) return JS_EXCEPTION;
  js_loop_forget(fd);
  return JS_UNDEFINED;
}

/* The timer of a clock, made at its first use. */
static int timer_fd(int clock) {
  int *timer = &loop.timers[clock - 1];
  if (*timer != 0) return *timer;
  int fd = timerfd_create(clocks[clock - 1], TFD_CLOEXEC | TFD_NONBLOCK);
  if (fd < 0) return -errno;
  int result = loop_add(fd, EPOLLIN, -clock);
  if (result < 0) {
    close(fd);
    return result;
  }
  return *timer = fd;
}

JS_BINDING(host_set_timer) {
  int32_t clock;
  double at_ms;
  struct itimerspec at = {0};
  if (js_int(ctx, argv[0], "setTimer: clock", &clock) < 0) return JS_EXCEPTION;
  if (clock < CLOCK_MONOTONIC || clock > CLOCK_WALL) return JS_ThrowTypeError(ctx, "setTimer: unknown clock %d", clock);
  if (!JS_IsNumber(argv[1])) return JS_ThrowTypeError(ctx, "setTimer: atMs must be a number");
  if (JS_ToFloat64(ctx, &at_ms, argv[1]) < 0) return JS_EXCEPTION;
  int fd = timer_fd(clock);
  if (fd < 0) return JS_NewInt32(ctx, fd);
  if (at_ms >= 0 && at_ms < 9e15) {
    at.it_value.tv_sec = (time_t)(at_ms / 1e3);
    at.it_value.tv_nsec = (long)((at_ms - (double)at.it_value.tv_sec * 1e3) * 1e6);
    /* All zero would disarm. */
    if (at.it_value.tv_sec == 0 && at.it_value.tv_nsec == 0) at.it_value.tv_nsec = 1;
  }
  int flags = TFD_TIMER_ABSTIME | (clock == CLOCK_WALL ? TFD_TIMER_CANCEL_ON_SET : 0);
  return JS_NewInt32(ctx, timerfd_settime(fd, flags, &at, NULL) < 0 ? -errno : 0);
}

/* Empties what rang, and returns the number to report; 0: it was nothing. */
static int take_ring(int ready) {
  uint64_t count;
  if (ready <= READY_TIMER_MONOTONIC && ready >= READY_TIMER_WALL) {
    ssize_t got = read(loop.timers[-ready - 1], &count, sizeof count);
    /* timerfd_create(2): a clock that was set cancels the read, the timer itself goes on. */
    if (got < 0 && errno == ECANCELED) return READY_CLOCK_STEPPED;
    return got < 0 ? 0 : ready;
  }
  return loop.take != NULL ? loop.take(ready) : ready;
}

static void push_ready(JSContext *ctx, JSValueConst list, uint32_t *length, int ready, uint32_t events) {
  js_push(ctx, list, length, JS_NewInt32(ctx, ready));
  js_push(ctx, list, length, js_number(events));
}

/* What we rang ourselves. */
static void push_rung(JSContext *ctx, JSValueConst list, uint32_t *length) {
  for (int n = 1; loop.rung != 0; n++) {
    if ((loop.rung & 1u << n) != 0) push_ready(ctx, list, length, -n, EPOLLIN);
    loop.rung &= ~(1u << n);
  }
}

JS_BINDING(host_poll) {
  double timeout_ms;
  struct epoll_event events[EVENTS_MAX];
  if (JS_ToFloat64(ctx, &timeout_ms, argv[0]) < 0) return JS_EXCEPTION;
  int epoll = loop_epoll();
  if (epoll < 0) return JS_ThrowInternalError(ctx, "cannot make an epoll set: %s", strerror(-epoll));
  /* Rounded up, so that nobody wakes just before the time and turns in a circle. */
  int timeout = timeout_ms < 0 ? -1 : timeout_ms > 1e9 ? 1000000000 : (int)(timeout_ms + 0.999);
  if (loop.rung != 0) timeout = 0;
  int count = epoll_wait(epoll, events, EVENTS_MAX, timeout);
  js_guard_arm();
  JSValue list = JS_NewArray(ctx);
  uint32_t length = 0;
  push_rung(ctx, list, &length);
  for (int i = 0; i < count; i++) {
    int fd = (int)(int64_t)events[i].data.u64;
    if (fd < 0) fd = take_ring(fd);
    if (fd == 0 && events[i].data.u64 != 0) continue;
    push_ready(ctx, list, &length, fd, events[i].events);
  }
  return list;
}

static int read_signals(JSContext *ctx, JSValueConst list, sigset_t *set) {
  int64_t count;
  sigemptyset(set);
  if (!JS_IsArray(list)) {
    JS_ThrowTypeError(ctx, "catchSignals: signals must be a list");
    return -1;
  }
  if (JS_GetLength(ctx, list, &count) < 0) return -1;
  for (uint32_t i = 0; i < count; i++) {
    int64_t number;
    JSValue value = JS_GetPropertyUint32(ctx, list, i);
    int result = js_integer(ctx, value, "catchSignals: signal", 1, 64, &number);
    JS_FreeValue(ctx, value);
    if (result < 0) return -1;
    sigaddset(set, (int)number);
  }
  return 0;
}

JS_BINDING(host_catch_signals) {
  sigset_t set;
  if (read_signals(ctx, argv[0], &set) < 0) return JS_EXCEPTION;
  if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return JS_NewInt32(ctx, -errno);
  int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  return JS_NewInt32(ctx, fd < 0 ? -errno : fd);
}

JS_BINDING(host_read_signal) {
  int32_t fd;
  struct signalfd_siginfo info;
  if (js_int(ctx, argv[0], "readSignal: fd", &fd) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, read(fd, &info, sizeof info) == sizeof info ? (int32_t)info.ssi_signo : 0);
}

JS_TABLE(js_loop, HOST_CALLS_LOOP)
