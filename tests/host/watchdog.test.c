// with: watchdog.c
/* When init tells the hardware watchdog that it is alive. A pipe stands for the device, which has no time limit to tell. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define SECOND_NS (1000 * MS_NS)

static struct init_state state;
struct init_state *init = &state;
static int held = -ENOENT;

int held_find(const char *name) {
  assert(strcmp(name, "watchdog") == 0);
  return held;
}

int main(void) {
  int ends[2];
  char byte = 0;
  watchdog_continue(100 * SECOND_NS);
  assert(watchdog_next_ns() == NEVER); /* nobody is woken without one */
  assert(pipe(ends) == 0);
  held = ends[1];
  watchdog_continue(100 * SECOND_NS);
  int64_t next = watchdog_next_ns();
  assert(next > 100 * SECOND_NS && next <= 110 * SECOND_NS);
  watchdog_continue(next - 1);
  assert(watchdog_next_ns() == next);
  watchdog_continue(next);
  assert(watchdog_next_ns() == next + (next - 100 * SECOND_NS));
  watchdog_disarm(); /* says so, and closes it */
  assert(read(ends[0], &byte, 1) == 1 && byte == 'V' && read(ends[0], &byte, 1) == 0);
  held = -ENOENT;
  watchdog_continue(200 * SECOND_NS);
  assert(watchdog_next_ns() == NEVER);
  watchdog_disarm();
  return 0;
}
