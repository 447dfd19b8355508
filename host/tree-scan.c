/* Which processes belong to which start, seen from /proc; the model stands in tree-scan.h. */
#include "tree-scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "features.h"
#include "raw-call.h"
#include "tree-marks.h"

#define EXITING 4u /* PF_EXITING of the kernel's sched.h: it has lost its memory, but not yet its children */
#define PROCESSES_MAX 65536u
#define CHILDREN_TRIES 6
#define DIRECTORY_TRIES 4
#define KEPT_BYTES (64 * 1024) /* what a large scan used beyond this is given back */

/* ---- slots by process number ---- */

#define BUCKETS (2 * LIMIT_CHILD_SLOTS)

static struct {
  int32_t pid;
  int32_t slot;
} buckets[BUCKETS];

static uint32_t bucket_of(int32_t pid) {
  uint32_t at = ((uint32_t)pid * 2654435761u) % BUCKETS;
  while (buckets[at].pid != 0 && buckets[at].pid != pid) at = (at + 1) % BUCKETS;
  return at;
}

static void list_slots(const struct ledger *ledger) {
  memset(buckets, 0, sizeof buckets);
  for (int32_t slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    if (atomic_load_explicit(&ledger->work->pids[slot], memory_order_relaxed) <= 0) continue;
    const struct child_slot *child = &ledger->work->slots[slot];
    /* What a service named itself is found as all else that its program left: by its mark. So is a program of
     * `gonit exec`, which belongs to its service's tree. */
    if ((child->flags & SLOT_NAMED) || child->kind == PROCESS_KIND_EXEC_SESSION) continue;
    int pid = slots_pid(ledger, (uint32_t)slot, atomic_load(&child->ticket));
    if (pid <= 0) continue;
    uint32_t at = bucket_of(pid);
    buckets[at].pid = pid;
    buckets[at].slot = slot;
  }
}

/* What a child of init is. */
static int32_t root_of(const struct ledger *ledger, int32_t pid) {
  const struct exits_part *exits = ledger->exits;
  if (pid == atomic_load(&exits->manager.pid) || pid == atomic_load(&exits->logger.pid)) return SCAN_ROOT_OTHER;
  if (pid == getpid()) return SCAN_ROOT_OTHER;
  uint32_t at = bucket_of(pid);
  return buckets[at].pid == pid ? buckets[at].slot : SCAN_ROOT_ORPHAN;
}

/* ---- one process ---- */

/* Whole small file, NUL at its end. Bytes or -errno. */
static int read_small(const char *path, char *text, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  ssize_t got = read(fd, text, size - 1);
  int error = errno;
  close(fd);
  if (got < 0) return -error;
  text[got] = '\0';
  return (int)got;
}

/* Fields of stat count from behind the name, which may hold anything (proc(5)): state is the 3rd of all, then parent
 * and group; flags are the 9th, threads the 20th and the start time the 22nd. */
