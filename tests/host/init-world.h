/*
 * An init with a manager and a logger made for tests. The test program is linked with the real main(): started without
 * a verb it is the test (client_main), started as `up` it is init, whose roles are the two below. Test and roles share
 * a file: the test puts an order into it, the manager carries it out, and both count what happens.
 */
#ifndef INIT_WORLD_H
#define INIT_WORLD_H

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "entry.h"
#include "init-message.h"
#include "ledger.h"
#include "logger.h"

#define PATIENCE_MS 60000
#define HELD_SEEN_MAX 64

enum order {
  ORDER_NONE, ORDER_SPAWN, ORDER_ORPHANS, ORDER_HOLD, ORDER_RELEASE, ORDER_LIST, ORDER_SHUTDOWN,
  ORDER_SIGNAL, ORDER_SOURCE, ORDER_FORGET, ORDER_EXIT, ORDER_STUCK, ORDER_STUBBORN, ORDER_GROUP
};

struct world {
  _Atomic int order, done;
  int numbers[4];
  char text[200];
  /* What the manager saw. */
  _Atomic int manager_pid, manager_lives, fails; /* fails: the next so many managers end at once */
  _Atomic int64_t begun_ns[64];                   /* of the first lives */
  _Atomic int open_descriptors;                   /* bits */
  _Atomic int spawned, taken, wrong, signalled;
  _Atomic int child; /* process of the last spawn, as init numbers it */
  int slot;
  uint64_t ticket;
  int held_count;
  char held[HELD_SEEN_MAX][HELD_NAME_BYTES];
  ino_t held_inode[HELD_SEEN_MAX];
  _Atomic int answer;
  /* What init tells. */
  _Atomic int init_life, safe_mode, init_pid, role, orphans, failures, bell_rings;
  _Atomic int signals[65];
  /* What the logger saw. */
  _Atomic int logger_pid, logger_lives, sources, forgets, last_source;
  _Atomic int own_bytes; /* of gonit's own lines */
};

static struct world *world;

static inline int64_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void pause_ms(int ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

/* Asks again and again; the limit is for a machine that is very busy. */
#define AWAIT(condition)                                                                  \
  do {                                                                                    \
    for (int64_t end = now_ms() + PATIENCE_MS; !(condition) && now_ms() < end;) pause_ms(1); \
    if (!(condition)) fprintf(stderr, "never came: %s\n", #condition);                    \
    assert(condition);                                                                    \
  } while (0)

static inline void world_open(void) {
  const char *path = getenv("GONIT_TEST_WORLD");
  if (path == NULL) _exit(99);
  int fd = open(path, O_RDWR | O_CLOEXEC);
  assert(fd >= 0);
  world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  assert(world != MAP_FAILED);
  close(fd);
}

/* ---- the manager ---- */

static struct ledger ledger;

static inline void say(uint32_t op, const char *name, int a, int b, int c, uint64_t ticket, int fd) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = op, .ticket = ticket, .a = a, .b = b, .c = c};
  for (size_t i = 0; name[i] != '\0' && i < sizeof message.name - 1; i++) message.name[i] = name[i];
  while (init_message_send(ROLE_FD_INIT, &message, fd) == -EAGAIN) {
    struct pollfd room = {ROLE_FD_INIT, POLLOUT, 0};
    poll(&room, 1, 1000);
  }
}

/* A child of init in a slot, as the spawner makes one; where it ends, `run` says. Returns the slot. */
static inline int spawn(void (*run)(int), int number, uint32_t flags) {
  static uint32_t next;
  struct work_part *work = ledger.work;
  uint32_t slot = 0;
  do slot = next++ % LIMIT_CHILD_SLOTS;
  while (atomic_load(&work->slots[slot].state) != SLOT_STATE_FREE);
  static uint32_t serial;
  uint64_t ticket = (uint64_t)atomic_load(&ledger.exits->manager.life) << 32 | ++serial;
  atomic_store(&work->pids[slot], 0);
  work->slots[slot].kind = (uint32_t)number & 0x7f;
  work->slots[slot].flags = flags;
  atomic_store(&work->slots[slot].ticket, ticket);
  atomic_store(&work->slots[slot].state, SLOT_STATE_CLAIMED);
  atomic_fetch_add(&world->spawned, 1);
  /* clone(2) with the raw call is a fork whose parent is init. */
#if defined(__s390x__)
  long pid = syscall(SYS_clone, 0, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, &work->pids[slot], 0, 0);
#else
  long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PARENT_SETTID | SIGCHLD, 0, &work->pids[slot], 0, 0);
