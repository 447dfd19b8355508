/*
 * Durable within a time: files that were written to are given to a thread that calls fdatasync(2), which may take
 * seconds and must not hold up a pipe. The thread is made when it is first needed. Copies of descriptors go to it
 * through a pipe; what it has done is counted, so there is no lock.
 *
 * A file that is closed before its time (rotation, too many open files) waits here as a copy of its descriptor. An
 * archive that is deleted meanwhile is let go at once: its blocks must not outlive the bound on log bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logger-parts.h"

#define SYNC_STACK_BYTES 65536
#define SYNC_WAITING_MAX 16
#define SYNC_QUEUE_MAX 32
#define SYNC_SLACK_MS 100 /* what is due soon is done now, so that many files need few wake-ups */

static struct {
  int64_t due_ms;
  int fd;
} waiting[SYNC_WAITING_MAX];
static uint32_t waiting_count;
static int queue[2] = {-1, -1};
static uint32_t queued;
static _Atomic uint32_t synced;

static void *sync_thread(void *unused) {
  int fd;
  (void)unused;
  while (read(queue[0], &fd, sizeof fd) == sizeof fd) {
    fdatasync(fd); /* an error shows at the next write */
    close(fd);
    atomic_fetch_add(&synced, 1);
  }
  return NULL;
}

static int sync_start(void) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (queue[0] >= 0) return 0;
  if (pipe2(queue, O_CLOEXEC) != 0) return -errno;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, SYNC_STACK_BYTES);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int error = pthread_create(&thread, &attributes, sync_thread, NULL);
  pthread_attr_destroy(&attributes);
  if (error == 0) return 0;
  close(queue[0]);
  close(queue[1]);
  queue[0] = queue[1] = -1;
  return -error;
}

int sync_pending(void) {
  return (int)(queued - atomic_load(&synced));
}

/* Gives the descriptor away. -EAGAIN, and it stays the caller's, when the disk is behind. */
static int sync_hand_over(int fd) {
  if (sync_pending() >= SYNC_QUEUE_MAX || sync_start() != 0) return -EAGAIN;
  if (write(queue[1], &fd, sizeof fd) != sizeof fd) return -EAGAIN;
  queued++;
  return 0;
}

static void sync_wake_at(int64_t due_ms) {
  if (due_ms < logger.sync_ms) logger.sync_ms = due_ms;
}

void sync_dirty(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  if (source->dirty_ms || logger.settings.sync_ms == 0) return;
  source->dirty_ms = logger.now_ms + logger.settings.sync_ms;
  sync_wake_at(source->dirty_ms);
}

static int is_deleted(int fd) {
  struct stat file;
  return fstat(fd, &file) != 0 || file.st_nlink == 0;
}

/* Hands over what is due, closes what is deleted. With force, the first one goes whether it is due or not. */
static void waiting_sweep(int force) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < waiting_count; i++) {
    int due = waiting[i].due_ms <= logger.now_ms + SYNC_SLACK_MS || (force && i == 0);
    if (!is_deleted(waiting[i].fd)) {
      if (!due) {
        waiting[kept++] = waiting[i];
        continue;
      }
      if (sync_hand_over(waiting[i].fd) == 0) continue;
    }
    close(waiting[i].fd); /* when the disk is that far behind, the kernel's own write-back is as good */
  }
  waiting_count = kept;
}

void sync_later(uint32_t slot) {
  struct source *source = &logger.sources[slot];
  if (source->file == 0 || source->dirty_ms == 0) return;
  waiting_sweep(waiting_count == SYNC_WAITING_MAX);
  int fd = fcntl(source->file, F_DUPFD_CLOEXEC, 0);
  if (fd >= 0) {
    waiting[waiting_count].fd = fd;
    waiting[waiting_count++].due_ms = source->dirty_ms;
    sync_wake_at(source->dirty_ms);
  }
  source->dirty_ms = 0;
}

static void sync_source(struct source *source, uint32_t slot) {
  int fd = source->file == 0 ? -1 : fcntl(source->file, F_DUPFD_CLOEXEC, 0);
  if (fd >= 0 && sync_hand_over(fd) != 0) {
    close(fd);
    source->dirty_ms = logger.now_ms + LOGGER_RETRY_MS;
    return;
  }
  source->dirty_ms = 0;
  logger.part->states[slot].progress.dirty = 0;
}

void sync_due(void) {
  uint32_t count = atomic_load(&logger.part->slot_count);
  logger.sync_ms = LOGGER_NEVER;
  waiting_sweep(0);
  for (uint32_t i = 0; i < waiting_count; i++) sync_wake_at(waiting[i].due_ms);
  for (uint32_t slot = 0; slot < count && slot < LIMIT_LOG_SLOTS; slot++) {
    struct source *source = &logger.sources[slot];
    if (source->dirty_ms == 0) continue;
    if (source->dirty_ms <= logger.now_ms + SYNC_SLACK_MS) sync_source(source, slot);
    if (source->dirty_ms) sync_wake_at(source->dirty_ms);
  }
}

void sync_all(void) {
  for (uint32_t i = 0; i < waiting_count; i++) waiting[i].due_ms = 0;
  uint32_t count = atomic_load(&logger.part->slot_count);
  for (uint32_t slot = 0; slot < count && slot < LIMIT_LOG_SLOTS; slot++) {
    if (logger.sources[slot].dirty_ms) logger.sources[slot].dirty_ms = 1;
  }
  sync_due();
}
