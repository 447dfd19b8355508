/*
 * Starting processes: the queue, the spawner threads, and the results.
 *
 *   job:     idle -> queued -> active -> done -> idle     one for each child slot
 *   worker:  waits -> prepares -> waits in clone for its child's exec or end -> tells -> waits
 *
 * A worker whose spawn is cancelled is given up at once: the result is told, another thread takes its place, and it
 * ends by itself when its child has died. One whose child blocks on its way to its program (a FIFO, a file system that
 * hangs) loses its place as well while others wait for it, and tells its result when it comes. So a child that blocks
 * costs one thread, and at most LIMIT_BLOCKED_SPAWNS of them are borne. Everything static here is guarded by `lock`,
 * except what a worker owns.
 */
#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "clone-child.h"
#include "features.h"
#include "test-hook.h"
#include "window.h"

#define WORKERS 2
#define WORKERS_MAX (WORKERS + LIMIT_BLOCKED_SPAWNS)
#define THREAD_STACK_BYTES (64 * 1024) /* address space: only what is touched is memory */
#define CHILD_STACK_BYTES (64 * 1024)  /* the longest path of a search, and room for what a sanitizer adds */
#define GUARD_BYTES (64 * 1024)        /* the largest page of any machine */
#define NOBODY UINT32_MAX

enum { JOB_IDLE, JOB_QUEUED, JOB_ACTIVE, JOB_DONE };

struct job {
  int state;
  uint32_t next; /* in the queue, or among the results */
  struct spawn_request *request;
  struct spawn_result result;
};

struct list {
  uint32_t first, last;
};