#endif
  assert(pid >= 0);
  if (pid == 0) {
    run(number);
    syscall(SYS_exit_group, number & 0x7f);
  }
  atomic_store(&work->slots[slot].state, SLOT_STATE_RUNNING);
  world->slot = (int)slot;
  world->ticket = ticket;
  atomic_store(&world->child, (int)pid);
  return (int)slot;
}

static inline void run_exit(int code) { (void)code; }
static inline void run_pause(int code) { (void)code; for (;;) pause(); }
static inline void run_stubborn(int code) {
  (void)code;
  signal(SIGTERM, SIG_IGN);
  atomic_store(&world->answer, 1);
  for (;;) pause();
}

/* Leads a group in which another one stays behind. */
static inline void run_leader(int code) {
  (void)code;
  setsid();
  if (fork() == 0) {
    atomic_store(&world->answer, 1);
    for (;;) pause();
  }
  while (atomic_load(&world->answer) == 0) pause_ms(1);
}

static __attribute__((noinline)) pid_t make_orphan(void) {
  pid_t pid = vfork();
  if (pid == 0) syscall(SYS_exit, 0);
  return pid;
}

static inline void run_orphans(int count) {
  while (count > 0) {
    if (make_orphan() > 0) count--;
    else pause_ms(1);
  }
}

/* Codes are those that were asked for; every exit is taken once. */
static inline void take_exits(void) {
  struct work_part *work = ledger.work;
  for (uint32_t slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    if (atomic_load(&work->slots[slot].state) == SLOT_STATE_FREE) continue;
    uint64_t ticket = atomic_load(&work->slots[slot].ticket);
    const struct exit_slot *exit = &ledger.exits->slots[slot];
    if (ticket == 0 || atomic_load(&exit->ticket) != ticket) continue;
    if (exit->sequence > atomic_load(&ledger.exits->sequence)) continue;
    if (exit->signal != 0) atomic_fetch_add(&world->signalled, 1);
    else if (exit->code != (int)work->slots[slot].kind) atomic_fetch_add(&world->wrong, 1);
    if (ledger.exits->order[(exit->sequence - 1) % LIMIT_CHILD_SLOTS] != slot) atomic_fetch_add(&world->wrong, 1);
    atomic_store(&work->slots[slot].state, SLOT_STATE_FREE);
    atomic_store(&work->pids[slot], 0);
    atomic_store(&work->slots[slot].ticket, 0);
    atomic_fetch_add(&world->taken, 1);
  }
}

static inline void list_held(void) {
  struct init_message message;
  int count = 0, fd;
  say(INIT_OP_LIST_HELD, "", 0, 0, 0, 0, -1);
  for (;;) {
    struct pollfd ready = {ROLE_FD_INIT, POLLIN, 0};
    poll(&ready, 1, 1000);
    int got = init_message_receive(ROLE_FD_INIT, &message, &fd);
    if (got == -EAGAIN) continue;
    assert(got == 1);
    if (message.op == INIT_OP_HELD_END) break;
    assert(message.op == INIT_OP_HELD && fd >= 0);
    struct stat file;
    assert(fstat(fd, &file) == 0);
    close(fd);
    if (count < HELD_SEEN_MAX) {
      memcpy(world->held[count], message.name, HELD_NAME_BYTES);
      world->held_inode[count] = file.st_ino;
    }
    count++;
  }
  world->held_count = count;
}

/* A memory file that can be told from others by its inode. */
static inline int new_file(void) {
  int fd = (int)syscall(SYS_memfd_create, "held", 1u);
  assert(fd >= 0);
  return fd;
}

static inline void hold(const char *name, int count) {
  for (int i = 0; i < count; i++) {
    char full[HELD_NAME_BYTES + 16];
    snprintf(full, sizeof full, count == 1 ? "%s" : "%s%d", name, i);
    int fd = new_file();
    say(INIT_OP_HOLD, full, 0, 0, 0, 0, fd);
    close(fd);
  }
}