static int read_process(int32_t pid, struct scan_process *process) {
  char path[40], text[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int result = read_small(path, text, sizeof text);
  char *at = result > 0 ? strrchr(text, ')') : NULL;
  if (at == NULL) return result < 0 ? result : -ESRCH;
  unsigned long long start;
  int parent, group, threads;
  unsigned flags;
  char state;
  if (sscanf(at + 1, " %c %d %d %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %d %*s %llu", &state, &parent,
             &group, &flags, &threads, &start) != 6)
    return -EPROTO;
  *process = (struct scan_process){.pid = pid, .parent = parent, .group = group, .threads = threads, .state = state,
                                   .start = start, .parent_at = -1, .marks_at = -1, .root = SCAN_ROOT_OTHER};
  process->is_exiting = (flags & EXITING) != 0;
  return 0;
}

/* A leader that ended its own thread shows Z while others go on. */
int scan_is_dead(const struct scan_process *process) {
  return (process->state == 'Z' || process->state == 'X' || process->state == 'x') && process->threads <= 1;
}

int scan_is_stopped(const struct scan_process *process) { return process->state == 'T' || process->state == 't'; }

static void count_dead(struct scan *scan, const struct scan_process *process) {
  if (scan_is_dead(process) || process->is_exiting) scan->dead += (uint64_t)(uint32_t)process->pid * 2654435761u + process->start + 1;
}

/* Index of the new entry, or -1. */
static int32_t add_process(struct scan *scan, int32_t pid) {
  if (scan->count == PROCESSES_MAX) {
    scan->is_cut = 1;
    return -1;
  }
  struct scan_process *process = &scan->list[scan->count];
  if (read_process(pid, process) < 0) {
    scan->gone++;
    return -1;
  }
  count_dead(scan, process);
  return (int32_t)scan->count++;
}

/* ---- by children ---- */

struct children {
  struct scan *scan;
  const int32_t *slots;
  uint32_t slot_count;
  int32_t parent_at; /* -1: init */
};

static int is_asked_for(const struct children *children, int32_t slot) {
  for (uint32_t i = 0; i < children->slot_count; i++)
    if (children->slots[i] == slot) return 1;
  return 0;
}

static void add_child(const struct children *children, int32_t pid) {
  struct scan *scan = children->scan;
  int32_t root = children->parent_at >= 0 ? scan->list[children->parent_at].root : root_of(scan->ledger, pid);
  if (root == SCAN_ROOT_OTHER || (root >= 0 && !is_asked_for(children, root))) return;
  int32_t at = add_process(scan, pid);
  if (at < 0) return;
  scan->list[at].root = root;
  scan->list[at].parent_at = children->parent_at;
}

/* Numbers with a space behind each; a block may end within one. */
static int read_children_file(const struct children *children, int32_t pid, int32_t thread) {
  char path[64], block[4096];
  int32_t number = 0;
  ssize_t got;
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, thread);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  while ((got = read(fd, block, sizeof block)) > 0) {
    for (ssize_t i = 0; i < got; i++) {
      if (block[i] >= '0' && block[i] <= '9') {
        number = number * 10 + (block[i] - '0');
      } else if (number > 0) {
        add_child(children, number);
        number = 0;
      }
    }
  }
  close(fd);
  return got < 0 ? -errno : 0;
}

/* Children belong to the thread that made them. */
static void add_children(struct children *children, int32_t at) {
  struct scan *scan = children->scan;
  struct scan_process *process = &scan->list[at];
  char path[40];
  children->parent_at = at;
  if (scan_is_dead(process)) return;
  if (process->threads <= 1) {
    if (read_children_file(children, process->pid, process->pid) < 0) scan->gone++;
    return;
  }
  snprintf(path, sizeof path, "/proc/%d/task", process->pid);
  DIR *directory = opendir(path);
  if (directory == NULL) scan->gone++;
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
    if (entry->d_name[0] != '.') read_children_file(children, process->pid, atoi(entry->d_name));
  if (directory != NULL) closedir(directory);
}

static void forget_all(struct scan *scan) {
  scan->count = 0;
  scan->is_cut = 0;
  scan->arena_used = 0;
  scan->dead_before = scan->dead;
  scan->dead = 0;
  scan->gone = 0;
}

/* What init has reaped; while it stands still, its list of children is not read past an entry that went away. */
static uint64_t reaped(const struct ledger *ledger) {
  return atomic_load(&ledger->exits->sequence) + atomic_load(&ledger->exits->orphans);
}

