/*
 * The state file: a memory file mapped at start, whose descriptor keeps one number over each execution of our own
 * binary. Pages that nothing was written to cost nothing, so tables can be as large as their limits.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#define MAGIC 0x53495447u /* "GTIS" */
#define CLOSE_ON_EXEC 1u  /* MFD_CLOEXEC, memfd_create(2) */

struct init_state *init;

static int is_file;

int init_high(int fd) {
  if (fd < 0 || fd >= INIT_FD_MIN) return fd;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, INIT_FD_MIN);
  close(fd);
  return moved;
}

static int memory_file(void) {
  static const char *const folders[] = {"/run", "/dev/shm", "/tmp"};
  int fd = (int)syscall(SYS_memfd_create, "gonit-init", CLOSE_ON_EXEC);
  for (unsigned i = 0; fd < 0 && i < sizeof folders / sizeof folders[0]; i++) {
    fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  }
  if (fd < 0) return -errno;
  int error = ftruncate(fd, sizeof *init) < 0 || dup3(fd, INIT_STATE_FD, O_CLOEXEC) < 0 ? -errno : 0;
  if (fd != INIT_STATE_FD) close(fd);
  return error;
}

static void *map_file(void) {
  void *at = mmap(NULL, sizeof *init, PROT_READ | PROT_WRITE, MAP_SHARED, INIT_STATE_FD, 0);
  return at == MAP_FAILED ? NULL : at;
}

void init_state_make(void) {
  static struct init_state memory;
  init = memory_file() == 0 ? map_file() : NULL;
  is_file = init != NULL;
  if (!is_file) init = &memory;
  init->magic = MAGIC;
  init->version = CONTRACT_VERSION;
  init->bytes = sizeof *init;
  init->pid = getpid();
  init->manager.restart_ns = init->logger.restart_ns = NEVER;
  init->guard.tick_ns = init->send_retry_ns = NEVER;
}

int init_state_open(void) {
  struct stat file;
  if (fstat(INIT_STATE_FD, &file) < 0 || !S_ISREG(file.st_mode) || file.st_size != sizeof *init) return -ENOENT;
  init = map_file();
  if (init == NULL) return -ENOENT;
  if (init->magic != MAGIC || init->version != CONTRACT_VERSION || init->bytes != sizeof *init ||
      init->pid != getpid()) {
    munmap(init, sizeof *init);
    init = NULL;
    return -ENOENT;
  }
  is_file = 1;
  return 0;
}

int init_state_is_file(void) { return is_file; }

int init_state_room(const void *at, size_t bytes) {
  if (!is_file) return 0;
  off_t from = (const uint8_t *)at - (const uint8_t *)init;
  if (fallocate(INIT_STATE_FD, 0, from, (off_t)bytes) == 0) return 0;
  return errno == ENOSPC || errno == ENOMEM ? -errno : 0; /* where the call is refused, memory comes with the touch */
}

static void set_keep(int fd, int keep) {
  if (fd > 2) fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
}

void init_state_keep(int keep) {
  const int fds[] = {INIT_STATE_FD,       init->exits_fd,      init->exits_read_fd, init->work_fd,
                     init->exe_fd,        init->signal_fd,     init->ring_fd,       init->own_log[0],
                     init->own_log[1],    init->terminal_fd,   init->detach_fd,     init->manager.socket,
                     init->manager.bell,  init->logger.socket, init->logger.bell,   serve_hand_fd()};
  const struct held_table *held = &init->held;
  for (unsigned i = 0; i < sizeof fds / sizeof fds[0]; i++) set_keep(fds[i], keep);
  for (int i = 0; i < LIMIT_LOG_OWN_PIPES; i++) set_keep(held->own_pipes[i], keep);
  for (int i = 0; i < held->sources_end; i++) set_keep(held->sources[i].fd, keep);
  for (int i = 0; i < held->entries_end; i++) set_keep(held->entries[i].fd, keep);
}
