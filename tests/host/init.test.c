// with: main.c remove-directories.c init.c binary-pages.c init-begin.c init-guard.c init-serve.c init-state.c roles.c role-process.c held.c log-sources.c reap.c remaining.c shutdown.c machine-begin.c bare-root.c machine-facts.c machine-end.c switch-root.c leave-binary.c watchdog.c kernel-words.c fault.c rescue.c report.c role.c detach.c ledger.c init-message.c test-hook.c
// limit: 180 s
/* init with roles made for tests (init-world.h): children, descriptors, restarts, the end. */
#include "init-world.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mount.h>

#define ROLE_DESCRIPTORS 0x3ff /* 0 to 9 */

static void standard_descriptors_are_opened(void) {
  assert(start_init(&(struct start){.no_standard = 1}) == 0);
  assert(atomic_load(&world->open_descriptors) == ROLE_DESCRIPTORS);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 1000) == 0);
}

static void leave_open(void) {
  for (int i = 0; i < 20; i++) dup(2);
  fcntl(2, F_DUPFD, 500);
}

static void roles_get_their_descriptors_alone(void) {
  assert(start_init(&(struct start){.before = leave_open}) == 0);
  assert(atomic_load(&world->open_descriptors) == ROLE_DESCRIPTORS);
  assert(atomic_load(&world->role) == ROLE_LAPTOP);
  assert(end_init(SHUTDOWN_MODE_EXIT, 42, 1000) == 42 << 8);
}

static void every_exit_is_recorded(void) {
  assert(start_init(&(struct start){0}) == 0);
  ORDER(ORDER_SPAWN, 300);
  AWAIT(atomic_load(&world->taken) == 300);
  ORDER(ORDER_ORPHANS, 10000);
  AWAIT(atomic_load(&world->orphans) >= 9984);
  assert(atomic_load(&world->wrong) == 0);
  /* Rung once a batch, not once an exit. */
  assert(atomic_load(&world->bell_rings) < 5000);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 1000) == 0);
}

