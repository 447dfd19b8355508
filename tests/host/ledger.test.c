// with: ledger.c test-hook.c
// valgrind
/* The ledger's files: sizes are sealed, another version and a damaged head are refused, init maps its own again. */
#include "ledger.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "logger.h"
#include "refuse-calls.h"

size_t log_part_bytes(void) { return 100000; }

void log_part_init(void *part) { ((struct ledger_part *)part)->magic = LEDGER_MAGIC_LOGS; }

static void close_ledger(struct ledger *ledger) {
  close(ledger->exits_fd);
  close(ledger->work_fd);
}

static void sizes_are_sealed(void) {
  struct ledger ledger;
  assert(ledger_create(&ledger) == 0);
  int fds[] = {ledger.exits_fd, ledger.work_fd};
  for (int i = 0; i < 2; i++) {
    struct stat file;
    assert(fds[i] >= 32 && (fcntl(fds[i], F_GETFD) & FD_CLOEXEC));
    assert(fstat(fds[i], &file) == 0);
    assert(ftruncate(fds[i], 0) < 0 && errno == EPERM);
    assert(ftruncate(fds[i], file.st_size + 4096) < 0 && errno == EPERM);
    /* Nor may anybody add a seal that keeps the next manager out. */
    assert(fcntl(fds[i], 1033 /* F_ADD_SEALS */, 0x10 /* F_SEAL_FUTURE_WRITE */) < 0 && errno == EPERM);
  }
  close_ledger(&ledger);
}

static void parts_lie_behind_each_other(void) {
  struct ledger ledger;
  assert(ledger_create(&ledger) == 0);
  const struct work_part *work = ledger.work;
  struct stat file;
  assert(ledger.logs == (uint8_t *)work + work->logs_at && work->logs_at >= sizeof *work);
  assert((uint8_t *)ledger.journal == (uint8_t *)work + work->journal_at);
  assert(work->journal_at >= work->logs_at + log_part_bytes());
  assert(work->snapshot_at >= work->journal_at + sizeof *ledger.journal + LIMIT_JOURNAL_BYTES);
  assert(work->length == work->snapshot_at + 2 * LIMIT_SNAPSHOT_BYTES);
  assert(fstat(ledger.work_fd, &file) == 0 && (uint64_t)file.st_size == work->length);
  ledger.journal->data[LIMIT_JOURNAL_BYTES - 1] = 1; /* its last byte is mapped */
  close_ledger(&ledger);
}

/* The exits as a role gets them: open for reading. */
static int reading(int fd) {
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static void roles_read_exits_and_write_work(void) {
  struct ledger ledger, role;
  assert(ledger_create(&ledger) == 0);
  int exits = reading(ledger.exits_fd);
  assert(ledger_open(&role, exits, ledger.work_fd) == 0);
  ledger.exits->orphans = 5;
  role.work->acknowledged = 7;
  assert(role.exits->orphans == 5 && ledger.work->acknowledged == 7);
  assert(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, exits, 0) == MAP_FAILED && errno == EACCES);
  close(exits);
  close_ledger(&ledger);
}

static void other_versions_are_refused(void) {
  struct ledger ledger, role;
  assert(ledger_create(&ledger) == 0);
  struct ledger_part *parts[] = {&ledger.exits->part, &ledger.work->part};
  for (int i = 0; i < 2; i++) {
    struct ledger_part good = *parts[i];
    parts[i]->version++;
    assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == -EPROTO);
    *parts[i] = good;
    parts[i]->magic ^= 1;
    assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == -EPROTO);
    *parts[i] = good;
    parts[i]->length -= 8;
    assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == -EPROTO);
    *parts[i] = good;
    assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == 0);
  }
  ledger.work->journal_at += 4096;
  assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == -EPROTO);
  close_ledger(&ledger);
}

static void files_that_are_too_short_are_refused(void) {
  struct ledger role;
  int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  assert(fd >= 0 && ftruncate(fd, 4096) == 0);
  assert(ledger_open(&role, fd, fd) == -EPROTO);
  assert(ledger_open(&role, -1, -1) == -EPROTO);
  close(fd);
}

/* After a fault init trusts its own part alone; a head that a manager may have spoilt is written again. */
static void init_maps_its_own_again(void) {
  struct ledger ledger, again, role;
  assert(ledger_create(&ledger) == 0);
  ledger.work->slots[7].ticket = 99;
  ledger.exits->sequence = 3;
  memset(&ledger.work->part, 0xff, sizeof ledger.work->part);
  ledger.work->journal_at = 1;
  assert(ledger_reopen(&again, ledger.exits_fd, ledger.work_fd) == 0);
  assert(again.exits->sequence == 3 && again.work->slots[7].ticket == 99);
  again.exits->orphans = 2; /* writable */
  assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == 0);
  close_ledger(&ledger);
}

static void checksums_tell_one_byte(void) {
  char text[] = "a record";
  uint64_t sum = ledger_checksum(text, sizeof text);
  text[3] ^= 1;
  assert(ledger_checksum(text, sizeof text) != sum);
  assert(ledger_checksum(text, 0) == ledger_checksum(text + 1, 0));
}

/* Without memfd_create(2) it is a file without a name, of which only the seals are missing. */
static void an_unnamed_file_stands_in(void) {
  static const int calls[] = {SYS_memfd_create};
  struct ledger ledger, role;
  refuse_calls(calls, 1, EPERM);
  assert(ledger_create(&ledger) == 0 && ledger.exits_fd >= 32 && ledger.work_fd >= 32);
  assert(ledger_open(&role, ledger.exits_fd, ledger.work_fd) == 0);
  close_ledger(&ledger);
}

/* Without any file it is memory that forks share; a role cannot write the exits there either. */
static void shared_memory_stands_in(void) {
  static const int calls[] = {SYS_memfd_create, SYS_ftruncate};
  struct ledger ledger, role;
  int status;
  refuse_calls(calls, 2, EPERM);
  assert(ledger_create(&ledger) == 0 && ledger.exits_fd == -1 && ledger.work_fd == -1);
  memset((uint8_t *)ledger.work + ledger.work->snapshot_at, 1, 2 * LIMIT_SNAPSHOT_BYTES); /* mapped as well */
  pid_t pid = fork();
  if (pid == 0) {
    signal(SIGSEGV, SIG_DFL);
    prctl(PR_SET_DUMPABLE, 0);
    if (ledger_open(&role, 3, 4) != 0) _exit(1);
    role.work->acknowledged = 11;
    role.exits->orphans = 1;
    _exit(2);
  }
  assert(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  assert(ledger.work->acknowledged == 11 && ledger.exits->orphans == 0);
}

static void alone(void (*test)(void)) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    test();
    _exit(0);
  }
  assert(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void) {
  sizes_are_sealed();
  parts_lie_behind_each_other();
  roles_read_exits_and_write_work();
  other_versions_are_refused();
  files_that_are_too_short_are_refused();
  init_maps_its_own_again();
  checksums_tell_one_byte();
  alone(an_unnamed_file_stands_in);
  alone(shared_memory_stands_in);
  return 0;
}
