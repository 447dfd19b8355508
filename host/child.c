/* What happens between clone and exec; the rules stand in child.h. Functions return 0 or -errno. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "child-steps.h"
#include "raw-call.h"

#define SIGNALS 64
#define CLOSE_RANGE_UNSHARE_FLAG 2u

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

#ifdef SYS_fcntl64
#define CALL_FCNTL SYS_fcntl64
#else
#define CALL_FCNTL SYS_fcntl
#endif

/* ---- descriptors ---- */

/* Copies only the low window of the manager's table, however large that is (close_range(2), CLOSE_RANGE_UNSHARE). */
static int own_table(struct child_plan *plan) {
  long result = 0;
  if (plan->window > 0) result = raw_call(SYS_close_range, plan->window, ~0u, CLOSE_RANGE_UNSHARE_FLAG);
  if (result == 0) atomic_store(&plan->progress, CHILD_OWN_TABLE);
  return (int)result;
}

static int is_target(const struct child_plan *plan, int number) {
  for (uint32_t i = 0; i < plan->move_count; i++)
    if (plan->moves[i].child == number) return 1;
  return 0;
}

static int highest_target(const struct child_plan *plan) {
  int highest = plan->window;
  for (uint32_t i = 0; i < plan->move_count; i++)
    if (plan->moves[i].child > highest) highest = plan->moves[i].child;
  return highest;
}

/* dup3(2) refuses equal numbers, where only close-on-exec has to go. */
static int place(int from, int number) {
  if (from == number) return (int)raw_call(CALL_FCNTL, from, F_SETFD, 0);
  long result = raw_call(SYS_dup3, from, number, 0);
  return result < 0 ? (int)result : 0;
}

/* What stands on a number that something else is to get goes above all of them first, so no order can go wrong. */
static int place_descriptors(struct child_plan *plan) {
  int above = highest_target(plan) + 1;
  for (uint32_t i = 0; i < plan->move_count; i++) {
    struct child_move *move = &plan->moves[i];
    if (move->from < 0 || !is_target(plan, move->from)) continue;
    long copy = raw_call(CALL_FCNTL, move->from, F_DUPFD_CLOEXEC, above);
    if (copy < 0) return (int)copy;
    move->from = (int32_t)copy;
  }
  for (uint32_t i = 0; i < plan->move_count; i++) {
    const struct child_move *move = &plan->moves[i];
    if (move->from < 0 || move->child < 0) continue;
    int result = place(move->from, move->child);
    if (result < 0) return result;
  }
  return 0;
}

static int is_needed(const struct child_plan *plan, int number) {
  for (uint32_t i = 0; i < plan->move_count; i++)
    if (plan->moves[i].child == number || (plan->moves[i].child < 0 && plan->moves[i].from == number)) return 1;
  return 0;
}

/* The window holds what the other thread puts there for its child, such as the end of a pipe. It would be closed at exec,
 * but a child that blocks before that must not keep another service's pipe open. */
static int close_others(struct child_plan *plan) {
  int first = 3;
  for (int number = 3; number <= plan->window; number++) {
    if (number < plan->window && !is_needed(plan, number)) continue;
    if (first < number) raw_call(SYS_close_range, first, number - 1, 0);
    first = number + 1;
  }
  return 0;
}

/* ---- group of processes, session, terminal ---- */

static long write_text(int directory, const char *path, const char *text, size_t length) {
  long fd = raw_call(SYS_openat, directory, path, O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0) return fd;
  long result = raw_call(SYS_write, fd, text, length);
  raw_call(SYS_close, fd);
  return result < 0 ? result : 0;
}

