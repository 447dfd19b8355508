/* The low descriptor numbers that a spawn copies; see window.h. */
#include "window.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "features.h"

#define INHERITED_MAX 4096 /* without /proc: nobody starts us with a higher number */

static int null_fd = -1;
static int has_window;

static int open_null(void) { return open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY); }

/* What was open before us is close-on-exec from now on: a service must not get it. */
static void hide_inherited(void) {
  DIR *directory = opendir("/proc/self/fd");
  for (struct dirent *entry; directory != NULL && (entry = readdir(directory)) != NULL;)
    if (atoi(entry->d_name) > 2) fcntl(atoi(entry->d_name), F_SETFD, FD_CLOEXEC);
  for (int number = 3; directory == NULL && number < INHERITED_MAX; number++) fcntl(number, F_SETFD, FD_CLOEXEC);
  if (directory != NULL) closedir(directory);
}

static void take_number(struct window_part *part, int number) {
  if (fcntl(number, F_GETFD) < 0 && dup3(null_fd, number, O_CLOEXEC) == number) part->numbers[part->count++] = number;
}

void window_begin(struct window_part *parts, int part_count) {
  hide_inherited();
  null_fd = open_null();
  has_window = null_fd >= 0 && null_fd < LIMIT_OWN_WINDOW_FDS && features_get()->close_range;
  for (int number = 0; number < LIMIT_OWN_WINDOW_FDS && has_window; number++)
    take_number(&parts[number % part_count], number);
}

static int add_move(struct child_plan *plan, int child, int from) {
  plan->moves[plan->move_count] = (struct child_move){child, from};
  return (int)plan->move_count++;
}

static int names_target(const struct spawn_request *request, int number) {
  for (uint32_t i = 0; i < request->descriptor_count; i++)
    if (request->descriptors[i].child == number) return 1;
  return 0;
}

/* /dev may have come after us. */
static int need_null(void) {
  if (null_fd < 0) null_fd = open_null();
  return null_fd < 0 ? -errno : 0;
}

static int list_moves(struct child_plan *plan, int exe_fd) {
  const struct spawn_request *request = plan->request;
  plan->move_count = 0;
  if (request->descriptor_count > SPAWN_DESCRIPTORS_MAX) return -E2BIG;
  for (uint32_t i = 0; i < request->descriptor_count; i++) {
    int child = request->descriptors[i].child, ours = request->descriptors[i].ours;
    if (child < 0 || (ours < 0 && ours != SPAWN_FROM_TERMINAL)) return -EBADF;
    add_move(plan, child, ours);
  }
  for (int number = 0; number < 3; number++) {
    if (names_target(request, number)) continue;
    int result = need_null();
    if (result < 0) return result;
    add_move(plan, number, null_fd);
  }
  plan->exe = request->set & SPAWN_OWN_BINARY ? add_move(plan, -1, exe_fd) : -1;
  plan->terminal = request->set & SPAWN_TERMINAL_FD ? add_move(plan, -1, request->terminal_fd) : -1;
  return 0;
}

/* Index of the first move from the same descriptor: stdout and stderr are usually one pipe. */
static uint32_t first_from(const struct child_plan *plan, uint32_t at) {
  uint32_t first = 0;
  while (plan->moves[first].from != plan->moves[at].from) first++;
  return first;
}

static int is_high(const struct child_plan *plan, uint32_t at) {
  return plan->moves[at].from >= LIMIT_OWN_WINDOW_FDS && first_from(plan, at) == at;
}

static int fits(const struct window_part *part, const struct child_plan *plan) {
  int count = 0;
  for (uint32_t i = 0; i < plan->move_count; i++) count += is_high(plan, i);
  return count <= part->count;
}

/* All moves from one of ours go on from its copy. */
static void move_from_copy(struct child_plan *plan, int ours, int copy) {
  for (uint32_t i = 0; i < plan->move_count; i++)
    if (plan->moves[i].from == ours) plan->moves[i].from = copy;
}

int window_fill(struct window_part *part, struct child_plan *plan, int exe_fd) {
  int result = list_moves(plan, exe_fd);
  part->used = 0;
  plan->window = 0;
  if (result < 0 || !has_window || !fits(part, plan)) return result;
  plan->window = LIMIT_OWN_WINDOW_FDS;
  for (uint32_t i = 0; i < plan->move_count; i++) {
    int ours = plan->moves[i].from, number = part->numbers[part->used];
    if (ours < LIMIT_OWN_WINDOW_FDS) continue;
    if (dup3(ours, number, O_CLOEXEC) < 0) {
      result = -errno;
      window_clear(part);
      return result;
    }
    part->used++;
    move_from_copy(plan, ours, number);
  }
  return 0;
}

void window_clear(struct window_part *part) {
  for (; part->used > 0; part->used--) dup3(null_fd, part->numbers[part->used - 1], O_CLOEXEC);
}
