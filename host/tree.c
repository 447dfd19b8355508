/*
 * The tree thread: takes all requests that wait as one batch, so that one look at /proc answers them all.
 *
 * To kill a tree: SIGSTOP to each process that was found, look again until a scan finds all of them stopped (a stopped
 * process makes no others), then SIGKILL, then a bounded wait for them to be gone.
 */
#include "tree.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "spawn.h"
#include "tree-anywhere.h"
#include "tree-cgroup.h"
#include "tree-scan.h"

#define REQUESTS_MAX LIMIT_CHILD_SLOTS
#define BATCH_MAX 256
#define SCANS_MAX 5
#define STACK_BYTES (128 * 1024)

#define HOW_CGROUP 1
#define HOW_MARK 2
#define HOW_GROUP 3

struct job {
  struct job *next;
  struct tree_request request;
  struct tree_result result;
  int is_settled; /* nothing more to do for it */
};

struct list {
  struct job *first, *last;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_waits = PTHREAD_COND_INITIALIZER;
static struct list queue, results;
static int waiting; /* in both lists and in the thread */
static int event_fd = -1;

/* The thread's own. */
static struct scan scan;
static struct job *batch[BATCH_MAX];
static int batch_count;

static void append(struct list *list, struct job *job) {
  job->next = NULL;
  if (list->first == NULL) list->first = job;
  else list->last->next = job;
  list->last = job;
}

static struct job *take_first(struct list *list) {
  struct job *job = list->first;
  if (job != NULL) list->first = job->next;
  return job;
}

/* ---- one request ---- */

static void use_cgroup(struct job *job) {
  struct tree_result *result = &job->result;
  result->how = HOW_CGROUP;
  if (job->request.signal != 0) result->signalled = cgroup_signal(job->request.cgroup, job->request.signal);
  result->left = cgroup_list(job->request.cgroup, result->pids, TREE_PIDS_REPORTED);
  if (result->signalled < 0) result->error = -result->signalled, result->signalled = 0;
  if (result->left < 0) result->error = -result->left, result->left = 1;
  result->pid_count = result->left < TREE_PIDS_REPORTED ? result->left : TREE_PIDS_REPORTED;
}

/* Without /proc nothing else is known than the group, and whether its number is still ours only while the leader lives
 * or members are left; a zombie counts until init has reaped it. */
static void use_group(struct job *job, const struct ledger *ledger) {
  const struct tree_request *request = &job->request;
  struct tree_result *result = &job->result;
  result->how = HOW_GROUP;
  int leader = request->slot >= 0 ? slots_pid(ledger, (uint32_t)request->slot, request->of) : 0;
  int group = leader > 0 ? leader : request->pid;
  if (group <= 0 || group == ledger->exits->init_pid || group == getpgrp()) return;
  if (request->signal != 0 && kill(-group, request->signal) == 0) result->signalled = 1;
  result->left = kill(-group, 0) == 0 || errno == EPERM;
  result->pids[0] = group;
  result->pid_count = result->left;
}

/* What the last scan says of it. */
static void choose(struct job *job) {
  struct tree_result *result = &job->result;
  result->how = HOW_MARK;
  result->pid_count = 0;
  int is_anywhere = job->request.is_anywhere;
  result->left = (int32_t)(is_anywhere ? anywhere_choose(&scan, &job->request) : scan_choose(&scan, &job->request));
  for (uint32_t at = 0; at < scan.count && result->pid_count < TREE_PIDS_REPORTED; at++)
    if (scan.list[at].is_chosen) result->pids[result->pid_count++] = scan.list[at].pid;
  /* Others may be there that were not seen: "nothing is left" must be certain, so the asker asks again. Of a whole
   * machine, where processes come and go all the time, it never is. */
  if (scan.is_cut) result->error = EOVERFLOW;
  if (result->left == 0 && !is_anywhere && (scan.is_cut || !scan.is_settled)) result->left = 1;
}

static int signal_chosen(struct job *job, int signal) {
  int sent = 0;
  for (uint32_t at = 0; at < scan.count; at++) {
    if (!scan.list[at].is_chosen) continue;
    int result = scan_signal(&scan.list[at], signal);
    if (result > 0) sent++;
    if (result < 0) job->result.error = -result;
  }
  return sent;
}

/* 1: all that were found are stopped. */
static int freeze_chosen(struct job *job) {
  int all = 1;
  for (uint32_t at = 0; at < scan.count; at++) {
    const struct scan_process *process = &scan.list[at];
    if (!process->is_chosen || scan_is_stopped(process)) continue;
    int result = scan_signal(process, SIGSTOP);
    if (result < 0) job->result.error = -result;
    all = 0;
  }
  return all;
}

/* ---- a batch ---- */

static int take_scan(void) {
  static int32_t slots[BATCH_MAX];
  uint32_t count = 0;
  int is_anywhere = 0;
  for (int i = 0; i < batch_count; i++) {
    is_anywhere |= batch[i]->request.is_anywhere;
    if (batch[i]->request.slot >= 0) slots[count++] = batch[i]->request.slot;
  }
  return scan_take(&scan, is_anywhere ? NULL : slots, count);
}

static void wait_ns(long ns) {
  struct timespec time = {0, ns};
  nanosleep(&time, NULL);
}

static int is_kill(const struct job *job) { return job->request.signal == SIGKILL && !job->is_settled; }

/* The first scan has been taken. 1: something is to be killed. */
static int freeze(void) {
  int any = 0;
  for (int scans = 1;; scans++) {
    int all = 1;
    for (int i = 0; i < batch_count; i++) {
      if (!is_kill(batch[i])) continue;
      choose(batch[i]);
      any |= batch[i]->result.left > 0;
      all &= freeze_chosen(batch[i]);
    }
    if ((all && scan.is_settled) || scans == SCANS_MAX) return any;
    wait_ns(100000L << scans);
    if (take_scan() < 0) return any;
  }
}

/* The last scan names what is to die. */
static void kill_frozen(void) {
  for (int i = 0; i < batch_count; i++) {
    if (!is_kill(batch[i])) continue;
    choose(batch[i]);
    batch[i]->result.signalled = signal_chosen(batch[i], SIGKILL);
  }
}

static void await_end(void) {
  int left = 1;
  for (int scans = 1; left > 0 && scans <= SCANS_MAX; scans++) {
    wait_ns(150000L << scans);
    if (take_scan() < 0) return;
    left = 0;
    for (int i = 0; i < batch_count; i++) {
      if (!is_kill(batch[i])) continue;
      choose(batch[i]);
      left += batch[i]->result.left;
    }
  }
}

static void serve_by_scan(void) {
  for (int i = 0; i < batch_count; i++) {
    struct job *job = batch[i];
    if (is_kill(job)) continue;
    choose(job);
    if (job->request.signal != 0) job->result.signalled = signal_chosen(job, job->request.signal);
    job->is_settled = 1;
  }
  if (!freeze()) return;
  kill_frozen();
  await_end();
}

static void serve_batch(void) {
  int by_scan = 0, count = 0;
  for (int i = 0; i < batch_count; i++) {
    struct job *job = batch[i];
    if (job->request.cgroup[0] == '\0') batch[count++] = job;
    else use_cgroup(job);
  }
  batch_count = count;
  by_scan = count > 0 && take_scan() == 0;
  if (by_scan) serve_by_scan();
  for (int i = 0; i < batch_count && !by_scan; i++) use_group(batch[i], scan.ledger);
}

static void take_batch(struct list *taken) {
  *taken = (struct list){NULL, NULL};
  batch_count = 0;
  while (queue.first == NULL) pthread_cond_wait(&work_waits, &lock);
  while (queue.first != NULL && batch_count < BATCH_MAX) {
    struct job *job = take_first(&queue);
    batch[batch_count++] = job;
    append(taken, job);
  }
}

static void *tree_main(void *unused) {
  uint64_t one = 1;
  struct list taken;
  (void)unused;
  pthread_mutex_lock(&lock);
  for (;;) {
    take_batch(&taken);
    pthread_mutex_unlock(&lock);
    serve_batch();
    pthread_mutex_lock(&lock);
    for (struct job *job; (job = take_first(&taken)) != NULL;) append(&results, job);
    ssize_t written = write(event_fd, &one, sizeof one);
    (void)written;
  }
  return NULL;
}

/* ---- for the manager's main thread ---- */

static int start_thread(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int result = pthread_create(&thread, &attributes, tree_main, NULL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return -result;
}

int tree_begin(struct ledger *ledger) {
  int result = scan_begin(&scan, ledger);
  if (result < 0) return result;
  event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return event_fd < 0 ? -errno : start_thread();
}

int tree_submit(const struct tree_request *request) {
  struct job *job = calloc(1, sizeof *job);
  if (job == NULL) return -EAGAIN;
  job->request = *request;
  if (job->request.slot >= LIMIT_CHILD_SLOTS) job->request.slot = -1;
  job->request.cgroup[sizeof job->request.cgroup - 1] = '\0';
  for (int i = 0; i < TREE_MARKS_MAX; i++) job->request.marks[i][sizeof job->request.marks[i] - 1] = '\0';
  job->result.ticket = request->ticket;
  job->result.of = request->of;
  pthread_mutex_lock(&lock);
  int has_room = waiting < REQUESTS_MAX;
  if (has_room) {
    waiting++;
    append(&queue, job);
    pthread_cond_signal(&work_waits);
  }
  pthread_mutex_unlock(&lock);
  if (!has_room) free(job);
  return has_room ? 0 : -EAGAIN;
}

int tree_event_fd(void) { return event_fd; }

int tree_next(struct tree_result *result) {
  uint64_t count;
  pthread_mutex_lock(&lock);
  struct job *job = take_first(&results);
  if (job != NULL) {
    waiting--;
  } else {
    ssize_t got = read(event_fd, &count, sizeof count);
    (void)got;
  }
  pthread_mutex_unlock(&lock);
  if (job != NULL) *result = job->result;
  free(job);
  return job != NULL;
}
