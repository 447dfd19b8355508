// with: main.c remove-directories.c init.c binary-pages.c init-begin.c init-guard.c init-serve.c init-state.c roles.c role-process.c held.c log-sources.c reap.c remaining.c shutdown.c machine-begin.c bare-root.c machine-facts.c machine-end.c switch-root.c leave-binary.c watchdog.c kernel-words.c fault.c rescue.c report.c role.c detach.c ledger.c init-message.c test-hook.c
// valgrind
// limit: 180 s
/* init that does not execute itself anew, so that valgrind goes on watching it: a walk through most of what it does. */
#include "init-world.h"

static void kill_role(_Atomic int *pid) {
  int before = atomic_load(pid);
  kill(before, SIGKILL);
  AWAIT(atomic_load(pid) != before);
}

int client_main(int argc, char **argv) {
  (void)argc, (void)argv;
  assert(start_init(&(struct start){.no_exec = 1}) == 0);
  AWAIT(atomic_load(&world->logger_pid) != 0);
  ORDER(ORDER_SPAWN, 40);
  AWAIT(atomic_load(&world->taken) == 40 && atomic_load(&world->wrong) == 0);
  ORDER(ORDER_ORPHANS, 256);
  AWAIT(atomic_load(&world->orphans) >= 256);
  order_manager(ORDER_HOLD, "control", (int[4]){1});
  order_manager(ORDER_HOLD, "a-name-that-goes-on-in-a-block-and-one-more-and-so-on", (int[4]){1});
  ORDER(ORDER_SOURCE, 7, 3);
  AWAIT(atomic_load(&world->sources) == 1);
  kill_role(&world->logger_pid);
  AWAIT(atomic_load(&world->sources) == 2);
  kill_role(&world->manager_pid);
  ORDER(ORDER_LIST, 0);
  assert(world->held_count == 3 && holds("a-name-that-goes-on-in-a-block-and-one-more-and-so-on") >= 0);
  ORDER(ORDER_FORGET, 7, 3);
  AWAIT(atomic_load(&world->forgets) == 1);
  order_manager(ORDER_RELEASE, "control", (int[4]){0});
  ORDER(ORDER_SPAWN, 2, 1);
  ORDER(ORDER_SIGNAL, SIGKILL, 0);
  AWAIT(atomic_load(&world->signalled) == 1);
  kill(init_process, SIGUSR1);
  AWAIT(atomic_load(&world->signals[SIGUSR1]) == 1);
  assert(end_init(SHUTDOWN_MODE_EXIT, 4, 500) == 4 << 8);
  return 0;
}
