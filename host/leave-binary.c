/*
 * A file that is executed cannot leave its file system, and one that was deleted meanwhile (gonit was replaced by a newer
 * one) keeps the root from becoming read-only: it would be left with a deleted inode. So before the file systems are
 * brought into order, init goes on from a copy in memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#ifndef SYS_execveat
#define SYS_execveat (-1) /* the kernel answers ENOSYS */
#endif
#define EMPTY_PATH 0x1000 /* AT_EMPTY_PATH, execveat(2) */

extern char **environ;

/* A memory file with our binary, or -1. */
static int copy_binary(void) {
  struct stat file;
  int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), to = memfd_create("gonit", MFD_CLOEXEC);
  off_t left = from >= 0 && fstat(from, &file) == 0 ? file.st_size : -1;
  ssize_t sent = 1;
  while (to >= 0 && left > 0 && sent > 0) {
    sent = sendfile(to, from, NULL, (size_t)left);
    if (sent > 0) left -= sent;
  }
  if (from >= 0) close(from);
  if (left == 0) return to;
  if (to >= 0) close(to);
  return -1;
}

static int is_deleted(void) {
  struct stat file;
  return init->exe_fd != 0 && fstat(init->exe_fd, &file) == 0 && file.st_nlink == 0;
}

void leave_binary(void) {
  if (init->left_binary || !init_state_is_file() || !is_deleted()) return;
  int copy = init_high(copy_binary());
  if (copy < 0) return;
  close(init->exe_fd);
  init->exe_fd = copy;
  init->left_binary = 1;
  init_state_keep(1);
  syscall(SYS_execveat, copy, "", init_argv, environ, EMPTY_PATH);
  init_state_keep(0);
}
