/*
 * What a logger needs around it: a table, an init that keeps descriptors, a manager that configures. The test is both;
 * the logger is a child process that may be killed and started again.
 */
#ifndef LOGGER_WORLD_H
#define LOGGER_WORLD_H

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../host/init-message.h"
#include "../../host/logger-parts.h"

#undef assert
#define assert(condition) \
  ((condition) ? (void)0 : (fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition), world_failed()))

#define WORLD_WAIT_MS 20000 /* a guard against hanging, nothing else */
#define WORLD_HELD (LIMIT_LOG_SLOTS + LIMIT_LOG_OWN_PIPES)

static struct {
  struct log_part *part;
  struct ledger ledger;
  int role;
  int init;            /* our end of the socket to the logger */
  int manager[2];      /* ours as the manager, ours as init */
  int bell;
  int own[2];          /* slot 0 */
  int out, err;        /* what the logger gets as its standard output and error */
  int console[2], console_error[2];
  pid_t logger;
  int held[WORLD_HELD]; /* 0: none */
  uint32_t generations[WORLD_HELD];
  int watched, forgotten;
  char folder[64];
} world;

static inline void world_failed(void) {
  if (world.logger > 0) kill(world.logger, SIGKILL);
  fprintf(stderr, "files are in %s\n", world.folder);
  _exit(1);
}

static inline int64_t world_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000ll + now.tv_nsec / 1000000;
}

static inline void world_pause(long microseconds) {
  struct timespec time = {microseconds / 1000000, microseconds % 1000000 * 1000};
  nanosleep(&time, NULL);
}

/* init's part of the protocol, as host/logger.h says. */
static inline void world_hold(int number, uint32_t generation, int fd) {
  if (world.held[number]) close(world.held[number]);
  world.held[number] = fd;
  world.generations[number] = generation;
}

static inline void world_pass(int number) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_SOURCE, .a = number};
  message.ticket = world.generations[number];
  while (init_message_send(world.init, &message, world.held[number]) == -EAGAIN) world_pause(100);
}

static inline void world_from_logger(void) {
  struct init_message message;
  int fd, got;
  /* A socket whose other end died with messages unread reports that first, then gives what had come from there. */
  while ((got = init_message_receive(world.init, &message, &fd)) > 0 || got == -ECONNRESET) {
    if (got < 0) continue;
    if (message.op == INIT_OP_LOG_SOURCE) world_hold(message.a, 0, fd);
    if (message.op == INIT_OP_LOG_WATCHED) world.watched++;
    if (message.op != INIT_OP_LOG_FORGET) continue;
    if (world.held[message.a]) close(world.held[message.a]);
    world.held[message.a] = 0;
    world.forgotten++;
  }
}

static inline void world_from_manager(void) {
  struct init_message message;
  uint64_t one = 1;
  int fd;
  while (init_message_receive(world.manager[1], &message, &fd) > 0) {
    if (message.op == INIT_OP_LOG_SOURCE) {
     world_hold(message.a, (uint32_t)message.ticket, fd);
      if (world.logger) world_pass(message.a);
    } else if (fd >= 0) {
      close(fd); /* the write end that init would hold: the test does */
    }
    if (message.op == INIT_OP_LOG_FORGET && world.logger) init_message_send(world.init, &message, -1);
    if (message.op == INIT_OP_LOG_CHANGED) assert(write(world.bell, &one, sizeof one) == sizeof one);
  }
}

static inline void world_begin(int role) {
  const char *temporary = getenv("TMPDIR");
  memset(&world, 0, sizeof world);
  snprintf(world.folder, sizeof world.folder, "%.40s/logger-XXXXXX", temporary ? temporary : "/tmp");
  if (!mkdtemp(world.folder)) exit(2);
  world.role = role;
  world.part = mmap(NULL, log_part_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  assert(world.part != MAP_FAILED);
  log_part_init(world.part);
  world.ledger.logs = (uint8_t *)world.part;
  assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, world.manager) == 0);
  assert(pipe2(world.own, O_CLOEXEC) == 0 && pipe2(world.console, O_CLOEXEC) == 0);
  assert(pipe2(world.console_error, O_CLOEXEC) == 0);
  world.bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  world.out = world.console[1];
  world.err = world.console_error[1];
  signal(SIGPIPE, SIG_IGN);
}

static inline void world_start(void) {
  int ends[2];
  assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int fd = 3; fd < 128; fd++) { /* what an exec would have closed */
      if (fd != ends[1] && fd != world.bell && fd != world.own[0] && fd != world.out && fd != world.err) close(fd);
    }
    _exit(logger_run(&(struct logger_start){.part = world.part, .role = world.role, .init = ends[1], .bell = world.bell,
                                            .own_pipe = world.own[0], .out = world.out, .err = world.err}));
  }
  close(ends[1]);
  world.init = ends[0];
  world.logger = pid;
  for (int i = WORLD_HELD - 1; i >= 0; i--) {
    if (!world.held[i]) continue;
    world_pass(i);
    if (i < LIMIT_LOG_SLOTS && atomic_load(&world.part->configs[i].state) == LOG_SLOT_FORGOTTEN) {
      struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_FORGET, .a = i};
      message.ticket = world.generations[i];
      init_message_send(world.init, &message, -1);
    }
  }
}