struct worker {
  int in_use;
  int is_pending; /* between taking a job and telling its result */
  int is_given_up;
  int was_busy; /* with this job, when the main thread looked last */
  uint32_t slot;
  uint64_t ticket;
  struct window_part *part; /* NULL: another has its place */
  unsigned char *stack;
  struct child_plan plan;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_waits = PTHREAD_COND_INITIALIZER;
static struct job jobs[LIMIT_CHILD_SLOTS];
static struct list queue = {NOBODY, NOBODY}, results = {NOBODY, NOBODY};
static struct worker workers[WORKERS_MAX];
static struct window_part parts[WORKERS];
static struct window_part *free_parts[WORKERS];
static int free_part_count, blocked_count;

/* Fixed after spawn_begin. */
static struct {
  struct ledger *ledger;
  int exe_fd, event_fd, parent, is_dumpable;
  int set_oom;
  int32_t oom_score_adj;
  uint64_t nofile_soft, nofile_hard;
  uint64_t dispositions;
  uint32_t own_uid, own_gid;
} common;

/* ---- lists of jobs ---- */

static void append(struct list *list, uint32_t slot) {
  jobs[slot].next = NOBODY;
  if (list->first == NOBODY) list->first = slot;
  else jobs[list->last].next = slot;
  list->last = slot;
}

static uint32_t take_first(struct list *list) {
  uint32_t slot = list->first;
  if (slot != NOBODY) list->first = jobs[slot].next;
  return slot;
}

static void take_out(struct list *list, uint32_t slot) {
  uint32_t before = NOBODY, at = list->first;
  while (at != NOBODY && at != slot) before = at, at = jobs[at].next;
  if (at == NOBODY) return;
  if (before == NOBODY) list->first = jobs[at].next;
  else jobs[before].next = jobs[at].next;
  if (list->last == at) list->last = before;
}

/* The slot is settled before the result can be seen. */
static void tell(uint32_t slot, int pid, uint32_t stage, int error) {
  struct child_slot *child = &common.ledger->work->slots[slot];
  struct job *job = &jobs[slot];
  uint64_t one = 1;
  TEST_HOOK("slot-tell-error");
  atomic_store(&child->error, error);
  TEST_HOOK("slot-tell-stage");
  atomic_store(&child->stage, stage);
  TEST_HOOK("slot-tell-state");
  atomic_store_explicit(&child->state, stage == STAGE_NONE ? SLOT_STATE_RUNNING : SLOT_STATE_FAILED,
                        memory_order_release);
  TEST_HOOK("slot-told");
  job->state = JOB_DONE;
  job->result.pid = pid;
  job->result.stage = stage;
  job->result.error = error;
  int rings = results.first == NOBODY;
  append(&results, slot);
  if (rings) {
    ssize_t written = write(common.event_fd, &one, sizeof one);
    (void)written;
  }
}

/* ---- one spawn, in a worker ---- */

static int make_cgroup(const char *path) {
  if (path == NULL) return -1;
  if (mkdir(path, 0755) != 0 && errno != EEXIST) return -errno;
  return 0;
}

/* Straight into the cgroup where the kernel can; the child moves itself where that does not work, and says why not. */
static int clone_with_cgroup(struct worker *worker, struct clone_request *clone) {
  const char *path = worker->plan.request->cgroup;
  if (path == NULL || !features_get()->into_cgroup) return clone_child(clone);
  clone->cgroup_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  worker->plan.in_cgroup = 1;
  int pid = clone->cgroup_fd < 0 ? -errno : clone_child(clone);
  if (clone->cgroup_fd >= 0) close(clone->cgroup_fd);
  clone->cgroup_fd = -1;
  worker->plan.in_cgroup = 0;
  return pid < 0 && pid != -EAGAIN && pid != -ENOMEM ? clone_child(clone) : pid;
}

static int make_child(struct worker *worker) {
  struct child_plan *plan = &worker->plan;
  struct clone_request clone = {
      .run = child_run,
      .argument = plan,
      .stack = worker->stack,
      .stack_bytes = CHILD_STACK_BYTES,
      .shares_table = plan->window > 0,
      .namespaces = plan->request->namespaces & ~(plan->is_user_late ? (uint32_t)CLONE_NEWUSER : 0u),
      .cgroup_fd = -1,
      .pid = (int32_t *)&common.ledger->work->pids[worker->slot],
  };
  int pid = clone_with_cgroup(worker, &clone);
  /* A change of user makes the memory it happens in unreadable for others (PR_SET_DUMPABLE of prctl(2)): that is ours. */
  if (common.is_dumpable && (plan->request->set & (SPAWN_SET_USER | SPAWN_SET_GROUP | SPAWN_SET_CAPABILITIES)))
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return pid;
}

static void make_plan(struct worker *worker, const struct spawn_request *request) {
  struct child_plan *plan = &worker->plan;
  plan->request = request;
  plan->slot = &common.ledger->work->slots[worker->slot];
  plan->in_cgroup = 0;
  plan->is_user_late = common.own_uid == 0 && (request->set & SPAWN_SET_USER) && request->uid != 0;
  plan->own_uid = common.own_uid;
  plan->own_gid = common.own_gid;
  plan->parent = common.parent;
  plan->set_oom = common.set_oom;
  plan->oom_score_adj = common.oom_score_adj;
  plan->nofile_soft = common.nofile_soft;
  plan->nofile_hard = common.nofile_hard;
  plan->dispositions = common.dispositions;
  plan->ignored = common.ledger->exits->ignored;
  plan->blocked = common.ledger->exits->blocked;
}

/* Process number, or -errno with the stage. */
static int start_child(struct worker *worker, const struct spawn_request *request, uint32_t *stage) {
  make_plan(worker, request);
  *stage = STAGE_DESCRIPTORS;
  if (request->version != SPAWN_REQUEST_VERSION) return -EPROTO;
  int result = window_fill(worker->part, &worker->plan, common.exe_fd);
  if (result < 0) return result;
  *stage = STAGE_CGROUP;
  if (request->cgroup != NULL && (result = make_cgroup(request->cgroup)) < 0) return result;
  *stage = request->namespaces & CLONE_NEWUSER ? STAGE_USER_NAMESPACE : STAGE_CLONE;
  if (request->namespaces & CLONE_NEWPID) *stage = STAGE_NAMESPACES;
  return make_child(worker);
}

/*
 * What the child left behind. Nothing tells an exec that succeeded from a death inside of it, so a child that got as far
 * as exec and was not cancelled counts as started; its exit follows.
 */
static void tell_end(struct worker *worker, int pid, uint32_t stage) {
  struct child_slot *child = &common.ledger->work->slots[worker->slot];
  int error = pid < 0 ? -pid : atomic_load(&child->error);
  if (pid >= 0) stage = atomic_load_explicit(&child->stage, memory_order_acquire);
  if (atomic_load(&worker->plan.cancelled)) stage = STAGE_TIME_LIMIT, error = ETIMEDOUT;
  else if (pid >= 0 && stage == STAGE_NONE && atomic_load(&worker->plan.progress) != CHILD_AT_EXEC)
    stage = STAGE_KILLED, error = EINTR;
  tell(worker->slot, pid < 0 ? 0 : pid, stage, stage == STAGE_NONE ? 0 : error);
}

/* ---- workers ---- */

static void take_job(struct worker *worker, uint32_t slot) {
  jobs[slot].state = JOB_ACTIVE;
  worker->slot = slot;
  worker->ticket = jobs[slot].result.ticket;
  worker->is_pending = 1;
  worker->was_busy = 0;
  atomic_store(&worker->plan.cancelled, 0);
  atomic_store(&worker->plan.progress, CHILD_NOT_BEGUN);
}

/* Takes a place that nobody filled, or ends. */
static int come_back(struct worker *worker) {
  worker->is_given_up = 0;
  blocked_count--;
  if (free_part_count == 0) return 0;
  worker->part = free_parts[--free_part_count];
  return 1;
}

static void run_job(struct worker *worker, struct spawn_request *request) {
  uint32_t stage;
  pthread_mutex_unlock(&lock);
  TEST_HOOK("spawn-begin");
  int pid = start_child(worker, request, &stage);
  TEST_HOOK("spawn-cloned");
  free(request);
  pthread_mutex_lock(&lock);
  worker->is_pending = 0;
  if (worker->is_given_up) return;
  if (worker->part != NULL) window_clear(worker->part);
  tell_end(worker, pid, stage);
}

static void *worker_main(void *argument) {
  struct worker *worker = argument;
  int stays = 1;
  pthread_mutex_lock(&lock);
  while (stays) {
    uint32_t slot = take_first(&queue);
    if (slot == NOBODY) {
      pthread_cond_wait(&work_waits, &lock);
      continue;
    }
    take_job(worker, slot);
    run_job(worker, jobs[slot].request);
    if (worker->part == NULL) stays = come_back(worker);
  }
  munmap(worker->stack - GUARD_BYTES, GUARD_BYTES + CHILD_STACK_BYTES);
  worker->in_use = 0;
  pthread_mutex_unlock(&lock);
  return NULL;
}

/* A stack for children, with a guard below it. */
static unsigned char *make_stack(void) {
  unsigned char *low = mmap(NULL, GUARD_BYTES + CHILD_STACK_BYTES, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (low == MAP_FAILED) return NULL;
  mprotect(low, GUARD_BYTES, PROT_NONE);
  return low + GUARD_BYTES;
}

static int start_thread(struct worker *worker) {
  pthread_attr_t attributes;
  pthread_t thread;
  sigset_t all, before;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, THREAD_STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int result = pthread_create(&thread, &attributes, worker_main, worker);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attributes);
  return -result;
}

/* Takes a free part of the window for a new thread. 0 or -errno. */
static int add_worker(void) {
  struct worker *worker = workers;
  while (worker < workers + WORKERS_MAX && worker->in_use) worker++;
  if (worker == workers + WORKERS_MAX || free_part_count == 0) return -EAGAIN;
  memset(worker, 0, sizeof *worker);
  worker->stack = make_stack();
  if (worker->stack == NULL) return -ENOMEM;
  worker->part = free_parts[free_part_count - 1];
  worker->in_use = 1;
  int result = start_thread(worker);
  if (result == 0) {
    free_part_count--;
  } else {
    worker->in_use = 0;
    munmap(worker->stack - GUARD_BYTES, GUARD_BYTES + CHILD_STACK_BYTES);
  }
  return result;
}

/* ---- for the manager's main thread ---- */

/* What init was started with is what every child goes back to. */
static void read_limits(void) {
  const struct exits_part *exits = common.ledger->exits;
  struct rlimit limit;
  char text[16] = "";
  common.oom_score_adj = exits->oom_score_adj;
  common.nofile_soft = exits->nofile_soft;
  int fd = open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC);
  if (fd >= 0) {
    ssize_t got = read(fd, text, sizeof text - 1);
    close(fd);
    common.set_oom = got > 0 && atoi(text) != common.oom_score_adj;
  }
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || common.nofile_soft == 0) return;
  common.nofile_hard = limit.rlim_max;
  if (common.nofile_soft > limit.rlim_max) common.nofile_soft = limit.rlim_max;
}

