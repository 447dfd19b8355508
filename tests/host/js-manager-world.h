/*
 * Module manager over a ledger of a test's own: it writes what init would write, and answers as it would. The threads
 * that start processes and look at their trees are played too; they have tests of their own.
 */
#ifndef GONIT_TEST_JS_MANAGER_WORLD_H
#define GONIT_TEST_JS_MANAGER_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../host/features.h"
#include "../../host/js-manager.h"
#include "../../host/js-spawn-request.h"
#include "../../host/tree.h"
#include "script.h"

static const struct js_module *const modules[] = {&js_core, &js_loop, &js_socket, &js_manager, &js_terminal, NULL};

struct manager manager;

/* The spawner and the tree thread as these tests play them. */
static struct {
  struct spawn_request *request;
  uint64_t cancelled;
  int answer; /* of both submits */
  struct spawn_result spawned;
  int has_spawned;
  struct tree_request tree;
  struct tree_result looked;
  int has_looked;
} played;

int spawn_submit(struct spawn_request *request) {
  free(played.request);
  played.request = NULL;
  if (played.answer == 0) played.request = request;
  else free(request);
  return played.answer;
}

void spawn_cancel(uint64_t ticket) { played.cancelled = ticket; }
int spawn_relieve(void) { return played.request != NULL; }

int spawn_next(struct spawn_result *result) {
  *result = played.spawned;
  return played.has_spawned-- > 0;
}

int tree_submit(const struct tree_request *request) {
  played.tree = *request;
  return played.answer;
}

int tree_next(struct tree_result *result) {
  *result = played.looked;
  return played.has_looked-- > 0;
}

const struct features *features_get(void) {
  static const struct features features = {.pidfd = 1};
  return &features;
}

static int init_end; /* init's side of the socket */

/* The manager's descriptors have fixed numbers: ours move out of the way first. */
static void begin(void) {
  int ends[2], log[2];
  for (int fd = ROLE_FD_EXITS; fd < ROLE_FD_FIRST_FREE; fd++) close(fd);
  for (int fd = ROLE_FD_EXITS; fd < ROLE_FD_FIRST_FREE; fd++) assert(open("/dev/null", O_RDONLY) == fd);
  assert(ledger_create(&manager.ledger) == 0);
  assert(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0 && pipe2(log, O_CLOEXEC) == 0);
  assert(dup2(ends[0], ROLE_FD_INIT) == ROLE_FD_INIT && dup2(log[1], ROLE_FD_LOG) == ROLE_FD_LOG);
  init_end = ends[1];
  close(ends[0]);

  assert(dup2(eventfd(0, EFD_CLOEXEC), ROLE_FD_BELL) == ROLE_FD_BELL);
  struct exits_part *exits = manager.ledger.exits;
  snprintf(exits->instance_id, sizeof exits->instance_id, "abc");
  exits->started_ns = 1500000000;
  exits->init_pid = 77;
  exits->isolated = 1;
  atomic_store(&exits->manager.life, 3);
  exits->manager.last_code = -1;
  exits->manager.last_signal = 9;
  journal_open(&manager.journal, &manager.ledger);
}

static void must(const char *text) { script_must(modules, 0, NULL, text); }

#endif