/* Ends the logger and carries out what it had said. Returns its wait status. */
static inline int world_end_logger(int signal) {
  int status;
  if (signal) kill(world.logger, signal);
  assert(waitpid(world.logger, &status, 0) == world.logger);
 world_from_logger();
  close(world.init);
  world.init = 0;
  world.logger = 0;
  return status;
}

static inline void world_kill(void) {
  int status = world_end_logger(SIGKILL);
  assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL); /* it did not die of something else before */
}

static inline void world_drain(void) {
  struct init_message message = {.version = CONTRACT_VERSION, .op = INIT_OP_LOG_DRAIN};
  assert(init_message_send(world.init, &message, -1) == 0);
  int status = world_end_logger(0);
  assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static inline const char *world_path(const char *name) {
  static char paths[8][128];
  static int next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", world.folder, name);
  return path;
}

/* Configures a source and makes its pipe. Its slot; *fd is the write end. */
static inline int world_source(const struct log_config *config, int *fd) {
  struct log_config whole = *config;
  if (!whole.label) whole.label = whole.name;
  if (!whole.path) whole.path = "";
  int slot = log_configure(&world.ledger, &whole);
  assert(slot > 0);
  *fd = log_pipe(&world.ledger, world.manager[0], slot, 0);
  assert(*fd > 0);
 world_from_manager();
  return slot;
}

static inline void world_write(int fd, const char *text) {
  size_t bytes = strlen(text);
  assert(write(fd, text, bytes) == (ssize_t)bytes);
}

/* Waits until the logger has taken `bytes` of a source. */
static inline void world_await_bytes(int slot, uint64_t bytes) {
  int64_t end = world_ms() + WORLD_WAIT_MS;
  struct log_counters counters;
  for (;;) {
    log_read_counters(&world.ledger, slot, &counters);
    if (counters.bytes >= bytes) return;
    assert(world_ms() < end);
   world_from_logger();
   world_pause(1000);
  }
}

/* A whole file as text; must be freed. NULL when there is none. */
static inline char *world_read(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  long bytes = ftell(file);
  rewind(file);
  char *text = malloc((size_t)bytes + 1);
  assert(fread(text, 1, (size_t)bytes, file) == (size_t)bytes);
  text[bytes] = 0;
  fclose(file);
  return text;
}

/* The text of a file with stamps without them, in its place. */
static inline void world_remove_stamps(char *text) {
  char *to = text;
  for (char *at = text; *at;) {
    char *end = strchr(at, '\n');
    size_t bytes = end ? (size_t)(end - at) + 1 : strlen(at);
    assert(bytes > 25 && at[4] == '-' && at[10] == 'T' && at[19] == '.' && at[23] == 'Z' && at[24] == ' ');
    memmove(to, at + 25, bytes - 25);
    to += bytes - 25;
    at += bytes;
  }
  *to = 0;
}

static inline void world_expect_file(const char *name, const char *expected) {
  char *text = world_read(world_path(name));
  if (!text || strcmp(text, expected)) fprintf(stderr, "%s is\n%s\ninstead of\n%s\n", name, text ? text : "missing", expected);
  assert(text && !strcmp(text, expected));
  free(text);
}

/* Reads from a console until the text has come, and nothing more. */
static inline void world_expect_console(int fd, const char *expected) {
  size_t want = strlen(expected), got = 0;
  char text[65536];
  while (got < want) {
    struct pollfd ready = {fd, POLLIN, 0};
    if (poll(&ready, 1, WORLD_WAIT_MS) <= 0) break;
    ssize_t more = read(fd, text + got, want - got);
    if (more <= 0) break;
    got += (size_t)more;
  }
  text[got] = 0;
  if (strcmp(text, expected)) fprintf(stderr, "the console got\n%s\ninstead of\n%s\n", text, expected);
  assert(!strcmp(text, expected));
}

static inline void world_remove(const char *folder) {
  DIR *list = opendir(folder);
  struct dirent *entry;
  while (list && (entry = readdir(list))) {
    char path[512];
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    snprintf(path, sizeof path, "%.200s/%.255s", folder, entry->d_name);
    if (unlink(path) != 0) world_remove(path);
  }
  if (list) closedir(list);
  rmdir(folder);
}

static inline void world_end(void) {
  if (world.logger) world_drain();
 world_remove(world.folder);
  for (int i = 0; i < WORLD_HELD; i++) {
    if (world.held[i]) close(world.held[i]);
  }
  for (int i = 0; i < 2; i++) close(world.manager[i]), close(world.own[i]), close(world.console[i]), close(world.console_error[i]);
  close(world.bell);
  munmap(world.part, log_part_bytes());
}

#endif