static inline void carry_out_order(int order) {
  int *numbers = world->numbers;
  switch (order) {
    case ORDER_SPAWN:
      for (int i = 0; i < numbers[0]; i++) spawn(numbers[1] ? run_pause : run_exit, i, 0);
      break;
    case ORDER_ORPHANS: spawn(run_orphans, numbers[0] & ~0x7f, 0); break;
    case ORDER_STUBBORN: spawn(run_stubborn, 0, 0); break;
    case ORDER_GROUP: spawn(run_leader, 0, SLOT_KILL_GROUP); break;
    case ORDER_HOLD: hold(world->text, numbers[0]); break;
    case ORDER_RELEASE: say(INIT_OP_RELEASE, world->text, 0, 0, 0, 0, -1); break;
    case ORDER_LIST: list_held(); break;
    case ORDER_SHUTDOWN: say(INIT_OP_SHUTDOWN, "", numbers[0], numbers[1], numbers[2], 0, -1); break;
    case ORDER_SIGNAL:
      say(INIT_OP_SIGNAL, "", world->slot, numbers[0], SIGNAL_SCOPE_PROCESS, world->ticket + (uint64_t)numbers[1], -1);
      break;
    case ORDER_SOURCE: {
      int fd = new_file();
      say(INIT_OP_LOG_SOURCE, "web", numbers[0], 0, 0, (uint64_t)numbers[1], fd);
      say(INIT_OP_HOLD, "log:web", 0, 0, 0, 0, fd);
      close(fd);
      break;
    }
    case ORDER_FORGET: say(INIT_OP_LOG_FORGET, "web", numbers[0], 0, 0, (uint64_t)numbers[1], -1); break;
    case ORDER_EXIT: _exit(numbers[0]);
    case ORDER_STUCK: for (;;) pause();
    default: break;
  }
}

static inline void publish(void) {
  const struct exits_part *exits = ledger.exits;
  atomic_store(&world->init_life, (int)atomic_load(&exits->init_life));
  atomic_store(&world->safe_mode, (int)atomic_load(&exits->safe_mode));
  atomic_store(&world->orphans, (int)atomic_load(&exits->orphans));
  atomic_store(&world->failures, (int)atomic_load(&exits->manager.failures));
  atomic_store(&world->init_pid, exits->init_pid);
  atomic_store(&world->role, (int)exits->role);
  for (int i = 0; i < 65; i++) atomic_store(&world->signals[i], (int)atomic_load(&exits->signals[i]));
}

static inline int open_descriptors(void) {
  int bits = 0;
  for (int fd = 0; fd < 31; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) bits |= 1 << fd;
  }
  for (int fd = 31; fd < 1024; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) bits |= 1 << 30;
  }
  return bits;
}

int manager_main(int argc, char **argv) {
  (void)argc;
  (void)argv;
  int bits = open_descriptors();
  world_open();
  assert(ledger_open(&ledger, ROLE_FD_EXITS, ROLE_FD_WORK) == 0);
  int life = atomic_fetch_add(&world->manager_lives, 1);
  if (life < 64) atomic_store(&world->begun_ns[life], ledger.exits->manager.started_ns);
  atomic_store(&world->open_descriptors, bits);
  publish();
  if (atomic_load(&world->fails) > 0) {
    atomic_fetch_sub(&world->fails, 1);
    _exit(70);
  }
  atomic_store(&world->manager_pid, getpid());
  for (;;) {
    struct pollfd fds[2] = {{ROLE_FD_BELL, POLLIN, 0}, {ROLE_FD_INIT, POLLIN, 0}};
    uint64_t rings;
    poll(fds, 2, 1);
    if (fds[0].revents && read(ROLE_FD_BELL, &rings, sizeof rings) > 0) atomic_fetch_add(&world->bell_rings, 1);
    if (fds[1].revents & POLLHUP) _exit(EXIT_CODE_FAILED);
    uint64_t bell = atomic_load(&ledger.exits->bell);
    take_exits();
    publish();
    atomic_store(&ledger.work->acknowledged, bell);
    int order = atomic_exchange(&world->order, ORDER_NONE);
    if (order == ORDER_NONE) continue;
    carry_out_order(order);
    atomic_store(&world->done, 1);
  }
}

/* ---- the logger ---- */

int logger_main(void) {
  struct init_message message;
  int fd;
  signal(SIGTERM, SIG_IGN);
  world_open();
  atomic_fetch_add(&world->logger_lives, 1);
  atomic_store(&world->logger_pid, getpid());
  for (;;) {
    struct pollfd ready = {ROLE_FD_INIT, POLLIN, 0};
    char text[4096];
    poll(&ready, 1, -1);
    int got = init_message_receive(ROLE_FD_INIT, &message, &fd);
    if (got == -EAGAIN) continue;
    if (got == 1 && message.op == INIT_OP_LOG_SOURCE) {
      atomic_store(&world->last_source, message.a << 8 | (int)message.ticket);
      atomic_fetch_add(&world->sources, 1);
    }
    if (got == 1 && message.op == INIT_OP_LOG_FORGET) {
      atomic_fetch_add(&world->forgets, 1);
      if (message.ticket < 100) say(INIT_OP_LOG_FORGET, "", message.a, 0, 0, message.ticket, -1);
    }
    if (got == 1 && fd >= 0) close(fd);
    if (got == 1 && message.op != INIT_OP_LOG_DRAIN) continue;
    fcntl(ROLE_FD_LOG, F_SETFL, O_NONBLOCK);
    for (ssize_t length; (length = read(ROLE_FD_LOG, text, sizeof text)) > 0;) {
      atomic_fetch_add(&world->own_bytes, (int)length);
      if (write(2, text, (size_t)length) < 0) break;
    }
    _exit(0);
  }
}

