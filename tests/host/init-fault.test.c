// with: main.c remove-directories.c init.c binary-pages.c init-begin.c init-guard.c init-serve.c init-state.c roles.c role-process.c held.c log-sources.c reap.c remaining.c shutdown.c machine-begin.c bare-root.c machine-facts.c machine-end.c switch-root.c leave-binary.c watchdog.c kernel-words.c fault.c rescue.c report.c role.c detach.c ledger.c init-message.c test-hook.c
// limit: 180 s
/* init's own faults: what it holds, who its children are and what they ended with outlive them. */
#include "init-world.h"

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/*
 * A message that meets two faults is left out, so the last one has to be through before the next fault. A fault in the
 * midst of a list may have its end sent again: the list after that is asked for.
 */
static void await_held(int count) {
  do ORDER(ORDER_LIST, 0);
  while (world->held_count < count);
  assert(world->held_count == count);
}

static void a_hundred_faults_lose_nothing(void) {
  char name[64];
  assert(start_init(&(struct start){.environment = {"GONIT_FAULTS_MAX", "1000000"}}) == 0);
  for (int count = 0; count < 100; count++) {
    give_order(ORDER_SPAWN, "", (int[4]){7});
    kill(init_process, faults[count % 5]);
    AWAIT(atomic_load(&world->done));
    snprintf(name, sizeof name, "name-%d-and-so-on-and-so-on", count);
    order_manager(ORDER_HOLD, name, (int[4]){1});
    AWAIT(atomic_load(&world->init_life) == count + 2);
    await_held(count + 1);
  }
  AWAIT(atomic_load(&world->taken) == 700);
  assert(atomic_load(&world->wrong) == 0);
  assert(atomic_load(&world->manager_lives) == 1 && atomic_load(&world->logger_lives) == 1);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

/* Each life ends at the same place, at its N-th pass. */
static void faults_at(const char *hook) {
  static const char *const names[] = {"one", "a-name-that-is-too-long-for-an-entry", "three"};
  assert(start_init(&(struct start){.environment = {"GONIT_FAULTS_MAX", "1000000", "GONIT_HOOK", hook}}) == 0);
  for (int round = 0; round < 10; round++) {
    ORDER(ORDER_SPAWN, 6);
    order_manager(ORDER_HOLD, names[round % 3], (int[4]){1});
    AWAIT(atomic_load(&world->taken) == (round + 1) * 6);
  }
  ORDER(ORDER_LIST, 0);
  assert(world->held_count == 3 && atomic_load(&world->wrong) == 0);
  assert(atomic_load(&world->init_life) > 1);
  assert(atomic_load(&world->orphans) == 0 && atomic_load(&world->manager_lives) == 1);
  ORDER(ORDER_SPAWN, 3, 1);
  assert(end_init(SHUTDOWN_MODE_EXIT, 9, 1000) == 9 << 8);
}

/* A message that ends init each time is left out. */
static void a_poisonous_message_is_left_out(void) {
  static const struct start start = {.environment = {"GONIT_FAULTS_MAX", "1000000", "GONIT_HOOK", "init-message=segv"}};
  assert(start_init(&start) == 0);
  order_manager(ORDER_HOLD, "poison", (int[4]){1});
  AWAIT(atomic_load(&world->init_life) == 3);
  ORDER(ORDER_SPAWN, 5);
  AWAIT(atomic_load(&world->taken) == 5);
  assert(atomic_load(&world->init_life) == 3);
  kill(init_process, SIGKILL);
  init_ended();
}

/* Five in ten seconds: no more tries. */
static void after_too_many_faults_the_least_goes_on(void) {
  assert(start_init(&(struct start){0}) == 0);
  for (int count = 0; count < 5; count++) {
    AWAIT(atomic_load(&world->init_life) == count + 1);
    kill(init_process, SIGSEGV);
  }
  ORDER(ORDER_SPAWN, 20);
  AWAIT(atomic_load(&world->taken) == 20 && atomic_load(&world->wrong) == 0);
  assert(atomic_load(&world->init_life) == 5);
  ORDER(ORDER_SPAWN, 5, 1);
  kill(init_process, SIGTERM);
  assert(init_ended() == EXIT_CODE_FAILED << 8);
}

int client_main(int argc, char **argv) {
  (void)argc, (void)argv;
  a_hundred_faults_lose_nothing();
  faults_at("init-exit-filled=segv@3");
  faults_at("init-exit-ticket=segv@3");
  faults_at("init-exit-recorded=segv@3");
  faults_at("init-exit-unreaped=segv@3");
  faults_at("init-message=segv@3");
  faults_at("init-turn=segv@7");
  faults_at("init-role-started=segv");
  faults_at("init-shutdown=segv@2,init-turn=segv@40");
  a_poisonous_message_is_left_out();
  after_too_many_faults_the_least_goes_on();
  return 0;
}
