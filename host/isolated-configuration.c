/*
 * The configuration's folder in the little system. The host's file system is there as it is; but what lies under a
 * directory that the little system has of its own must be bound into it, at its own path, so that every path that the
 * user wrote means the same inside.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "isolated.h"

#define COPY_BYTES_MAX (16 * 1024 * 1024)

static const char *const found_by_name[] = {"config.yml", "config.yaml", "Procfile", NULL};
/* Directories that are fresh inside. */
static const char *const covered[] = {"/tmp", "/run", "/system", "/dev", NULL};

/* The value of -f, -c, --file or --config, as the manager's own reading of its options. The last one counts. */
static const char *named_file(int argc, char **argv) {
  static const char *const options[] = {"-f", "-c", "--file", "--config", NULL};
  const char *file = NULL;
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
    for (int k = 0; options[k] != NULL; k++) {
      size_t length = strlen(options[k]);
      if (strncmp(argv[i], options[k], length) != 0) continue;
      if (argv[i][length] == '=' && options[k][1] == '-') file = argv[i] + length + 1;
      else if (argv[i][length] == '\0' && i + 1 < argc) file = argv[++i];
      else continue;
      break;
    }
  }
  return file;
}

/* Folder of an absolute path. */
static void folder_of(const char *path, char *folder) {
  snprintf(folder, PATH_MAX, "%s", path);
  char *slash = strrchr(folder, '/');
  if (slash != NULL) slash[slash == folder] = '\0';
}

/* PATH_MAX bounds what a path may be at all; a longer one names nothing. */
static void join(char *path, const char *folder, const char *name) {
  const char *between = name[0] == '/' || strcmp(folder, "/") == 0 ? "" : "/";
  if (strcmp(folder, "/") == 0 && name[0] == '/') folder = "";
  int length = snprintf(path, PATH_MAX, "%s%s%s", folder, between, name);
  if (length >= PATH_MAX) path[0] = '\0';
}

/* The working directory, then upward, as the reader looks. */
static void find_upward(struct isolated_world *world) {
  char folder[PATH_MAX];
  snprintf(folder, sizeof folder, "%s", world->directory);
  while (folder[0] == '/') {
    for (int i = 0; found_by_name[i] != NULL; i++) {
      join(world->file, folder, found_by_name[i]);
      if (access(world->file, F_OK) == 0) return;
    }
    if (strcmp(folder, "/") == 0) break;
    char *slash = strrchr(folder, '/');
    slash[slash == folder] = '\0';
  }
  world->file[0] = '\0';
}

void isolated_find_configuration(struct isolated_world *world, int argc, char **argv) {
  const char *file = named_file(argc, argv);
  world->file[0] = world->real_file[0] = '\0';
  if (getcwd(world->directory, sizeof world->directory) == NULL) world->directory[0] = '\0';
  if (file == NULL) find_upward(world);
  else join(world->file, file[0] == '/' ? "" : world->directory, file);
  if (world->file[0] == '\0' || realpath(world->file, world->real_file) == NULL) world->real_file[0] = '\0';
}

/* 0: the host's, visible as it is. 1: under a directory that is fresh inside. 2: that directory itself. */
static int how_covered(const char *path) {
  for (int i = 0; covered[i] != NULL; i++) {
    size_t length = strlen(covered[i]);
    if (strncmp(path, covered[i], length) != 0) continue;
    if (path[length] == '\0') return 2;
    if (path[length] == '/') return 1;
  }
  return 0;
}

static int show_link(const char *source, const char *path) {
  char text[PATH_MAX];
  ssize_t length = readlink(source, text, sizeof text - 1);
  if (length < 0) return -errno;
  text[length] = '\0';
  return symlink(text, path) < 0 ? -errno : 0;
}