/* Those of libc's own (32 to 34), which it does not let us see, may be handled at any time. */
static uint64_t changed_dispositions(void) {
  uint64_t changed = UINT64_C(7) << 31;
  for (int number = 1; number <= 64; number++) {
    struct sigaction action;
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL) changed |= UINT64_C(1) << (number - 1);
  }
  return changed;
}

int spawn_begin(struct ledger *ledger, int exe_fd) {
  int result = 0;
  common.ledger = ledger;
  common.exe_fd = exe_fd;
  common.parent = getppid();
  common.own_uid = geteuid();
  common.own_gid = getegid();
  common.is_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
  common.event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (common.event_fd < 0) return -errno;
  common.dispositions = changed_dispositions();
  features_get();
  read_limits();
  window_begin(parts, WORKERS);
  pthread_mutex_lock(&lock);
  for (int i = 0; i < WORKERS; i++) free_parts[free_part_count++] = &parts[i];
  for (int i = 0; i < WORKERS && result == 0; i++) result = add_worker();
  pthread_mutex_unlock(&lock);
  return result;
}

int spawn_submit(struct spawn_request *request) {
  uint32_t slot = request->slot;
  int result = slot < LIMIT_CHILD_SLOTS ? 0 : -EINVAL;
  pthread_mutex_lock(&lock);
  if (blocked_count >= LIMIT_BLOCKED_SPAWNS) result = -EAGAIN;
  if (result == 0 && jobs[slot].state != JOB_IDLE) result = -EBUSY;
  if (result == 0) {
    jobs[slot].state = JOB_QUEUED;
    jobs[slot].request = request;
    jobs[slot].result = (struct spawn_result){.slot = slot, .ticket = request->ticket};
    append(&queue, slot);
    pthread_cond_signal(&work_waits);
  }
  pthread_mutex_unlock(&lock);
  if (result < 0) free(request);
  return result;
}

