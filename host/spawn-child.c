/* One spawn, in a thread of its own: what the child is told, and the clone. */
#include "spawn-child.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clone-child.h"
#include "features.h"

/* The same for all children: fixed after spawn_child_begin. */
static struct {
  struct ledger *ledger;
  int exe_fd, parent, is_dumpable;
  int set_oom;
  int32_t oom_score_adj;
  uint64_t nofile_soft, nofile_hard;
  uint64_t dispositions;
  uint32_t own_uid, own_gid;
} common;

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

void spawn_child_begin(struct ledger *ledger, int exe_fd) {
  common.ledger = ledger;
  common.exe_fd = exe_fd;
  common.parent = getppid();
  common.own_uid = geteuid();
  common.own_gid = getegid();
  common.is_dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 1;
  common.dispositions = changed_dispositions();
  features_get();
  read_limits();
}

static int make_cgroup(const char *path) {
  if (path == NULL) return -1;
  if (mkdir(path, 0755) != 0 && errno != EEXIST) return -errno;
  return 0;
}

/* Straight into the cgroup where the kernel can; the child moves itself where that does not work, and says why not. */
static int clone_with_cgroup(struct child_plan *plan, struct clone_request *clone) {
  const char *path = plan->request->cgroup;
  if (path == NULL || !features_get()->into_cgroup) return clone_child(clone);
  clone->cgroup_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  plan->in_cgroup = 1;
  int pid = clone->cgroup_fd < 0 ? -errno : clone_child(clone);
  if (clone->cgroup_fd >= 0) close(clone->cgroup_fd);
  clone->cgroup_fd = -1;
  plan->in_cgroup = 0;
  return pid < 0 && pid != -EAGAIN && pid != -ENOMEM ? clone_child(clone) : pid;
}

static int make_child(struct child_plan *plan, const struct spawn_place *place) {
  struct clone_request clone = {
      .run = child_run,
      .argument = plan,
      .stack = place->stack,
      .stack_bytes = SPAWN_CHILD_STACK_BYTES,
      .shares_table = plan->window > 0,
      .namespaces = plan->request->namespaces & ~(plan->is_user_late ? (uint32_t)CLONE_NEWUSER : 0u),
      .cgroup_fd = -1,
      .pid = (int32_t *)&common.ledger->work->pids[place->slot],
  };
  int pid = clone_with_cgroup(plan, &clone);
  /* A change of user makes the memory it happens in unreadable for others (PR_SET_DUMPABLE of prctl(2)): that is ours. */
  if (common.is_dumpable && (plan->request->set & (SPAWN_SET_USER | SPAWN_SET_GROUP | SPAWN_SET_CAPABILITIES)))
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
  return pid;
}

static void make_plan(struct child_plan *plan, uint32_t slot, const struct spawn_request *request) {
  plan->request = request;
  plan->slot = &common.ledger->work->slots[slot];
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

int spawn_child(struct child_plan *plan, const struct spawn_place *place, const struct spawn_request *request,
                uint32_t *stage) {
  make_plan(plan, place->slot, request);
  *stage = STAGE_DESCRIPTORS;
  if (request->version != SPAWN_REQUEST_VERSION) return -EPROTO;
  int result = window_fill(place->part, plan, common.exe_fd);
  if (result < 0) return result;
  *stage = STAGE_CGROUP;
  if (request->cgroup != NULL && (result = make_cgroup(request->cgroup)) < 0) return result;
  *stage = request->namespaces & CLONE_NEWUSER ? STAGE_USER_NAMESPACE : STAGE_CLONE;
  if (request->namespaces & CLONE_NEWPID) *stage = STAGE_NAMESPACES;
  return make_child(plan, place);
}
