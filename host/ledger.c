/* Makes and maps the two files of the ledger; see ledger.h for what is in them. */
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "logger.h"
#include "test-hook.h"

#ifndef F_ADD_SEALS
#define F_ADD_SEALS 1033
#endif
/*
 * F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW, fcntl(2). Not F_SEAL_FUTURE_WRITE: init maps the exits again after a fault
 * of its own. The roles get a descriptor of them that is open for reading only.
 */
#define SEALS (0x1 | 0x2 | 0x4)

/* Where no memory file can be had the ledger is shared memory that children inherit; a role runs in a fork of init. */
static struct ledger inherited = {.exits_fd = -1, .work_fd = -1};

static size_t page_up(size_t bytes) { return (bytes + 4095) & ~(size_t)4095; }

uint64_t ledger_checksum(const void *data, size_t bytes) {
  const uint8_t *byte = data;
  uint64_t sum = 0xcbf29ce484222325u;
  for (size_t i = 0; i < bytes; i++) sum = (sum ^ byte[i]) * 0x100000001b3u;
  return sum;
}

/* A file in memory without a name. Low numbers are left for the roles. */
static int make_file(const char *name, size_t bytes) {
  static const char *const folders[] = {"/run", "/dev/shm", "/tmp"};
  int fd = (int)syscall(SYS_memfd_create, name, 3u /* MFD_CLOEXEC | MFD_ALLOW_SEALING */);
  for (unsigned i = 0; fd < 0 && i < sizeof folders / sizeof folders[0]; i++) {
    fd = open(folders[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  }
  if (fd < 0) return -errno;
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, 32);
  if (moved >= 0) {
    close(fd);
    fd = moved;
  }
  if (ftruncate(fd, (off_t)bytes) == 0) return fd;
  int error = errno;
  close(fd);
  return -error;
}

static void *map_file(int fd, size_t bytes, int protection) {
  void *at = mmap(NULL, bytes, protection, MAP_SHARED, fd, 0);
  return at == MAP_FAILED ? NULL : at;
}

static size_t work_layout(struct work_part *work) {
  size_t logs_at = page_up(sizeof *work);
  size_t journal_at = page_up(logs_at + log_part_bytes());
  size_t snapshot_at = page_up(journal_at + sizeof(struct journal_part) + LIMIT_JOURNAL_BYTES);
  size_t length = snapshot_at + 2 * (size_t)LIMIT_SNAPSHOT_BYTES;
  if (work == NULL) return length;
  work->logs_at = logs_at;
  work->journal_at = journal_at;
  work->snapshot_at = snapshot_at;
  work->length = length;
  return length;
}

static void set_part(struct ledger_part *part, uint32_t magic, size_t length) {
  part->magic = magic;
  part->version = CONTRACT_VERSION;
  part->length = length;
}

static void point_into_work(struct ledger *ledger) {
  uint8_t *base = (uint8_t *)ledger->work;
  ledger->logs = base + ledger->work->logs_at;
  ledger->journal = (struct journal_part *)(base + ledger->work->journal_at);
}

static void fill(struct ledger *ledger) {
  set_part(&ledger->exits->part, LEDGER_MAGIC_EXITS, sizeof *ledger->exits);
  ledger->exits->slot_count = LIMIT_CHILD_SLOTS;
  set_part(&ledger->work->part, LEDGER_MAGIC_WORK, sizeof *ledger->work);
  ledger->work->slot_count = LIMIT_CHILD_SLOTS;
  work_layout(ledger->work);
  point_into_work(ledger);
  set_part(&ledger->journal->part, LEDGER_MAGIC_JOURNAL, sizeof *ledger->journal + LIMIT_JOURNAL_BYTES);
  log_part_init(ledger->logs);
}

static void *map_shared(size_t bytes) {
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

/* With the snapshots, which otherwise are written and not mapped. */
static int create_inherited(struct ledger *ledger) {
  ledger->exits_fd = ledger->work_fd = -1;
  ledger->exits = map_shared(page_up(sizeof *ledger->exits));
  ledger->work = map_shared(work_layout(NULL));
  if (ledger->exits == NULL || ledger->work == NULL) return -ENOMEM;
  fill(ledger);
  inherited = *ledger;
  return 0;
}

static int open_inherited(struct ledger *ledger) {
  *ledger = inherited;
  return mprotect(ledger->exits, page_up(sizeof *ledger->exits), PROT_READ) < 0 ? -errno : 0;
}

int ledger_create(struct ledger *ledger) {
  size_t work_bytes = work_layout(NULL);
  memset(ledger, 0, sizeof *ledger);
  ledger->exits_fd = make_file("gonit-exits", page_up(sizeof *ledger->exits));
  ledger->work_fd = ledger->exits_fd < 0 ? -1 : make_file("gonit-work", work_bytes);
  if (ledger->work_fd < 0) {
    if (ledger->exits_fd >= 0) close(ledger->exits_fd);
    return create_inherited(ledger);
  }
  /* Memory is given now, so that no later store can fail for want of it. The snapshots are written, not mapped: there
   * a full memory is an error that can be told. Where fallocate(2) is refused the pages come when they are touched. */
  (void)!fallocate(ledger->exits_fd, 0, 0, (off_t)page_up(sizeof *ledger->exits));
  (void)!fallocate(ledger->work_fd, 0, 0, (off_t)page_up(sizeof *ledger->work));
  ledger->exits = map_file(ledger->exits_fd, page_up(sizeof *ledger->exits), PROT_READ | PROT_WRITE);
  ledger->work = map_file(ledger->work_fd, work_bytes - 2 * (size_t)LIMIT_SNAPSHOT_BYTES, PROT_READ | PROT_WRITE);
  if (ledger->exits == NULL || ledger->work == NULL) return -ENOMEM;
  fill(ledger);
  /* A file without seals (O_TMPFILE) is as good as its writers are honest. */
  fcntl(ledger->exits_fd, F_ADD_SEALS, SEALS);
  fcntl(ledger->work_fd, F_ADD_SEALS, SEALS);
  return 0;
}

static int part_fits(const struct ledger_part *part, uint32_t magic, size_t length) {
  return part->magic == magic && part->version == CONTRACT_VERSION && part->length == length;
}

static int file_has(int fd, size_t bytes) {
  struct stat status;
  return fstat(fd, &status) == 0 && status.st_size >= (off_t)bytes;
}

static int map_both(struct ledger *ledger, int exits_fd, int work_fd, int exits_protection) {
  size_t exits_bytes = page_up(sizeof *ledger->exits), work_bytes = work_layout(NULL);
  memset(ledger, 0, sizeof *ledger);
  ledger->exits_fd = exits_fd;
  ledger->work_fd = work_fd;
  if (!file_has(exits_fd, exits_bytes) || !file_has(work_fd, work_bytes)) return -EPROTO;
  ledger->exits = map_file(exits_fd, exits_bytes, exits_protection);
  ledger->work = map_file(work_fd, work_bytes - 2 * (size_t)LIMIT_SNAPSHOT_BYTES, PROT_READ | PROT_WRITE);
  if (ledger->exits == NULL || ledger->work == NULL) return -ENOMEM;
  return part_fits(&ledger->exits->part, LEDGER_MAGIC_EXITS, sizeof *ledger->exits) ? 0 : -EPROTO;
}

int ledger_open(struct ledger *ledger, int exits_fd, int work_fd) {
  if (inherited.exits != NULL) return open_inherited(ledger);
  int result = map_both(ledger, exits_fd, work_fd, PROT_READ);
  if (result < 0) return result;
  struct work_part layout;
  work_layout(&layout);
  const struct work_part *work = ledger->work;
  int fits = part_fits(&work->part, LEDGER_MAGIC_WORK, sizeof *work) && work->logs_at == layout.logs_at &&
             work->journal_at == layout.journal_at && work->snapshot_at == layout.snapshot_at &&
             work->length == layout.length;
  if (!fits) return -EPROTO;
  point_into_work(ledger);
  return 0;
}

void ledger_restore_heads(struct ledger *ledger) {
  TEST_HOOK("ledger-restore-part");
  set_part(&ledger->work->part, LEDGER_MAGIC_WORK, sizeof *ledger->work);
  TEST_HOOK("ledger-restore-slots");
  ledger->work->slot_count = LIMIT_CHILD_SLOTS;
  TEST_HOOK("ledger-restore-layout");
  work_layout(ledger->work);
  TEST_HOOK("ledger-restore-logs");
  point_into_work(ledger);
  set_part((struct ledger_part *)ledger->logs, LEDGER_MAGIC_LOGS, log_part_bytes());
}

/* Between two executions of one file the layout is the same. */
int ledger_reopen(struct ledger *ledger, int exits_fd, int work_fd) {
  int result = map_both(ledger, exits_fd, work_fd, PROT_READ | PROT_WRITE);
  if (result == 0) ledger_restore_heads(ledger);
  return result;
}