static int join_cgroup(struct child_plan *plan) {
  const char *path = plan->request->cgroup;
  if (path == NULL || plan->in_cgroup) return 0;
  long directory = raw_call(SYS_openat, AT_FDCWD, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
  if (directory < 0) return (int)directory;
  long result = write_text((int)directory, "cgroup.procs", "0", 1);
  raw_call(SYS_close, directory);
  return (int)result;
}

static int new_session(struct child_plan *plan) {
  plan->old_group = (int)raw_call(SYS_getpgid, 0);
  if (plan->request->set & SPAWN_KEEP_SESSION) return (int)raw_call(SYS_setpgid, 0, 0);
  long result = raw_call(SYS_setsid);
  return result < 0 ? (int)result : 0;
}

/* A serial line without carrier would block a plain open for ever. */
static int open_terminal(const char *path) {
  long fd = raw_call(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  if (fd < 0) return (int)fd;
  long flags = raw_call(CALL_FCNTL, fd, F_GETFL);
  long result = flags < 0 ? flags : raw_call(CALL_FCNTL, fd, F_SETFL, flags & ~(long)O_NONBLOCK);
  return result < 0 ? (int)result : (int)fd;
}

/* In a new session it becomes the controlling terminal. In a kept one our group goes to its foreground, when gonit's
 * is there: a job in the background takes the terminal from nobody, and another session's cannot be taken. All signals
 * are blocked, so TIOCSPGRP from the background stops nobody (tcsetpgrp(3)). */
static int take_terminal(const struct child_plan *plan, int fd) {
  if (!(plan->request->set & SPAWN_KEEP_SESSION)) return (int)raw_call(SYS_ioctl, fd, TIOCSCTTY, 0);
  int group = (int)raw_call(SYS_getpid), foreground;
  if (raw_call(SYS_ioctl, fd, TIOCGPGRP, &foreground) < 0) return 0;
  if (foreground != plan->old_group) return 0;
  return (int)raw_call(SYS_ioctl, fd, TIOCSPGRP, &group);
}

static int set_terminal(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  int fd = -1, result;
  if (plan->terminal >= 0) fd = plan->moves[plan->terminal].from;
  if (request->terminal != NULL) fd = open_terminal(request->terminal);
  if (request->terminal != NULL && fd < 0) return fd;
  if (fd < 0) return 0;
  result = take_terminal(plan, fd);
  /* So that the user's programs can open it by its name (/dev/pts is root's); where that cannot be, they do without. */
  if (result == 0 && (request->set & (SPAWN_SET_USER | SPAWN_KEEP_SESSION)) == SPAWN_SET_USER)
    raw_call(SYS_fchown, fd, request->uid, -1);
  for (uint32_t i = 0; i < request->descriptor_count && result == 0; i++)
    if (request->descriptors[i].ours == SPAWN_FROM_TERMINAL) result = place(fd, request->descriptors[i].child);
  return result;
}

/* ---- limits and the like ---- */

static size_t write_number(char *text, int32_t number) {
  char digits[12];
  size_t count = 0, length = 0;
  uint32_t rest = number < 0 ? 0u - (uint32_t)number : (uint32_t)number;
  do digits[count++] = (char)('0' + rest % 10);
  while ((rest /= 10) != 0);
  if (number < 0) text[length++] = '-';
  while (count > 0) text[length++] = digits[--count];
  return length;
}

/* Done before the root changes, because /proc may be gone there. With CLONE_VFORK the value is the child's alone. A
 * value that only has to go back where it was is no reason to fail. */
static int set_oom_score(struct child_plan *plan) {
  int asked = (plan->request->set & SPAWN_SET_OOM) != 0;
  char text[16];
  if (!asked && !plan->set_oom) return 0;
  size_t length = write_number(text, asked ? plan->request->oom_score_adj : plan->oom_score_adj);
  long result = write_text(AT_FDCWD, "/proc/self/oom_score_adj", text, length);
  return asked ? (int)result : 0;
}

static int set_limit(int resource, uint64_t soft, uint64_t hard) {
  uint64_t pair[2] = {soft, hard}; /* struct rlimit64 of prlimit(2) */
  return (int)raw_call(SYS_prlimit64, 0, resource, pair, 0);
}

static int set_limits(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  int result = 0, named = 0;
  for (uint32_t i = 0; i < request->rlimit_count && result == 0; i++) {
    const struct spawn_rlimit *limit = &request->rlimits[i];
    if (limit->resource == RLIMIT_NOFILE) named = 1;
    result = set_limit(limit->resource, limit->soft, limit->hard);
  }
  if (result == 0 && !named && plan->nofile_hard != 0)
    result = set_limit(RLIMIT_NOFILE, plan->nofile_soft, plan->nofile_hard);
  return result;
}

static int set_nice(struct child_plan *plan) {
  if (!(plan->request->set & SPAWN_SET_NICE)) return 0;
  return (int)raw_call(SYS_setpriority, PRIO_PROCESS, 0, plan->request->nice);
}

static int set_umask(struct child_plan *plan) {
  if (plan->request->set & SPAWN_SET_UMASK) raw_call(SYS_umask, plan->request->umask);
  return 0;
}

/* ---- who it is and what it may do ---- */

static int changes_identity(const struct spawn_request *request) {
  if ((request->set & SPAWN_SET_USER) && raw_call(CALL_GETUID) != (long)request->uid) return 1;
  return (request->set & SPAWN_SET_GROUP) && raw_call(CALL_GETGID) != (long)request->gid;
}

/* Who may not change groups but stays who he is keeps those he has: no more than the manager's own. A new user without
 * a list of groups must not keep the manager's. */
static int set_groups(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  uint32_t count = request->set & SPAWN_SET_GROUPS ? request->group_count : 0;
  if (!(request->set & (SPAWN_SET_GROUPS | SPAWN_SET_USER))) return 0;
  if (!(request->set & SPAWN_SET_GROUPS) && !changes_identity(request)) return 0;
  long result = raw_call(CALL_SETGROUPS, count, request->groups);
  return result == -EPERM && !changes_identity(request) ? 0 : (int)result;
}

static int set_user(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  long result = 0;
  if (request->set & SPAWN_SET_GROUP) result = raw_call(CALL_SETRESGID, request->gid, request->gid, request->gid);
  if (result < 0 || !(request->set & SPAWN_SET_USER)) return (int)result;
  if (request->set & SPAWN_SET_CAPABILITIES) result = raw_call(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0);
  if (result == 0) result = raw_call(CALL_SETRESUID, request->uid, request->uid, request->uid);
  return (int)result;
}

/* Before the user changes, because it needs CAP_SETPCAP. Numbers behind the last capability give EINVAL. */
static int drop_bounding(struct child_plan *plan) {
  if (!(plan->request->set & SPAWN_SET_CAPABILITIES)) return 0;
  for (int bit = 0; bit < 64; bit++) {
    if (plan->request->capabilities >> bit & 1) continue;
    long present = raw_call(SYS_prctl, PR_CAPBSET_READ, bit, 0, 0, 0);
    if (present < 0) break;
    long result = present ? raw_call(SYS_prctl, PR_CAPBSET_DROP, bit, 0, 0, 0) : 0;
    if (result < 0) return (int)result;
  }
  return 0;
}

/* Ambient, so that a program of an ordinary user has them after exec (capabilities(7)). */
static int set_capabilities(struct child_plan *plan) {
  if (!(plan->request->set & SPAWN_SET_CAPABILITIES)) return 0;
  uint64_t wanted = plan->request->capabilities;
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  for (int i = 0; i < 2; i++)
    data[i].effective = data[i].permitted = data[i].inheritable = (uint32_t)(wanted >> (32 * i));
  long result = raw_call(SYS_capset, &header, data);
  for (int bit = 0; bit < 64 && result == 0; bit++)
    if (wanted >> bit & 1) result = raw_call(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, bit, 0, 0);
  return (int)result;
}

static int forbid_privileges(struct child_plan *plan) {
  if (!(plan->request->set & SPAWN_NO_NEW_PRIVILEGES)) return 0;
  return (int)raw_call(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Last of all before exec: a filter is written for the program, which need not be allowed what we still have to do. */
static int set_seccomp(struct child_plan *plan) {
  if (plan->request->seccomp_count == 0) return 0;
  struct sock_fprog program = {plan->request->seccomp_count, (struct sock_filter *)(uintptr_t)plan->request->seccomp};
  return (int)raw_call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
}

static int change_directory(struct child_plan *plan) {
  if (plan->request->directory == NULL) return 0;
  return (int)raw_call(SYS_chdir, plan->request->directory);
}

/* Without O_NONBLOCK, as a shell's `<` does it: a FIFO is waited for until somebody writes to it. */
static int open_input(struct child_plan *plan) {
  if (plan->request->input == NULL) return 0;
  long fd = raw_call(SYS_openat, AT_FDCWD, plan->request->input, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
  return fd < 0 ? (int)fd : place((int)fd, 0);
}

/* ---- signals, and what comes last ---- */

/* exec(2) keeps SIG_IGN, and a handler must not run once signals are let in. The kernel's struct sigaction is smaller
 * than this on every machine. */
static void set_dispositions(uint64_t changed, uint64_t ignored) {
  long action[16];
  for (int i = 0; i < 16; i++) action[i] = 0;
  for (int number = 1; number <= SIGNALS; number++) {
    action[0] = ignored >> (number - 1) & 1 ? (long)SIG_IGN : (long)SIG_DFL;
    if ((changed | ignored) >> (number - 1) & 1) raw_call(SYS_rt_sigaction, number, action, 0, SIGNALS / 8);
  }
}

/* The parent is init, because of CLONE_PARENT. A change of user clears the signal, so it is set after that; an init that
 * died before it was set is noticed by the other parent. */
static int set_signals(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  int keeps = (request->set & SPAWN_KEEP_SESSION) != 0;
  uint64_t mask = request->signal_mask | (keeps ? plan->blocked : 0);
  set_dispositions(plan->dispositions, keeps ? plan->ignored : 0);
  if (request->parent_death_signal != 0) {
    long result = raw_call(SYS_prctl, PR_SET_PDEATHSIG, request->parent_death_signal, 0, 0, 0);
    if (result < 0) return (int)result;
    if (!(request->namespaces & CLONE_NEWPID) && raw_call(SYS_getppid) != plan->parent) return -EOWNERDEAD;
  }
  return (int)raw_call(SYS_rt_sigprocmask, SIG_SETMASK, &mask, 0, SIGNALS / 8);
}

/* sd_listen_fds(3) takes the descriptors only when this is its own number. The text is the request's, which nobody else
 * reads while we run. */
static int tell_listen_pid(struct child_plan *plan) {
  static const char name[] = "LISTEN_PID=";
  if (!(plan->request->set & SPAWN_LISTEN_PID)) return 0;
  for (char **entry = plan->request->envp; *entry != NULL; entry++) {
    size_t at = 0;
    while (name[at] != '\0' && (*entry)[at] == name[at]) at++;
    if (name[at] != '\0') continue;
    at += write_number(*entry + at, (int32_t)raw_call(SYS_getpid));
    (*entry)[at] = '\0';
  }
  return 0;
}

/* Where the order differs from that of the stages' numbers, the step says why. */
static const struct step {
  uint32_t stage;
  int (*run)(struct child_plan *plan);
} STEPS[] = {
  {STAGE_DESCRIPTORS, own_table},
  {STAGE_DESCRIPTORS, place_descriptors},
  {STAGE_DESCRIPTORS, close_others},
  {STAGE_CGROUP, join_cgroup},
  {STAGE_SESSION, new_session},
  {STAGE_TERMINAL, set_terminal},
  {STAGE_OOM_SCORE, set_oom_score},
  {STAGE_NAMESPACES, child_join_namespaces},
  {STAGE_USER_NAMESPACE, child_map_user},
  {STAGE_NAMESPACES, child_new_namespaces},
  {STAGE_ROOT, child_change_root},
  {STAGE_DIRECTORIES, child_make_directories},
  {STAGE_MOUNTS, child_mount},
  {STAGE_RLIMITS, set_limits},
  {STAGE_NICE, set_nice},
  {STAGE_UMASK, set_umask},
  {STAGE_CAPABILITIES, drop_bounding},
  {STAGE_GROUPS, set_groups},
  {STAGE_USER, set_user},
  {STAGE_USER_NAMESPACE, child_enter_user_namespace},
  {STAGE_CAPABILITIES, set_capabilities},
  {STAGE_NO_NEW_PRIVILEGES, forbid_privileges},
  {STAGE_DIRECTORY, change_directory},
  {STAGE_INPUT, open_input},
  {STAGE_SIGNALS, set_signals},
  {STAGE_SOCKETS, tell_listen_pid},
  {STAGE_SECCOMP, set_seccomp},
  {STAGE_EXEC, child_exec_program},
};

/* exit_group(2) in a loop: a function that never returns may be instrumented in ways that need the manager's stack. */
int child_run(void *argument) {
  struct child_plan *plan = argument;
  int result = atomic_load(&plan->cancelled) ? -ECANCELED : 0;
  uint32_t stage = STAGE_QUEUE;
  for (size_t i = 0; i < sizeof STEPS / sizeof *STEPS && result == 0; i++) {
    stage = STEPS[i].stage;
    result = STEPS[i].run(plan);
  }
  atomic_store(&plan->slot->error, -result);
  atomic_store_explicit(&plan->slot->stage, stage, memory_order_release);
  for (;;) raw_call(SYS_exit_group, 127);
}