/* Its child needs the copies in the window no more: another thread can use them. */
static void leave_place(struct worker *worker) {
  if (worker->part == NULL) return;
  window_clear(worker->part);
  free_parts[free_part_count++] = worker->part;
  worker->part = NULL;
  blocked_count++;
  if (blocked_count < LIMIT_BLOCKED_SPAWNS) add_worker();
}

/*
 * After SIGKILL the child runs no more code, so its copies in the window can be taken away. Without a process number the child has not run yet: it finds `cancelled` set when it does, because the kernel
 * stores the number first.
 */
static void give_up(struct worker *worker) {
  atomic_store(&worker->plan.cancelled, 1);
  int pid = slots_pid(common.ledger, worker->slot, worker->ticket);
  if (pid <= 0) return;
  if (slots_signal(common.ledger, worker->slot, worker->ticket, SIGKILL, SIGNAL_SCOPE_PROCESS) == -ENOSYS)
    kill(pid, SIGKILL);
  worker->is_given_up = 1;
  tell(worker->slot, pid, STAGE_TIME_LIMIT, ETIMEDOUT);
  leave_place(worker);
}

static int cancel_queued(uint64_t ticket) {
  for (uint32_t slot = queue.first; slot != NOBODY; slot = jobs[slot].next) {
    if (jobs[slot].result.ticket != ticket) continue;
    take_out(&queue, slot);
    free(jobs[slot].request);
    tell(slot, 0, STAGE_TIME_LIMIT, ETIMEDOUT);
    return 1;
  }
  return 0;
}

void spawn_cancel(uint64_t ticket) {
  pthread_mutex_lock(&lock);
  if (!cancel_queued(ticket))
    for (int i = 0; i < WORKERS_MAX; i++)
      if (workers[i].in_use && workers[i].is_pending && !workers[i].is_given_up && workers[i].ticket == ticket)
        give_up(&workers[i]);
  pthread_mutex_unlock(&lock);
}

/* A child that has a table of its own needs nothing of the window. */
static void relieve(struct worker *worker) {
  if (!worker->in_use || !worker->is_pending || worker->part == NULL) return;
  if (worker->was_busy && atomic_load(&worker->plan.progress) != CHILD_NOT_BEGUN) leave_place(worker);
  worker->was_busy = 1;
}

int spawn_relieve(void) {
  pthread_mutex_lock(&lock);
  for (int i = 0; i < WORKERS_MAX && queue.first != NOBODY && blocked_count + 1 < LIMIT_BLOCKED_SPAWNS; i++)
    relieve(&workers[i]);
  int waits = queue.first != NOBODY;
  pthread_mutex_unlock(&lock);
  return waits;
}

int spawn_event_fd(void) { return common.event_fd; }

int spawn_next(struct spawn_result *result) {
  uint64_t count;
  pthread_mutex_lock(&lock);
  uint32_t slot = take_first(&results);
  if (slot != NOBODY) {
    *result = jobs[slot].result;
    jobs[slot].state = JOB_IDLE;
  } else {
    ssize_t got = read(common.event_fd, &count, sizeof count);
    (void)got;
  }
  pthread_mutex_unlock(&lock);
  return slot != NOBODY;
}
