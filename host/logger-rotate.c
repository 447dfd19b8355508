/*
 * Rotation: name.1 becomes name.2, and so on, then name becomes name.1 and a new file begins.
 *
 * Each rename is a step of the record, oldest archive first, so the logger may die between any two. A rename that is
 * done again finds no source, because what would make a new one is a later step. Only the last one, name to name.1, is
 * followed by making `name` anew in the same step: it is done only while `name` is still the old file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logger-parts.h"

#define ARCHIVE_PATH_BYTES (LOG_PATH_BYTES + 12)

static void archive_path(char *to, uint32_t number) {
  if (number == 0) snprintf(to, ARCHIVE_PATH_BYTES, "%s", logger.settings.path);
  else snprintf(to, ARCHIVE_PATH_BYTES, "%s.%u", logger.settings.path, number);
}

static int archive_move(uint32_t from) {
  char old[ARCHIVE_PATH_BYTES], new[ARCHIVE_PATH_BYTES];
  archive_path(old, from);
  archive_path(new, from + 1);
  return rename(old, new) == 0 || errno == ENOENT ? 0 : -errno;
}

static int archive_exists(uint32_t number) {
  char path[ARCHIVE_PATH_BYTES];
  struct stat file;
  archive_path(path, number);
  return lstat(path, &file) == 0;
}

/* An archive whose place behind it is free, or is that of the oldest one that goes: from there on all are moved. Any
 * such place will do, so it is found in few steps even where thousands are kept. */
uint32_t file_rotation(uint32_t keep) {
  uint32_t taken = 0, free = keep > 0 ? keep : 1;
  while (free - taken > 1) {
    uint32_t middle = taken + (free - taken) / 2;
    if (archive_exists(middle)) taken = middle;
    else free = middle;
  }
  return 1 + taken;
}

/* Whether the path still names the file that the step is about. */
static int is_old_file(const struct log_step *step) {
  struct stat now;
  if (lstat(logger.settings.path, &now) != 0) return 0;
  return (uint64_t)now.st_ino == step->inode && (uint64_t)now.st_dev == step->device;
}

/* A file that cannot be moved must not grow for ever: what it holds is given up, and counted. */
static void give_up_file(struct log_record *record, struct log_step *next, int error) {
  next->progress.error = -error;
  if (truncate(logger.settings.path, 0) == 0) next->progress.dropped += next->progress.file_size;
  else record->max_size = 0;
}

static void begin_new_file(struct log_record *record, struct log_step *next) {
  int error = 0;
  sync_later(record->slot);
  if (is_old_file(next)) {
    if (record->keep > 0) error = archive_move(0);
    else if (unlink(logger.settings.path) != 0) error = -errno;
  }
  file_close(record->slot);
  if (error) give_up_file(record, next, error);
  next->rotate = 0;
  file_begin(record->slot, next);
}

void file_rotate(struct log_record *record) {
  struct log_step *next = record_prepare(record);
  uint32_t number = next->rotate - 1;
  /* An archive that cannot be moved is overwritten by the one before it, or stops that one in turn. */
  if (number > 0) archive_move(number), next->rotate--;
  else begin_new_file(record, next);
  record_commit(record);
}
