/*
 * Unix domain sockets by path or abstract name.
 *
 * An address holds 108 bytes (unix(7)). A longer path is reached through its directory, opened as a descriptor:
 * /proc/self/fd/N/name names the same file. Only the last part must then be short.
 */
#include "unix-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Address of a path. *directory is a descriptor to close after use, or -1. Length of the address or -errno. */
static int make_address(const char *path, struct sockaddr_un *address, int *directory) {
  size_t length = strlen(path);
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  *directory = -1;
  if (length == 0) return -EINVAL;
  if (length < sizeof address->sun_path) {
    memcpy(address->sun_path, path, length);
    if (path[0] != '@') return (int)sizeof *address;
    address->sun_path[0] = '\0';
    return (int)(offsetof(struct sockaddr_un, sun_path) + length);
  }
  const char *slash = strrchr(path, '/');
  char parent[4096];
  if (path[0] == '@' || slash == NULL || length >= sizeof parent) return -ENAMETOOLONG;
  snprintf(parent, sizeof parent, "%.*s", slash == path ? 1 : (int)(slash - path), path);
  *directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (*directory < 0) return -errno;
  int written = snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d/%s", *directory, slash + 1);
  if (written < (int)sizeof address->sun_path) return (int)sizeof *address;
  close(*directory);
  *directory = -1;
  return -ENAMETOOLONG;
}

int unix_socket_own(const char *path, mode_t mode, int64_t uid, int64_t gid) {
  struct stat found;
  char link[32];
  int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return -errno;
  int error = fstat(fd, &found) < 0 ? errno : S_ISSOCK(found.st_mode) ? 0 : EEXIST;
  if (error == 0 && uid >= 0 && fchownat(fd, "", (uid_t)uid, (gid_t)gid, AT_EMPTY_PATH) < 0) error = errno;
  if (error == 0 && (found.st_mode & 07777) != mode) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (chmod(link, mode) < 0) error = errno;
    /* Where there is no /proc there is but the path. */
    if (error == ENOENT) error = chmod(path, mode) < 0 ? errno : 0;
  }
  close(fd);
  return -error;
}

int unix_socket_bind(const char *path, int type, mode_t mode) {
  struct sockaddr_un address;
  int directory;
  int length = make_address(path, &address, &directory);
  if (length < 0) return length;
  int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int error = fd < 0 ? errno : 0;
  /* Linux gives the file the mode that the unbound socket has, less the umask: so nobody can connect in the moment
   * before unix_socket_own(), which only gives back what the umask took. The umask itself must not be touched: a process
   * that is started by another thread just then would inherit it. */
  if (error == 0 && fchmod(fd, mode) < 0) error = errno;
  if (error == 0 && bind(fd, (struct sockaddr *)&address, (socklen_t)length) < 0) error = errno;
  if (error == 0 && path[0] != '@') error = -unix_socket_own(address.sun_path, mode, -1, -1);
  if (directory >= 0) close(directory);
  if (error == 0) return fd;
  if (fd >= 0) close(fd);
  return -error;
}

int unix_socket_connect(const char *path) {
  struct sockaddr_un address;
  int directory;
  int length = make_address(path, &address, &directory);
  if (length < 0) return length;
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int error = fd < 0 ? errno : 0;
  if (error == 0 && connect(fd, (struct sockaddr *)&address, (socklen_t)length) < 0) error = errno;
  if (directory >= 0) close(directory);
  if (error == 0) return fd;
  if (fd >= 0) close(fd);
  return -error;
}

int unix_socket_send(const char *path, const void *data, size_t length) {
  struct sockaddr_un address;
  int directory;
  int size = make_address(path, &address, &directory);
  if (size < 0) return size;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int error = fd < 0 ? errno : 0;
  if (error == 0 && sendto(fd, data, length, MSG_NOSIGNAL, (struct sockaddr *)&address, (socklen_t)size) < 0) error = errno;
  if (directory >= 0) close(directory);
  if (fd >= 0) close(fd);
  return -error;
}