/* 1: it can be relied on, 0: try again, or -errno. */
static int take_by_children(struct scan *scan, const int32_t *slots, uint32_t slot_count) {
  struct children children = {scan, slots, slot_count, -1};
  int32_t init = scan->ledger->exits->init_pid;
  uint64_t before = reaped(scan->ledger);
  forget_all(scan);
  list_slots(scan->ledger);
  int result = read_children_file(&children, init, init);
  if (result < 0) return result;
  int is_whole = reaped(scan->ledger) == before;
  for (uint32_t at = 0; at < scan->count; at++) add_children(&children, (int32_t)at);
  return is_whole && scan->gone == 0 && (scan->dead == 0 || scan->dead == scan->dead_before);
}

/* ---- by directory ---- */

/* The kernel lists processes in the order of their numbers. */
static int32_t find_process(const struct scan *scan, int32_t pid) {
  uint32_t low = 0, high = scan->count;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (scan->list[middle].pid < pid) low = middle + 1;
    else high = middle;
  }
  return low < scan->count && scan->list[low].pid == pid ? (int32_t)low : -1;
}

static int by_number(const void *a, const void *b) {
  const struct scan_process *one = a, *other = b;
  return (one->pid > other->pid) - (one->pid < other->pid);
}

/*
 * Up to the child of init. A chain that breaks off, because a parent ended while we looked, may be one of ours: such a
 * process counts as an orphan, which is only chosen by its mark or its group. Chains are short; a circle can come from
 * numbers that were used again while we looked.
 */
static int32_t climb(const struct scan *scan, int32_t at) {
  int32_t init = scan->ledger->exits->init_pid;
  for (uint32_t steps = 0; steps < scan->count; steps++) {
    const struct scan_process *process = &scan->list[at];
    if (process->parent == init) return root_of(scan->ledger, process->pid);
    if (process->parent == 0 || process->pid == init || process->parent == getpid()) return SCAN_ROOT_OTHER;
    if (process->parent_at < 0 || scan_is_dead(&scan->list[process->parent_at])) return SCAN_ROOT_ORPHAN;
    at = process->parent_at;
  }
  return SCAN_ROOT_OTHER;
}

/* The number that was given out last: the fifth field of loadavg (proc(5)). */
static int newest_number(void) {
  char text[128];
  int number;
  if (read_small("/proc/loadavg", text, sizeof text) <= 0) return 0;
  return sscanf(text, "%*s %*s %*s %*s %d", &number) == 1 ? number : 0;
}

/* The kernel goes through the numbers upwards, and so do new processes: whoever is made meanwhile is met later on, unless
 * the numbers began anew at the bottom. */
static int take_by_directory(struct scan *scan) {
  DIR *directory = opendir("/proc");
  if (directory == NULL) return -errno;
  int newest = newest_number();
  forget_all(scan);
  list_slots(scan->ledger);
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') add_process(scan, atoi(entry->d_name));
  closedir(directory);
  if (scan->count == 0) return -ENOENT;
  if (newest_number() < newest) scan->gone++;
  qsort(scan->list, scan->count, sizeof *scan->list, by_number);
  for (uint32_t at = 0; at < scan->count; at++) scan->list[at].parent_at = find_process(scan, scan->list[at].parent);
  for (uint32_t at = 0; at < scan->count; at++) scan->list[at].root = climb(scan, (int32_t)at);
  return scan->gone == 0 && scan->dead == scan->dead_before;
}

/* ---- together ---- */

int scan_begin(struct scan *scan, const struct ledger *ledger) {
  memset(scan, 0, sizeof *scan);
  scan->ledger = ledger;
  size_t bytes = PROCESSES_MAX * sizeof *scan->list;
  void *list = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  scan->list = list == MAP_FAILED ? NULL : list;
  if (scan->list == NULL) return -ENOMEM;
  scan->arena = marks_arena();
  return scan->arena == NULL ? -ENOMEM : 0;
}

static void give_back(struct scan *scan) {
  if (scan->count * sizeof *scan->list > KEPT_BYTES)
    madvise((char *)scan->list + KEPT_BYTES, PROCESSES_MAX * sizeof *scan->list - KEPT_BYTES, MADV_DONTNEED);
}

