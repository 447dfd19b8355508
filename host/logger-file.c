/*
 * Log files. A file is kept open while descriptors allow it; the one that was not used for the longest time is closed
 * first. Where the next write goes is asked of the file at the start of each record, so another writer, or a program
 * that truncates the file, confuses nobody. A deleted file, or its whole folder, is made anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logger-parts.h"

#define FILE_FLAGS (O_WRONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
#define FILE_MODE 0640
#define FOLDER_MODE 0755

static void list_remove(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  if (source->newer) logger.sources[source->newer - 1].older = source->older;
  else logger.newest = source->older;
  if (source->older) logger.sources[source->older - 1].newer = source->newer;
  else logger.oldest = source->newer;
  source->newer = source->older = 0;
}

static void list_add(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  source->older = logger.newest;
  if (logger.newest) logger.sources[logger.newest - 1].newer = 1 + slot;
  else logger.oldest = 1 + slot;
  logger.newest = 1 + slot;
}

void file_close(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  if (source->file == 0) return;
  close(source->file);
  source->file = 0;
  logger.open_files--;
  list_remove(slot);
}

void file_close_all(void) {
  while (logger.oldest) {
    uint32_t slot = logger.oldest - 1;
    sync_later(slot);
    file_close(slot);
  }
}

static int close_oldest(void) {
  if (!logger.oldest) return 0;
  uint32_t slot = logger.oldest - 1;
  sync_later(slot);
  file_close(slot);
  return 1;
}

/* The folders of a path, each where it is missing; an error shows when the file is opened. */
static void make_folders(const char *path) {
  char folder[LOG_PATH_BYTES];
  snprintf(folder, sizeof folder, "%s", path);
  for (char *at = folder + 1; (at = strchr(at, '/')); at++) {
    *at = 0;
    mkdir(folder, FOLDER_MODE);
    *at = '/';
  }
}

static int open_path(const char *path) {
  for (int tries = 0;; tries++) {
    int fd = open(path, FILE_FLAGS, FILE_MODE);
    if (fd >= 0) return fd;
    if ((errno == EMFILE || errno == ENFILE) && close_oldest()) continue;
    if (errno != ENOENT || tries > 0) return -errno;
    make_folders(path);
  }
}

int file_open(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  struct stat file;
  if (source->file) return 0;
  while (logger.open_files + logger.live_pipes >= logger.max_files && close_oldest()) continue;
  int fd = open_path(logger.settings.path);
  if (fd < 0) return fd;
  if (fstat(fd, &file) != 0 || S_ISDIR(file.st_mode) || S_ISBLK(file.st_mode)) {
    close(fd);
    return -EINVAL;
  }
  source->file = fd;
  source->regular = S_ISREG(file.st_mode);
  logger.open_files++;
  list_add(slot);
  return 0;
}

/* Opens the file of a slot unless it is open, exists, and was not replaced behind our back. 0 or -errno. */
static int file_ready(uint32_t slot, struct stat *file) {
  struct source *source = &logger.sources[slot];
  if (source->file) {
    if (fstat(source->file, file) == 0 && file->st_nlink > 0) {
      if (logger.newest != 1 + slot) list_remove(slot), list_add(slot);
      return 0;
    }
    file_close(slot);
  }
  if (logger.now_ms < source->retry_ms) return -EAGAIN;
  int error = file_open(slot);
  if (error == 0 && fstat(source->file, file) != 0) error = -errno;
  source->retry_ms = error ? logger.now_ms + LOGGER_RETRY_MS : 0;
  return error;
}

static void sink_memory(uint32_t slot, struct log_step *step) {
  step->sink = memory_claim(slot, &step->progress) == 0 ? LOG_SINK_MEMORY : LOG_SINK_LOST;
}

