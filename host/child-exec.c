/* The last step of a child: its program, found as execvp(3) does, or our own binary. */
#include <errno.h>
#include <fcntl.h>

#include "child-steps.h"
#include "raw-call.h"

#define PATH_BYTES 4096
#define SEARCH_PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#ifndef SYS_execveat
#define SYS_execveat (-1) /* the kernel answers ENOSYS */
#endif

static int exec_file(const struct spawn_request *request, const char *path) {
  return (int)raw_call(SYS_execve, path, request->argv, request->envp);
}

static int exec_own(const struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  int fd = plan->exe >= 0 ? plan->moves[plan->exe].from : -1;
  long result = raw_call(SYS_execveat, fd, "", request->argv, request->envp, AT_EMPTY_PATH);
  return result == -ENOSYS || result == -EPERM ? exec_file(request, "/proc/self/exe") : (int)result;
}

static size_t text_length(const char *text, char end) {
  size_t length = 0;
  while (text[length] != '\0' && text[length] != end) length++;
  return length;
}

/* FOLDER/FILE into `path`; an empty folder is the working directory. 0: too long. */
static int join_path(char *path, const char *folder, size_t length, const char *file) {
  size_t name = text_length(file, '\0'), at = 0;
  if (length + name + 2 > PATH_BYTES) return 0;
  for (; at < length; at++) path[at] = folder[at];
  if (length > 0) path[at++] = '/';
  for (size_t i = 0; i <= name; i++) path[at++] = file[i];
  return 1;
}

/* As execvp(3): a file that may not be run is remembered while the search goes on. ENOEXEC is the answer, never a shell. */
static int exec_found(const struct spawn_request *request) {
  const char *folder = request->search_path;
  char path[PATH_BYTES];
  int error = -ENOENT;
  if (folder == NULL || folder[0] == '\0') folder = SEARCH_PATH_DEFAULT;
  for (;;) {
    size_t length = text_length(folder, ':');
    int result = join_path(path, folder, length, request->file) ? exec_file(request, path) : -ENAMETOOLONG;
    if (result == -EACCES) error = result;
    else if (result != -ENOENT && result != -ENOTDIR && result != -ENAMETOOLONG) return result;
    if (folder[length] == '\0') return error;
    folder += length + 1;
  }
}

int child_exec_program(struct child_plan *plan) {
  const struct spawn_request *request = plan->request;
  if (atomic_load(&plan->cancelled)) return -ECANCELED;
  atomic_store(&plan->progress, CHILD_AT_EXEC);
  if (request->set & SPAWN_OWN_BINARY) return exec_own(plan);
  if (request->file == NULL || request->file[0] == '\0') return -ENOENT;
  if (request->file[text_length(request->file, '/')] == '/') return exec_file(request, request->file);
  return exec_found(request);
}