int scan_take(struct scan *scan, const int32_t *slots, uint32_t slot_count) {
  int result = 0;
  give_back(scan);
  scan->dead = 0;
  int by_children = slots != NULL && features_get()->children_file;
  for (int tries = 0; tries < CHILDREN_TRIES && result == 0 && by_children; tries++)
    result = take_by_children(scan, slots, slot_count);
  if (result < 0) result = 0;
  for (int tries = 0; tries < DIRECTORY_TRIES && result == 0; tries++) result = take_by_directory(scan);
  scan->is_settled = result > 0;
  return result < 0 ? result : 0;
}

static int is_chosen_by_itself(struct scan *scan, struct scan_process *process, const struct tree_request *request,
                               int leader, int group_is_ours) {
  if (process->root == request->slot && request->slot >= 0) return leader;
  if (process->root != SCAN_ROOT_ORPHAN) return 0;
  int marked = marks_match(scan, process, request);
  if (marked != 0) return marked > 0;
  return group_is_ours && process->group == request->pid;
}

/*
 * The number of a group is free for others once its leader was reaped and its members are gone. So it names our group
 * only while the leader lives, or while no other process has the leader's number.
 */
static int group_is_ours(struct scan *scan, const struct tree_request *request, int leader) {
  if (request->pid <= 0 || leader) return request->pid > 0;
  if (buckets[bucket_of(request->pid)].pid == request->pid) return 0;
  for (uint32_t at = 0; at < scan->count; at++)
    if (scan->list[at].pid == request->pid) return marks_match(scan, &scan->list[at], request) > 0;
  return 1;
}

uint32_t scan_choose(struct scan *scan, const struct tree_request *request) {
  int leader = request->slot >= 0 && slots_pid(scan->ledger, (uint32_t)request->slot, request->of) > 0;
  int group = group_is_ours(scan, request, leader);
  uint32_t alive = 0;
  int grows = 1;
  for (uint32_t at = 0; at < scan->count; at++)
    scan->list[at].is_chosen = (uint8_t)is_chosen_by_itself(scan, &scan->list[at], request, leader, group);
  while (grows) { /* parents usually stand before their children: two rounds */
    grows = 0;
    for (uint32_t at = 0; at < scan->count; at++) {
      struct scan_process *process = &scan->list[at];
      if (process->is_chosen || process->parent_at < 0 || process->root != SCAN_ROOT_ORPHAN) continue;
      if (!scan->list[process->parent_at].is_chosen || marks_match(scan, process, request) < 0) continue;
      process->is_chosen = grows = 1;
    }
  }
  for (uint32_t at = 0; at < scan->count; at++) {
    if (scan->list[at].is_chosen && scan_is_dead(&scan->list[at])) scan->list[at].is_chosen = 0;
    alive += scan->list[at].is_chosen;
  }
  return alive;
}

static int look_again(const struct scan_process *process, struct scan_process *now) {
  return read_process(process->pid, now) == 0 && now->start == process->start && !scan_is_dead(now);
}

int scan_has_left(const struct scan_process *process) {
  struct scan_process now;
  return !look_again(process, &now) || now.is_exiting;
}

static int is_alive(const struct scan_process *process) {
  struct scan_process now;
  return look_again(process, &now);
}

int scan_signal(const struct scan_process *process, int signal) {
  if (!features_get()->pidfd) {
    if (!is_alive(process)) return 0;
    return kill(process->pid, signal) == 0 ? 1 : errno == ESRCH ? 0 : -errno;
  }
  int fd = (int)raw_call(SYS_pidfd_open, process->pid, 0);
  if (fd < 0) return fd == -ESRCH ? 0 : fd;
  int result = is_alive(process) ? (int)raw_call(SYS_pidfd_send_signal, fd, signal, 0, 0) : -ESRCH;
  close(fd);
  return result == 0 ? 1 : result == -ESRCH ? 0 : result;
}