size_t log_part_bytes(void) { return sizeof(struct ledger_part); }
void log_part_init(void *part) { (void)part; }

int reader_main(int argc, char **argv) { return argc - argc + (argv == NULL); }
int service_main(const char *name, int argc, char **argv) { return argc - argc + (argv == NULL || name == NULL); }
int isolated_enter(int argc, char **argv, struct isolated *isolated) {
  (void)argc, (void)argv;
  isolated->failed_step = "make namespaces";
  isolated->error = EPERM;
  return -1;
}

/* ---- the test's side ---- */

struct start {
  int namespace;   /* 1: as process 1 of a PID namespace */
  int no_exec;     /* 1: init does not execute itself anew, so that valgrind sees it */
  int no_standard; /* 1: with 0, 1 and 2 closed */
  void (*before)(void);
  const char *environment[6]; /* name, value, … */
};

static char world_path[64];
static pid_t init_process; /* as we number it */
static int own_bytes_told; /* by the init that ended last */

static inline void run_init(const struct start *start) {
  char *arguments[] = {(char *)"gonit", (char *)"up", (char *)"--log-format", (char *)"logfmt", NULL};
  const char *const *variable = start->environment;
  for (int i = 0; i < 6 && variable[i] != NULL; i += 2) setenv(variable[i], variable[i + 1], 1);
  if (start->before != NULL) start->before();
  if (start->no_standard) close(0), close(1), close(2);
  if (start->no_exec) _exit(init_main(4, arguments));
  execv("/proc/self/exe", arguments);
  _exit(98);
}

/* 0, or -EPERM where this machine lets us make no namespace. */
static inline int start_init(const struct start *start) {
  snprintf(world_path, sizeof world_path, "/var/tmp/gonit-world-%d", (int)getpid());
  int fd = open(world_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  assert(fd >= 0 && ftruncate(fd, sizeof *world) == 0);
  world = mmap(NULL, sizeof *world, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  assert(world != MAP_FAILED);
  close(fd);
  setenv("GONIT_TEST_WORLD", world_path, 1);
  long flags = SIGCHLD | (start->namespace ? CLONE_NEWPID | CLONE_NEWNS : 0);
  fflush(NULL);
  init_process = start->namespace ? (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0) : fork();
  if (init_process == 0) run_init(start);
  if (init_process < 0) {
    unlink(world_path);
    return -errno;
  }
  AWAIT(atomic_load(&world->manager_pid) != 0 || waitpid(init_process, NULL, WNOHANG) == init_process);
  assert(atomic_load(&world->manager_pid) != 0);
  return 0;
}

/* The status with which init ended. */
static inline int init_ended(void) {
  int status;
  int64_t end = now_ms() + PATIENCE_MS;
  pid_t got;
  while ((got = waitpid(init_process, &status, WNOHANG)) == 0 && now_ms() < end) pause_ms(1);
  if (got == 0) kill(init_process, SIGKILL);
  assert(got == init_process);
  own_bytes_told = atomic_load(&world->own_bytes);
  unlink(world_path);
  munmap(world, sizeof *world);
  init_process = 0;
  return status;
}

#define ORDER(what, ...) order_manager(what, "", (int[4]){__VA_ARGS__})

static inline void give_order(enum order what, const char *text, const int numbers[4]) {
  memcpy(world->numbers, numbers, sizeof world->numbers);
  snprintf(world->text, sizeof world->text, "%s", text);
  atomic_store(&world->done, 0);
  atomic_store(&world->order, (int)what);
}

static inline void order_manager(enum order what, const char *text, const int numbers[4]) {
  give_order(what, text, numbers);
  AWAIT(atomic_load(&world->done));
}

static inline int end_init(int mode, int code, int grace_ms) {
  give_order(ORDER_SHUTDOWN, "", (int[4]){mode, code, grace_ms});
  int status = init_ended();
  assert(own_bytes_told > 60); /* at least the line with which init begins has come to its logger */
  return status;
}

static inline int holds(const char *name) {
  for (int i = 0; i < world->held_count && i < HELD_SEEN_MAX; i++) {
    if (strcmp(world->held[i], name) == 0) return i;
  }
  return -1;
}

#endif