static void a_group_is_killed_with_its_leader(void) {
  assert(start_init(&(struct start){0}) == 0);
  ORDER(ORDER_GROUP, 0);
  AWAIT(atomic_load(&world->taken) == 1 && atomic_load(&world->orphans) == 1);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void signals_are_counted(void) {
  static const int numbers[] = {SIGHUP, SIGUSR1, SIGWINCH, SIGTERM, SIGINT, 33, 34, 37, 64};
  assert(start_init(&(struct start){0}) == 0);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    kill(init_process, numbers[i]);
    AWAIT(atomic_load(&world->signals[numbers[i]]) == 1);
  }
  assert(atomic_load(&world->signals[SIGCHLD]) == 0);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void a_signal_reaches_only_the_ticket_it_is_for(void) {
  assert(start_init(&(struct start){0}) == 0);
  ORDER(ORDER_SPAWN, 1, 1);
  ORDER(ORDER_SIGNAL, SIGKILL, 7);
  ORDER(ORDER_LIST, 0); /* answered after the signal was dealt with */
  assert(atomic_load(&world->taken) == 0);
  ORDER(ORDER_SIGNAL, SIGKILL, 0);
  AWAIT(atomic_load(&world->taken) == 1 && atomic_load(&world->signalled) == 1);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void kill_manager(void) {
  int pid = atomic_load(&world->manager_pid);
  kill(pid, SIGKILL);
  AWAIT(atomic_load(&world->manager_pid) != pid);
}

static void kill_logger(void) {
  int pid = atomic_load(&world->logger_pid);
  kill(pid, SIGKILL);
  AWAIT(atomic_load(&world->logger_pid) != pid);
}

static void held_descriptors_outlive_the_manager(void) {
  char name[HELD_NAME_BYTES];
  static const char numbers[] = "0123456789012345678901234567890123456789";
  assert(start_init(&(struct start){0}) == 0);
  /* Names of every length around the sizes of the table's parts. */
  for (int length = 18; length < HELD_NAME_BYTES; length += length < 22 ? 1 : length < 44 ? 7 : 33) {
    for (int i = 0; i < length; i++) name[i] = numbers[i % 40];
    name[length] = '\0';
    order_manager(ORDER_HOLD, name, (int[4]){1});
  }
  order_manager(ORDER_HOLD, "control", (int[4]){1});
  order_manager(ORDER_HOLD, "", (int[4]){1}); /* refused */
  ORDER(ORDER_LIST, 0);
  int count = world->held_count;
  ino_t control = world->held_inode[holds("control")];
  assert(count > 10 && count <= HELD_SEEN_MAX && holds("012345678901234567") >= 0 && holds(name) < HELD_SEEN_MAX);
  kill_manager();
  ORDER(ORDER_LIST, 0);
  assert(world->held_count == count && world->held_inode[holds("control")] == control);
  order_manager(ORDER_HOLD, "control", (int[4]){1}); /* replaces */
  order_manager(ORDER_RELEASE, "012345678901234567", (int[4]){0});
  order_manager(ORDER_RELEASE, "nobody", (int[4]){0});
  ORDER(ORDER_LIST, 0);
  assert(world->held_count == count - 1 && world->held_inode[holds("control")] != control);
  assert(holds("012345678901234567") < 0);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void thousands_are_held(void) {
  assert(start_init(&(struct start){0}) == 0);
  order_manager(ORDER_HOLD, "log:a-service-with-a-rather-long-name-", (int[4]){3000});
  ORDER(ORDER_LIST, 0);
  assert(world->held_count == 3000);
  kill(init_process, SIGSEGV);
  AWAIT(atomic_load(&world->init_life) == 2);
  kill_manager();
  ORDER(ORDER_LIST, 0);
  assert(world->held_count == 3000);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void a_new_logger_gets_all_sources(void) {
  assert(start_init(&(struct start){0}) == 0);
  ORDER(ORDER_SOURCE, 5, 1);
  ORDER(ORDER_SOURCE, 9, 200);
  AWAIT(atomic_load(&world->sources) == 2);
  kill_logger();
  AWAIT(atomic_load(&world->sources) == 4);
  ORDER(ORDER_FORGET, 5, 1);
  AWAIT(atomic_load(&world->forgets) == 1);
  ORDER(ORDER_LIST, 0);
  assert(holds("log:web") < 0); /* the write end goes with it */
  ORDER(ORDER_FORGET, 9, 200); /* of which the logger never says that it is done */
  AWAIT(atomic_load(&world->forgets) == 2);
  kill_logger();
  AWAIT(atomic_load(&world->sources) == 5 && atomic_load(&world->forgets) == 3);
  assert(atomic_load(&world->last_source) == (9 << 8 | 200));
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void a_manager_that_fails_waits_longer_each_time(void) {
  assert(start_init(&(struct start){0}) == 0);
  atomic_store(&world->fails, 2);
  give_order(ORDER_EXIT, "", (int[4]){70});
  AWAIT(atomic_load(&world->manager_lives) == 4 && atomic_load(&world->fails) == 0);
  int64_t between[3];
  for (int i = 0; i < 3; i++) between[i] = atomic_load(&world->begun_ns[i + 1]) - atomic_load(&world->begun_ns[i]);
  assert(between[0] >= 10000000 && between[1] >= 100000000 && between[2] >= 1000000000);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void safe_mode_comes_and_goes(void) {
  assert(start_init(&(struct start){.environment = {"GONIT_RETRY_MS_MAX", "20"}}) == 0);
  atomic_store(&world->fails, 7);
  give_order(ORDER_EXIT, "", (int[4]){1});
  AWAIT(atomic_load(&world->fails) == 0 && atomic_load(&world->safe_mode) == 1);
  ORDER(ORDER_SPAWN, 10);
  AWAIT(atomic_load(&world->taken) == 10);
  AWAIT(atomic_load(&world->safe_mode) == 0 && atomic_load(&world->failures) == 0);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void init_ends_alone_when_the_manager_fails(void) {
  assert(start_init(&(struct start){.environment = {"GONIT_RETRY_MS_MAX", "20"}}) == 0);
  ORDER(ORDER_SPAWN, 3, 1);
  atomic_store(&world->fails, 1000000);
  give_order(ORDER_EXIT, "", (int[4]){1});
  AWAIT(atomic_load(&world->failures) >= 3);
  kill(init_process, SIGTERM);
  assert(init_ended() == EXIT_CODE_FAILED << 8);
}

static void a_manager_that_blocks_is_replaced(void) {
  assert(start_init(&(struct start){.environment = {"GONIT_GUARD_TICKS", "2"}}) == 0);
  give_order(ORDER_STUCK, "", (int[4]){0});
  AWAIT(atomic_load(&world->order) == ORDER_NONE);
  assert(atomic_load(&world->manager_lives) == 1);
  kill(init_process, SIGUSR1); /* something to answer */
  AWAIT(atomic_load(&world->manager_lives) == 2);
  assert(end_init(SHUTDOWN_MODE_EXIT, 0, 0) == 0);
}

static void the_end_is_bounded(void) {
  assert(start_init(&(struct start){0}) == 0);
  ORDER(ORDER_STUBBORN, 0);
  AWAIT(atomic_load(&world->answer) == 1);
  ORDER(ORDER_SPAWN, 20, 1);
  int64_t begun = now_ms();
  assert(end_init(SHUTDOWN_MODE_POWEROFF, 3, 300) == 3 << 8); /* on a laptop every mode is an exit */
  assert(now_ms() - begun >= 300);
}

/* A second Ctrl-C while the rest has its grace. */
static void the_grace_can_be_cut_short(void) {
  assert(start_init(&(struct start){0}) == 0);
  ORDER(ORDER_STUBBORN, 0);
  AWAIT(atomic_load(&world->answer) == 1);
  give_order(ORDER_SHUTDOWN, "", (int[4]){SHUTDOWN_MODE_EXIT, 0, 3600000});
  AWAIT(kill(atomic_load(&world->manager_pid), 0) < 0);
  kill(init_process, SIGINT);
  assert(init_ended() == EXIT_CODE_FORCED << 8);
}

static void own_proc(void) {
  assert(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  assert(mount("proc", "/proc", "proc", 0, NULL) == 0);
}

static void process_one_reaches_everybody(void (*before)(void)) {
  if (start_init(&(struct start){.namespace = 1, .before = before}) < 0) {
    fprintf(stderr, "notice: no PID namespace here\n");
    return;
  }
  assert(atomic_load(&world->role) == ROLE_CONTAINER && atomic_load(&world->init_pid) == 1);
  ORDER(ORDER_STUBBORN, 0);
  AWAIT(atomic_load(&world->answer) == 1);
  ORDER(ORDER_SPAWN, 20, 1);
  int64_t begun = now_ms();
  assert(end_init(SHUTDOWN_MODE_REBOOT, 5, 300) == 5 << 8);
  assert(now_ms() - begun >= 300);
}

/* reboot(2) in a PID namespace ends its process 1 by a signal that names the mode. */
static void a_machine_is_switched_off(void) {
  if (start_init(&(struct start){.namespace = 1, .before = own_proc, .environment = {"GONIT_ROLE", "vm"}}) < 0) return;
  assert(atomic_load(&world->role) == ROLE_VM);
  assert(WTERMSIG(end_init(SHUTDOWN_MODE_POWEROFF, 0, 0)) == SIGINT);
  assert(start_init(&(struct start){.namespace = 1, .before = own_proc, .environment = {"GONIT_ROLE", "vm"}}) == 0);
  assert(WTERMSIG(end_init(SHUTDOWN_MODE_REBOOT, 0, 0)) == SIGHUP);
}

static void the_roles_end_with_init(void) {
  assert(start_init(&(struct start){0}) == 0);
  AWAIT(atomic_load(&world->logger_pid) != 0);
  int manager = atomic_load(&world->manager_pid), logger = atomic_load(&world->logger_pid);
  kill(init_process, SIGKILL);
  AWAIT(waitpid(init_process, NULL, 0) == init_process || errno == ECHILD);
  AWAIT(kill(manager, 0) < 0 && kill(logger, 0) < 0);
  unlink(world_path);
}

/* Neither memory files nor files without a name, as under a strict profile on a read-only root. */
static void refuse_memory_files(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 3, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
  assert(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

static void roles_run_in_a_fork_where_no_memory_file_is(void) {
  assert(start_init(&(struct start){.before = refuse_memory_files}) == 0);
  assert((atomic_load(&world->open_descriptors) & ~ROLE_DESCRIPTORS) == 0);
  ORDER(ORDER_SPAWN, 30);
  AWAIT(atomic_load(&world->taken) == 30);
  kill_manager();
  kill_logger();
  ORDER(ORDER_SPAWN, 30);
  AWAIT(atomic_load(&world->taken) == 60 && atomic_load(&world->wrong) == 0);
  /* Nothing survives an execution here, so a fault leaves the least: exits are recorded, and the end is carried out. */
  kill(init_process, SIGSEGV);
  ORDER(ORDER_SPAWN, 30);
  AWAIT(atomic_load(&world->taken) == 90);
  kill(init_process, SIGTERM);
  assert(init_ended() == EXIT_CODE_FAILED << 8);
}

int client_main(int argc, char **argv) {
  (void)argc, (void)argv;
  standard_descriptors_are_opened();
  roles_get_their_descriptors_alone();
  every_exit_is_recorded();
  a_group_is_killed_with_its_leader();
  signals_are_counted();
  a_signal_reaches_only_the_ticket_it_is_for();
  held_descriptors_outlive_the_manager();
  thousands_are_held();
  a_new_logger_gets_all_sources();
  a_manager_that_fails_waits_longer_each_time();
  safe_mode_comes_and_goes();
  init_ends_alone_when_the_manager_fails();
  a_manager_that_blocks_is_replaced();
  the_end_is_bounded();
  the_grace_can_be_cut_short();
  process_one_reaches_everybody(NULL); /* whose /proc is another namespace's */
  process_one_reaches_everybody(own_proc);
  a_machine_is_switched_off();
  the_roles_end_with_init();
  roles_run_in_a_fork_where_no_memory_file_is();
  return 0;
}
