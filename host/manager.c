/*
 * The manager: policy in TypeScript (src/manager.ts) on this loop. It may die at any time; what it must not lose is in
 * the ledger, and init starts another.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "entry.h"
#include "js-manager.h"
#include "js.h"
#include "spawn.h"
#include "tree.h"

#define MEMORY_LIMIT (256u * 1024 * 1024)
#define GC_THRESHOLD (4u * 1024 * 1024)
#define EXIT_SOFTWARE 70 /* EX_SOFTWARE of sysexits.h; for the next life a sign that its rung must be a lower one */

struct manager manager;

/* Tells gonit's own log, in the look of src/runtime/own-log.ts; continued lines are indented as there. */
static int fail(const char *what, const char *why) {
  char text[20000];
  struct timespec now;
  size_t used;
  clock_gettime(CLOCK_MONOTONIC, &now);
  int64_t started_ns = manager.ledger.exits != NULL ? manager.ledger.exits->started_ns : 0;
  long seconds = (long)(now.tv_sec - started_ns / 1000000000);
  used = (size_t)snprintf(text, sizeof text, "ERRO[%04ld] %s: ", seconds, what);
  for (; *why != '\0' && used < sizeof text - 16; why++) {
    text[used++] = *why;
    if (*why == '\n') used += (size_t)sprintf(text + used, "           | ");
  }
  text[used++] = '\n';
  if (manager_own_log(text, used) < 0) {
    /* No logger, or it is stuck. */
    ssize_t written = write(2, text, used);
    (void)written;
  }
  return EXIT_SOFTWARE;
}

static void do_nothing(int signal) { (void)signal; }

/* On a laptop Ctrl-C reaches the whole foreground group, and timeout(1) a whole group: what it means is init's to say.
 * Handlers and not SIG_IGN, because execve(2) keeps what is ignored and services would inherit it. */
static void leave_signals_to_init(void) {
  static const int signals[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,
                                SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2};
  struct sigaction action = {.sa_handler = do_nothing, .sa_flags = SA_RESTART};
  for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) sigaction(signals[i], &action, NULL);
}

static int take_ring(int ready) {
  uint64_t count;
  if (ready == READY_BELL) {
    ssize_t got = read(ROLE_FD_BELL, &count, sizeof count);
    (void)got;
  }
  if (ready != READY_INIT_MESSAGE) return ready;
  js_init_drain();
  return 0;
}

static int watch_rings(void) {
  int result = js_loop_watch_as(ROLE_FD_BELL, READY_BELL);
  if (result == 0) result = js_loop_watch_as(ROLE_FD_INIT, READY_INIT_MESSAGE);
  if (result == 0) result = js_loop_watch_as(spawn_event_fd(), READY_SPAWNED);
  if (result == 0) result = js_loop_watch_as(tree_event_fd(), READY_TREE);
  js_loop_on_ring(take_ring);
  /* What an earlier manager was rung for and did not acknowledge has no ring any more, but init waits for it. */
  js_loop_ring(READY_BELL);
  return result;
}

static int open_ledger(void) {
  /* init gave them without close-on-exec, which execve(2) would have closed. */
  for (int fd = ROLE_FD_EXITS; fd < ROLE_FD_FIRST_FREE; fd++) fcntl(fd, F_SETFD, FD_CLOEXEC);
  /* A stuck logger must not stop the manager. Only init writes there beside us. */
  fcntl(ROLE_FD_LOG, F_SETFL, O_WRONLY | O_NONBLOCK);
  int result = ledger_open(&manager.ledger, ROLE_FD_EXITS, ROLE_FD_WORK);
  if (result == 0) journal_open(&manager.journal, &manager.ledger);
  return result;
}

static int begin(void) {
  int result = spawn_begin(&manager.ledger, ROLE_FD_EXE);
  if (result == 0) result = tree_begin(&manager.ledger);
  return result == 0 ? watch_rings() : result;
}

int manager_main(int argc, char **argv) {
  static const struct js_module *const modules[] = {&js_core, &js_loop, &js_socket, &js_file, &js_manager, &js_machine, NULL};
  struct js_program program = {
      .entry = "manager",
      .modules = modules,
      .memory_limit = MEMORY_LIMIT,
      .gc_threshold = GC_THRESHOLD,
      .prefault = 512 * 1024,
      .argc = argc,
      .argv = argv,
  };
  leave_signals_to_init();
  int result = open_ledger();
  if (result < 0) return fail("The manager cannot use the ledger", strerror(-result));
  program.role = manager.ledger.exits->role;
  result = begin();
  if (result < 0) return fail("The manager cannot begin", strerror(-result));
  result = js_open(&program);
  if (result < 0) return fail("The manager cannot start its script engine", strerror(-result));
  js_guard_begin(JS_GetRuntime(js_context()));
  result = js_run();
  if (result == -ENOENT) return fail("The manager cannot begin", "this binary holds no module manager");
  if (result == 0) return fail("The manager ended", "its script came to an end");
  int was_looping = strncmp(js_failure(), "InternalError: interrupted", 26) == 0;
  return fail(was_looping ? "The manager was ended: its script did not come back" : "The manager ended by an exception",
              js_failure());
}