/* Shows a file, folder or link of the host at its own path. What is there already came with a folder above it. */
static int expose(struct isolated_world *world, const char *path) {
  char source[PATH_MAX + sizeof ISOLATED_HOST], parent[PATH_MAX];
  struct stat status, inside;
  snprintf(source, sizeof source, "%s%s", ISOLATED_HOST, path);
  if (lstat(source, &status) < 0 || lstat(path, &inside) == 0) return 0;
  int result = isolated_step(world, "show %s", path);
  if (result < 0) return result;
  folder_of(path, parent);
  result = isolated_make_path(S_ISDIR(status.st_mode) ? path : parent);
  if (result == 0 && S_ISLNK(status.st_mode)) return show_link(source, path);
  if (result == 0 && !S_ISDIR(status.st_mode)) result = isolated_make_file(path);
  return result < 0 ? result : isolated_bind_read_only(world, source, path);
}

/* The first link on the way to a file: what it points to is shown by its real path. */
static int expose_link(struct isolated_world *world, const char *file) {
  char part[PATH_MAX], source[PATH_MAX + sizeof ISOLATED_HOST];
  struct stat status;
  snprintf(part, sizeof part, "%s", file);
  for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    *slash = '\0';
    snprintf(source, sizeof source, "%s%s", ISOLATED_HOST, part);
    if (how_covered(part) == 1 && lstat(source, &status) == 0 && S_ISLNK(status.st_mode)) return expose(world, part);
    *slash = '/';
  }
  return 0;
}

/* A whole /tmp or /run would bring the host's sockets along: of those only what belongs to the configuration. */
static int expose_parts(struct isolated_world *world, const char *folder, const char *file) {
  static const char *const beside[] = {"config.d", ".env", NULL};
  char path[PATH_MAX + 16];
  int result = expose(world, file);
  for (int i = 0; result == 0 && beside[i] != NULL; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, beside[i]);
    result = expose(world, path);
  }
  return result;
}

static int expose_folder(struct isolated_world *world, const char *folder, const char *file) {
  int how = how_covered(folder);
  if (how == 0) return 0;
  if (how == 1) return expose(world, folder);
  return file != NULL ? expose_parts(world, folder, file) : 0;
}

/* /system/config.yml, where a machine has its configuration. */
static int copy_configuration(struct isolated_world *world) {
  char source[PATH_MAX + sizeof ISOLATED_HOST], buffer[65536];
  ssize_t got = 0;
  off_t at = 0;
  struct stat status;
  int result = isolated_step(world, "copy the configuration to /system/config.yml");
  if (result < 0) return result;
  snprintf(source, sizeof source, "%s%s", ISOLATED_HOST, world->real_file);
  int from = open(source, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  /* Whatever is wrong with the file is the reader's to say, with its name. */
  if (from < 0) return 0;
  if (fstat(from, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > COPY_BYTES_MAX) {
    close(from);
    return 0;
  }
  int to = open("/system/config.yml", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (to < 0) result = -errno;
  while (result == 0 && (got = pread(from, buffer, sizeof buffer, at)) > 0) {
    if (write(to, buffer, (size_t)got) != got) result = -ENOSPC;
    at += got;
  }
  if (result == 0 && got < 0) result = -errno;
  if (to >= 0) close(to);
  close(from);
  return result;
}

/* A file of one folder may be a link to another: both folders are shown, the shorter path first. */
int isolated_configuration(struct isolated_world *world) {
  char typed[PATH_MAX], real[PATH_MAX];
  folder_of(world->file, typed);
  folder_of(world->real_file, real);
  int longer = strlen(typed) > strlen(real);
  int result = world->file[0] == '\0' ? 0 : expose_link(world, world->file);
  if (result == 0 && world->real_file[0] != '\0' && longer) result = expose_folder(world, real, world->real_file);
  if (result == 0 && world->real_file[0] != '\0') result = expose_folder(world, typed, world->file);
  if (result == 0 && world->real_file[0] != '\0' && !longer) result = expose_folder(world, real, world->real_file);
  if (result == 0 && world->directory[0] != '\0') result = expose_folder(world, world->directory, NULL);
  return result == 0 && world->real_file[0] != '\0' ? copy_configuration(world) : result;
}
