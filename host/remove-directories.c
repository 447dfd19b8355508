/*
 * "gonit: remove-directories BASE NAME …": the run directories of a service that has ended, with all that is in them.
 *
 * A process of its own, because there may be much to remove and the file system may hang. What lies below the base is
 * the service's, which may have left anything: symbolic links are removed and never followed, and another file system
 * that is mounted there is left alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "contract.h"
#include "entry.h"

#define DEPTH_MAX 256 /* each level holds a descriptor */

static int open_below(int parent, const char *name) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  return fd < 0 ? -errno : fd;
}

static int remove_entry(int parent, const char *name, dev_t device, int depth);

/* Empties the directory and closes it. */
static int remove_contents(int fd, dev_t device, int depth) {
  DIR *directory = fdopendir(fd);
  int result = 0;
  if (directory == NULL) {
    close(fd);
    return -errno;
  }
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    int removed = remove_entry(dirfd(directory), entry->d_name, device, depth + 1);
    if (result == 0) result = removed;
  }
  closedir(directory);
  return result;
}

static int remove_entry(int parent, const char *name, dev_t device, int depth) {
  struct stat status;
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
  if (unlinkat(parent, name, AT_REMOVEDIR) == 0) return 0;
  if (errno != ENOTEMPTY && errno != EEXIST) return -errno;
  if (depth == DEPTH_MAX) return -ELOOP;
  int fd = open_below(parent, name);
  if (fd < 0) return fd;
  int result = fstat(fd, &status) < 0 ? -errno : status.st_dev != device ? -EXDEV : 0;
  if (result < 0) close(fd);
  else result = remove_contents(fd, device, depth);
  if (result == 0 && unlinkat(parent, name, AT_REMOVEDIR) < 0) result = -errno;
  return result;
}

/* Goes along the parts of `name` (which is changed) without following a link, and removes the last one. */
static int remove_directory(const char *base, char *name) {
  struct stat status;
  int fd = open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT ? 0 : -errno;
  for (char *slash; (slash = strchr(name, '/')) != NULL && fd >= 0; name = slash + 1) {
    *slash = '\0';
    int next = open_below(fd, name);
    close(fd);
    fd = next;
  }
  if (fd < 0) return fd == -ENOENT ? 0 : fd;
  int result = fstat(fd, &status) < 0 ? -errno : remove_entry(fd, name, status.st_dev, 0);
  close(fd);
  return result;
}

int remove_directories_main(int argc, char **argv) {
  int code = EXIT_CODE_OK;
  for (int i = 1; i + 1 < argc; i += 2) {
    char shown[512];
    snprintf(shown, sizeof shown, "%s/%s", argv[i], argv[i + 1]);
    int result = remove_directory(argv[i], argv[i + 1]);
    if (result == 0) continue;
    fprintf(stderr, "cannot remove %s: %s\n", shown, strerror(-result));
    code = EXIT_CODE_FAILED;
  }
  return code;
}
