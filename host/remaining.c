/*
 * Processes that are left at the end. Process 1 reaches all others of its namespace with one call, which no fork can
 * outrun; a subreaper knows its children, by the kernel's list (CONFIG_PROC_CHILDREN) or else by their slots, and the
 * children of those become its own when they die.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"
#include "report.h"

#define TOLD_MAX 8

struct visit {
  int signal; /* 0: only count */
  int count;
  int told;
  pid_t pids[TOLD_MAX];
};

static int is_own(pid_t pid) {
  if (pid == init->manager.pid || pid == init->logger.pid || pid == init->shutdown.sync_pid) return 1;
  for (int i = 0; i < STRANGERS_MAX; i++) {
    if (init->strangers[i] == pid) return 1;
  }
  return 0;
}

/* The process, and its group where it leads one: then nobody else can have that number. */
static void visit_one(struct visit *visit, pid_t pid) {
  if (pid <= 1 || is_own(pid)) return;
  if (visit->told < TOLD_MAX) visit->pids[visit->told++] = pid;
  visit->count++;
  if (visit->signal == 0) return;
  if (getpgid(pid) == pid) kill(-pid, visit->signal);
  else kill(pid, visit->signal);
}

/* Calls back for each number of the list. 0, or -errno: there is no such list here. */
static int each_child(struct visit *visit, void (*call)(struct visit *visit, pid_t pid)) {
  char text[1024];
  long number = 0;
  ssize_t got;
  snprintf(text, sizeof text, "/proc/self/task/%d/children", (int)getpid());
  int fd = open(text, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  while ((got = read(fd, text, sizeof text)) > 0) {
    for (ssize_t i = 0; i < got; i++) {
      int is_digit = text[i] >= '0' && text[i] <= '9';
      if (!is_digit && number > 0) call(visit, (pid_t)number);
      number = is_digit ? number * 10 + text[i] - '0' : 0;
    }
  }
  close(fd);
  return got < 0 ? -errno : 0;
}

/* Numbers of the slots, each looked at before it is trusted. */
static void each_slot(struct visit *visit) {
  siginfo_t info;
  for (int slot = 0; slot < LIMIT_CHILD_SLOTS; slot++) {
    pid_t pid = atomic_load(&init_ledger.work->pids[slot]);
    info.si_pid = 0;
    if (pid <= 1 || waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0) continue;
    if (info.si_pid == 0) visit_one(visit, pid);
  }
}

static int has_no_child(void) {
  siginfo_t info;
  return waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

void remaining_signal(int signal) {
  struct visit visit = {.signal = signal};
  if (getpid() == 1) kill(-1, signal);
  else if (each_child(&visit, visit_one) < 0) each_slot(&visit);
}

int remaining_count(void) {
  struct visit visit = {0};
  if (has_no_child()) return 0;
  if (each_child(&visit, visit_one) == 0) return visit.count;
  if (getpid() == 1) return -1;
  each_slot(&visit);
  return visit.count > 0 ? visit.count : -1;
}

void remaining_report(void) {
  struct visit visit = {0};
  char pids[TOLD_MAX * 12] = "";
  int used = 0;
  if (each_child(&visit, visit_one) < 0 || visit.count == 0) return;
  for (int i = 0; i < visit.told; i++)
    used += snprintf(pids + used, sizeof pids - (size_t)used, "%s%d", i > 0 ? "," : "", (int)visit.pids[i]);
  report("error", "Some processes cannot be killed and are left behind",
         REPORT_FIELDS({"count", NULL, visit.count}, {"pids", pids, 0}));
}

static void note_stranger(struct visit *visit, pid_t pid) {
  if (visit->count < STRANGERS_MAX) init->strangers[visit->count++] = pid;
}

/* `sh -c 'other & exec gonit up'` leaves us a child that is none of ours. */
void remaining_note_strangers(void) {
  struct visit visit = {0};
  if (getpid() != 1 && !has_no_child()) each_child(&visit, note_stranger);
}
