/*
 * The guard over a manager that blocks. It ticks only while something that was handed over is unacknowledged, so it
 * never wakes an idle system. A tick that comes late (we were stopped, or the machine slept or is overloaded) counts
 * nothing: then the manager had no chance either. A manager in an endless loop is found sooner, by its own guard.
 */
#include <stdlib.h>

#include "init.h"
#include "report.h"

#define TICK_NS (1000 * MS_NS)
#define LATE_NS (500 * MS_NS)
#define TICKS 30

static int ticks_max(void) {
#ifdef GONIT_TEST_HOOKS
  const char *asked = getenv("GONIT_GUARD_TICKS");
  if (asked != NULL) return atoi(asked);
#endif
  return TICKS;
}

void guard_arm(void) {
  if (init->guard.tick_ns != NEVER) return;
  init->guard.tick_ns = init_now_ns() + TICK_NS;
  init->guard.acknowledged = atomic_load(&init_ledger.work->acknowledged);
  init->guard.ticks = 0;
}

static int is_answered(void) {
  return atomic_load(&init_ledger.work->acknowledged) >= atomic_load(&init_ledger.exits->bell);
}

/* SIGVTALRM tells the next manager that this one was ended for what it did, so that it sets aside what that was (as
 * js-guard.c). SIGKILL, for one that is still there a tick later, looks like somebody's kill(1). */
static void replace(int ticks_over) {
  if (ticks_over > 0) {
    kill(init->manager.pid, SIGKILL);
    init->guard.ticks = 0;
    return;
  }
  report("error", "The manager does not answer and is replaced",
         REPORT_FIELDS({"pid", NULL, init->manager.pid}, {"seconds", NULL, init->guard.ticks}));
  kill(init->manager.pid, SIGVTALRM);
  kill(init->manager.pid, SIGCONT);
}

void guard_continue(int64_t now) {
  if (now < init->guard.tick_ns) return;
  int is_late = now > init->guard.tick_ns + LATE_NS;
  /* Without a manager there is nobody to guard; the next one looks at everything when it begins. */
  if (is_answered() || init->manager.pid == 0 || init->shutdown.phase != SHUTDOWN_NONE) {
    init->guard.tick_ns = NEVER;
    return;
  }
  uint64_t acknowledged = atomic_load(&init_ledger.work->acknowledged);
  if (acknowledged != init->guard.acknowledged) init->guard.ticks = 0;
  else if (!is_late) init->guard.ticks++;
  init->guard.acknowledged = acknowledged;
  init->guard.tick_ns = now + TICK_NS;
  if ((int)init->guard.ticks >= ticks_max()) replace((int)init->guard.ticks - ticks_max());
}