void file_begin(uint32_t slot, struct log_step *step) {
  struct source *source = &logger.sources[slot];
  struct stat file;
  if (logger.appending && source->file && source->regular && step->inode) {
    step->sink = LOG_SINK_FILE;
    return;
  }
  if (!logger.settings.path[0]) {
    step->sink = LOG_SINK_NONE;
    if (logger.settings.flags & LOG_FLAG_MEMORY) sink_memory(slot, step);
    return;
  }
  int error = file_ready(slot, &file);
  if (error) {
    if (error != -EAGAIN) step->progress.error = -error;
    sink_memory(slot, step);
    return;
  }
  step->sink = source->regular ? LOG_SINK_FILE : LOG_SINK_STREAM;
  step->device = file.st_dev;
  step->inode = file.st_ino;
  step->progress.file_size = source->regular ? (uint64_t)file.st_size : 0;
  if (!(logger.settings.flags & LOG_FLAG_MEMORY)) memory_release(slot, &step->progress);
}

void file_resume(uint32_t slot, struct log_record *record) {
  struct log_step *step = record_step(record);
  struct stat file;
  if (step->rotate) return; /* the file is between two names: rotation goes on first */
  if (logger.sources[slot].file || (step->sink != LOG_SINK_FILE && step->sink != LOG_SINK_STREAM)) return;
  struct log_step *next = record_prepare(record);
  int error = file_ready(slot, &file);
  if (error) {
    next->progress.error = -error;
    sink_memory(slot, next);
  } else if (file.st_ino != next->inode || file.st_dev != next->device || (uint64_t)file.st_size < next->progress.file_size) {
    next->inode = file.st_ino; /* replaced or truncated meanwhile, by somebody else */
    next->device = file.st_dev;
    next->progress.file_size = (uint64_t)file.st_size;
  }
  record_commit(record);
}

/* Disk full: the oldest archive goes. 0 when there is none. */
static int drop_oldest_archive(const struct log_record *record) {
  char path[LOG_PATH_BYTES + 12];
  for (uint32_t number = record->keep; number > 0; number--) {
    snprintf(path, sizeof path, "%s.%u", logger.settings.path, number);
    if (unlink(path) == 0) return 1;
  }
  return 0;
}

static int is_full(int error) {
  return error == ENOSPC || error == EDQUOT;
}

/* How much of a piece was written, and the errno of what was not. */
static uint32_t write_piece(const struct log_record *record, struct log_step *next, const struct log_piece *piece) {
  int fd = logger.sources[record->slot].file;
  int stream = next->sink == LOG_SINK_STREAM;
  uint32_t done = 0;
  next->progress.error = 0;
  while (done < piece->bytes) {
    off_t at = (off_t)(next->progress.file_size + done);
    size_t left = piece->bytes - done;
    ssize_t written = stream ? write(fd, piece->data + done, left) : pwrite(fd, piece->data + done, left, at);
    if (written > 0) {
      done += (uint32_t)written;
    } else if (written < 0 && errno == EINTR) {
      continue;
    } else if (written < 0 && is_full(errno) && !stream && drop_oldest_archive(record)) {
      continue;
    } else {
      next->progress.error = written < 0 ? errno : EIO;
      break;
    }
  }
  return done;
}

/* What could not be written is dropped whole, from here to the end of the piece. */
static void drop_rest(const struct log_piece *piece, const struct log_step *before, struct log_step *next, uint32_t done) {
  uint64_t lost = (uint64_t)piece->taken * (piece->bytes - done) / piece->bytes; /* stamps are not the source's bytes */
  uint32_t open = done > 0 ? piece->data[done - 1] != '\n' : before->progress.column > 0 || before->progress.torn;
  next->progress.dropped += lost;
  next->progress.torn = open ? 1 : 0;
  if (!open) next->progress.column = 0, next->progress.carry_bytes = 0;
}

void file_write(struct log_record *record, struct log_step *next, const struct log_piece *piece) {
  struct log_progress *progress = &next->progress;
  if (next->sink == LOG_SINK_MEMORY) {
    memory_put(progress, piece->data, piece->bytes);
    progress->stored += piece->bytes;
    return;
  }
  if (next->sink == LOG_SINK_LOST) {
    progress->dropped += piece->taken;
    return;
  }
  if (next->sink != LOG_SINK_FILE && next->sink != LOG_SINK_STREAM) return;
  uint32_t done = write_piece(record, next, piece);
  progress->stored += done;
  if (next->sink == LOG_SINK_FILE) progress->file_size += done, sync_dirty(record->slot), progress->dirty = 1;
  if (done < piece->bytes) drop_rest(piece, record_step(record), next, done);
}
