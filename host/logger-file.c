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

/* The folders of a path, each where it is missing. 0, or the first -errno: a disk may be full, or cannot be written. */
static int make_folders(const char *path) {
  char folder[LOG_PATH_BYTES];
  int error = 0;
  snprintf(folder, sizeof folder, "%s", path);
  for (char *at = folder + 1; (at = strchr(at, '/')); at++) {
    *at = 0;
    if (mkdir(folder, FOLDER_MODE) < 0 && errno != EEXIST && error == 0) error = -errno;
    *at = '/';
  }
  return error;
}

static int open_path(const char *path) {
  for (int tries = 0, made = 0;; tries++) {
    int fd = open(path, FILE_FLAGS, FILE_MODE);
    if (fd >= 0) return fd;
    if ((errno == EMFILE || errno == ENFILE) && close_oldest()) continue;
    if (errno != ENOENT || tries > 0) return errno == ENOENT && made < 0 ? made : -errno;
    made = make_folders(path);
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

/* A file that failed is not tried for a while, and then also where nothing more comes: what waits in memory goes to it. */
static void retry_later(uint32_t slot) {
  int64_t due_ms = logger.now_ms + LOGGER_RETRY_MS;
  logger.sources[slot].retry_ms = due_ms;
  if (due_ms < logger.retry_ms) logger.retry_ms = due_ms;
}

/* Opens the file of a slot unless it is open, exists, and was not replaced behind our back. 0 or -errno. */
static int file_ready(uint32_t slot, struct stat *file) {
  struct source *source = &logger.sources[slot];
  if (logger.now_ms < source->retry_ms) return -EAGAIN;
  if (source->file) {
    if (fstat(source->file, file) == 0 && file->st_nlink > 0) {
      if (logger.newest != 1 + slot) list_remove(slot), list_add(slot);
      return 0;
    }
    file_close(slot);
  }
  int error = file_open(slot);
  if (error == 0 && fstat(source->file, file) != 0) error = -errno;
  source->retry_ms = 0;
  if (error) retry_later(slot);
  return error;
}

static void sink_memory(uint32_t slot, struct log_step *step) {
  struct log_progress *progress = &step->progress;
  if (!progress->area) progress->torn = progress->column > 0 || progress->torn ? LOG_TORN_BELOW : 0;
  step->sink = memory_claim(slot, &step->progress) == 0 ? LOG_SINK_MEMORY : LOG_SINK_LOST;
}

void file_begin(uint32_t slot, struct log_step *step) {
  struct source *source = &logger.sources[slot];
  struct stat file;
  if (logger.appending && source->file && source->regular && step->inode && !step->progress.error) {
    step->sink = LOG_SINK_FILE;
    return;
  }
  if (!logger.settings.path[0]) {
    step->sink = LOG_SINK_NONE;
    if (logger.settings.flags & LOG_FLAG_MEMORY) sink_memory(slot, step);
    else memory_release(slot, &step->progress), step->progress.column = step->progress.carry_bytes = 0;
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
  /* Lines of a console's memory do not belong into the file; those that the file could not take do (file_write_kept). */
  if (!(logger.settings.flags & LOG_FLAG_MEMORY) && !step->progress.error) memory_release(slot, &step->progress);
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
    } else {
      int error = written < 0 ? errno : EIO;
      if (is_full(error) && !stream && drop_oldest_archive(record)) continue;
      next->progress.error = error;
      break;
    }
  }
  return done;
}

/* What could not be written is dropped whole, from here to the end of the piece. */
static void drop_rest(const struct log_piece *piece, struct log_step *next, uint32_t done, int open) {
  uint64_t lost = (uint64_t)piece->taken * (piece->bytes - done) / piece->bytes; /* stamps are not the source's bytes */
  next->progress.dropped += lost;
  next->progress.torn = open ? LOG_TORN : 0;
  if (!open) next->progress.column = 0, next->progress.carry_bytes = 0;
}

/* What could not be written, and all that follows, is kept in memory until the file can be written again. */
static void keep_rest(struct log_record *record, struct log_step *next, const struct log_piece *piece, uint32_t done) {
  const struct log_progress *before = &record_step(record)->progress;
  int open = done > 0 ? piece->data[done - 1] != '\n' : before->column > 0 || before->torn;
  retry_later(record->slot);
  sink_memory(record->slot, next);
  if (next->sink == LOG_SINK_LOST) {
    drop_rest(piece, next, done, open);
    return;
  }
  next->progress.torn = open ? LOG_TORN_BELOW : 0;
  memory_put(&next->progress, piece->data + done, piece->bytes - done);
  next->progress.stored += piece->bytes - done;
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
  if (done < piece->bytes) keep_rest(record, next, piece, done);
}

/* What was kept in memory, from its first whole line where something is lost before that. */
static struct log_piece kept_piece(const struct log_progress *progress, uint64_t *lost) {
  static uint8_t text[LIMIT_LOG_MEMORY_BYTES + 1];
  uint8_t *at = text + 1, *end = at + memory_take(progress, at, lost);
  if (*lost > 0) {
    uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    uint8_t *begin = newline ? newline + 1 : end;
    *lost += (uint64_t)(begin - at);
    at = begin;
    if (progress->torn) *--at = '\n';
  }
  return (struct log_piece){at, (uint32_t)(end - at), 0, 0};
}

/* The file can be written again: first what waits in memory. Cut short, it is undone, and memory goes on. */
void file_write_kept(struct log_record *record) {
  struct log_step *next = record_prepare(record);
  struct log_progress *progress = &next->progress;
  int fd = logger.sources[record->slot].file, stream = next->sink == LOG_SINK_STREAM;
  uint64_t lost;
  struct log_piece piece = kept_piece(progress, &lost);
  uint32_t area = progress->area, done = write_piece(record, next, &piece);
  if (done < piece.bytes && !stream) {
    if (done > 0 && ftruncate(fd, (off_t)progress->file_size) != 0) progress->error = errno;
    next->sink = LOG_SINK_MEMORY;
    retry_later(record->slot);
    record_commit(record);
    return;
  }
  if (!stream) progress->file_size += done, sync_dirty(record->slot), progress->dirty = 1;
  progress->dropped += lost + (piece.bytes - done);
  progress->torn = 0;
  progress->area = 0;
  record_commit(record);
  memory_free(record->slot, area);
}

/* Files that failed, and for which something waits in memory, are tried again. */
void files_retry(int at_once) {
  uint32_t used = atomic_load(&logger.part->slot_count);
  logger.retry_ms = LOGGER_NEVER;
  for (uint32_t slot = 0; slot < used && slot < LIMIT_LOG_SLOTS; slot++) {
    struct source *source = &logger.sources[slot];
    if (source->retry_ms == 0 || logger.part->states[slot].progress.area == 0) continue;
    if (source_settings(slot) != 0) continue;
    struct log_record *record = record_for(logger.settings.flags);
    if (at_once || source->retry_ms <= logger.now_ms) {
      if (record_busy(record)) retry_later(slot);
      else source->retry_ms = 0, record_flush(record, slot);
    } else if (source->retry_ms < logger.retry_ms) {
      logger.retry_ms = source->retry_ms;
    }
  }
}
