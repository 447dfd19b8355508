// with: ledger.c log-table.c test-hook.c
// valgrind
/*
 * The journal is cut off at each of its stores: what a new manager would find then must be the state before the
 * operation or the one after it, and it must be able to go on from there.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test-hook.h"

static void cut(const char *name);

#undef TEST_HOOK
#define TEST_HOOK(name) cut(name)

#include "../../host/journal.c"

#define AREA_BYTES 65536
#define JOURNAL_AT ((sizeof(struct work_part) + 63) & ~(size_t)63)
#define SNAPSHOT_AT (JOURNAL_AT + ((sizeof(struct journal_part) + LIMIT_JOURNAL_BYTES + 63) & ~(size_t)63))
#define WORK_BYTES (SNAPSHOT_AT + 2 * AREA_BYTES)

static struct ledger ledger;

/* What is being watched while an operation runs; texts are made by describe(). */
static struct {
  int is_on;
  int cuts;
  int is_after; /* the state after the operation was seen: it must not go back */
  char before[4096], after[4096];
} watch;

static void make_ledger(struct ledger *made, int with_file) {
  memset(made, 0, sizeof *made);
  made->exits_fd = -1;
  made->work_fd = with_file ? memfd_create("work", MFD_CLOEXEC) : -1;
  if (with_file) assert(ftruncate(made->work_fd, WORK_BYTES) == 0);
  int flags = with_file ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS;
  made->work = mmap(NULL, WORK_BYTES, PROT_READ | PROT_WRITE, flags, made->work_fd, 0);
  assert(made->work != MAP_FAILED);
  made->work->journal_at = JOURNAL_AT;
  made->work->snapshot_at = SNAPSHOT_AT;
  made->work->length = WORK_BYTES;
  made->journal = (void *)((uint8_t *)made->work + JOURNAL_AT);
  made->journal->part = (struct ledger_part){
      .magic = LEDGER_MAGIC_JOURNAL,
      .version = CONTRACT_VERSION,
      .length = sizeof(struct journal_part) + LIMIT_JOURNAL_BYTES,
  };
}

static void free_ledger(struct ledger *made) {
  munmap(made->work, WORK_BYTES);
  if (made->work_fd >= 0) close(made->work_fd);
}

/* Snapshot and records as a new manager finds them. */
static void describe(struct ledger *from, char *text, size_t size) {
  struct journal journal;
  struct journal_record record;
  uint64_t at = 0;
  uint8_t snapshot[AREA_BYTES];
  journal_open(&journal, from);
  int used = snprintf(text, size, "damage=%d snapshot=", journal.damage_count);
  if (journal_read_snapshot(&journal, snapshot) == 0)
    used += snprintf(text + used, size - (size_t)used, "%.*s", (int)journal.snapshot_bytes, (char *)snapshot);
  while (journal_next(&journal, &at, &record))
    used += snprintf(text + used, size - (size_t)used, " %.*s", (int)record.length, (const char *)record.bytes);
}

/* A new manager goes on from here: what it writes is found, after what was there. */
static void go_on_from_copy(void) {
  struct ledger copy;
  struct journal journal;
  char was[4096], is[4096], want[8192];
  make_ledger(&copy, 0);
  memcpy(copy.work, ledger.work, WORK_BYTES);
  describe(&copy, was, sizeof was);
  journal_open(&journal, &copy);
  assert(journal_append(&journal, "next", 4) == 0);
  assert(journal_processing(&journal) == (int64_t)journal.count - 1);
  describe(&copy, is, sizeof is);
  /* Damage is told once: what is written next belongs to what is left. */
  snprintf(want, sizeof want, "damage=0%s next", strchr(was, ' '));
  assert(strcmp(is, want) == 0);
  assert(journal_write_snapshot(&journal, "later", 5) == 0);
  describe(&copy, is, sizeof is);
  assert(strcmp(is, "damage=0 snapshot=later") == 0);
  free_ledger(&copy);
}

static void cut(const char *name) {
  char text[4096];
  if (!watch.is_on) return;
  watch.is_on = 0;
  watch.cuts++;
  describe(&ledger, text, sizeof text);
  int is_after = strcmp(text, watch.after) == 0;
  if (!is_after && (watch.is_after || strcmp(text, watch.before) != 0)) {
    fprintf(stderr, "cut at %s: found \"%s\", neither \"%s\" nor \"%s\"\n", name, text, watch.before, watch.after);
    abort();
  }
  watch.is_after = is_after;
  go_on_from_copy();
  watch.is_on = 1;
}

static void begin_watch(const char *after) {
  describe(&ledger, watch.before, sizeof watch.before);
  snprintf(watch.after, sizeof watch.after, "%s", after);
  watch.is_after = 0;
  watch.cuts = 0;
  watch.is_on = 1;
}

/* At least this many cuts were tried, so that a missing hook cannot pass for a good journal. */
static void end_watch(int cuts) {
  char text[4096];
  watch.is_on = 0;
  assert(watch.cuts >= cuts);
  describe(&ledger, text, sizeof text);
  assert(strcmp(text, watch.after) == 0);
}

static void append(struct journal *journal, const char *text) { assert(journal_append(journal, text, strlen(text)) == 0); }

static void test_cuts(int with_file) {
  struct journal journal;
  make_ledger(&ledger, with_file);
  journal_open(&journal, &ledger);
  begin_watch("damage=0 snapshot= one");
  append(&journal, "one");
  end_watch(5);
  append(&journal, "two");
  begin_watch("damage=0 snapshot=first");
  assert(journal_write_snapshot(&journal, "first", 5) == 0);
  end_watch(8);
  append(&journal, "three");
  begin_watch("damage=0 snapshot=first three four");
  append(&journal, "four");
  end_watch(5);
  begin_watch("damage=0 snapshot=second");
  assert(journal_write_snapshot(&journal, "second", 6) == 0);
  end_watch(8);
  /* The third goes over the first: the second must hold until the header is there. */
  append(&journal, "five");
  begin_watch("damage=0 snapshot=third, which is longer");
  assert(journal_write_snapshot(&journal, "third, which is longer", 22) == 0);
  end_watch(8);
  free_ledger(&ledger);
}

static void test_marks(void) {
  struct journal journal, found;
  make_ledger(&ledger, 0);
  journal_open(&journal, &ledger);
  assert(journal_processing(&journal) == -1);
  append(&journal, "one");
  journal_stepped(&journal);
  journal_store_effects(&journal, 3);
  journal_open(&found, &ledger);
  assert(journal_processing(&found) == -1 && journal_done(&found) == 0 && journal_effects(&found) == 3);
  journal_store_done(&journal);
  append(&journal, "two");
  journal_open(&found, &ledger);
  assert(journal_processing(&found) == 1 && journal_done(&found) == 1 && journal_effects(&found) == 0);
  journal_store_rung(&journal, 2);
  assert(journal_write_snapshot(&journal, "s", 1) == 0);
  journal_open(&found, &ledger);
  assert(journal_processing(&found) == -1 && journal_done(&found) == 0 && journal_rung(&found) == 2);
  free_ledger(&ledger);
}

static void test_effects_survive_an_append_before_they_are_done(void) {
  struct journal journal;
  make_ledger(&ledger, 0);
  journal_open(&journal, &ledger);
  append(&journal, "one");
  journal_store_effects(&journal, 2);
  append(&journal, "two");
  assert(journal_done(&journal) == 0 && journal_effects(&journal) == 2);
  free_ledger(&ledger);
}

static void test_bounds(void) {
  static uint8_t large[LIMIT_JOURNAL_BYTES + 1];
  struct journal journal;
  struct journal_record record;
  uint64_t at = 0;
  make_ledger(&ledger, 0);
  journal_open(&journal, &ledger);
  assert(journal_append(&journal, large, sizeof large) == -ENOSPC);
  assert(journal_append(&journal, large, LIMIT_JOURNAL_BYTES) == -ENOSPC);
  assert(journal_append(&journal, large, LIMIT_JOURNAL_BYTES - 8) == 0);
  assert(journal_append(&journal, "", 0) == -ENOSPC);
  journal_open(&journal, &ledger);
  assert(journal_next(&journal, &at, &record) == 1 && record.length == LIMIT_JOURNAL_BYTES - 8);
  assert(journal_next(&journal, &at, &record) == 0);
  assert(journal_write_snapshot(&journal, large, AREA_BYTES) == -EFBIG);
  assert(journal.count == 1);
  assert(journal_write_snapshot(&journal, large, AREA_BYTES - sizeof(struct snapshot_header)) == 0);
  assert(journal_append(&journal, "", 0) == 0);
  free_ledger(&ledger);
}

static void test_damage(void) {
  struct journal journal;
  char text[4096];
  make_ledger(&ledger, 0);
  journal_open(&journal, &ledger);
  assert(journal_write_snapshot(&journal, "old", 3) == 0);
  assert(journal_write_snapshot(&journal, "new", 3) == 0);
  append(&journal, "one");
  append(&journal, "two");
  journal_store_done(&journal);
  /* A byte of the second record. */
  ledger.journal->data[16 + 8] ^= 1;
  describe(&ledger, text, sizeof text);
  assert(strcmp(text, "damage=1 snapshot=new one") == 0);
  /* Its place is taken by a new record, which must not count as done. */
  journal_open(&journal, &ledger);
  append(&journal, "three");
  assert(journal_done(&journal) == 1);
  describe(&ledger, text, sizeof text);
  assert(strcmp(text, "damage=0 snapshot=new one three") == 0);
  /* The newer snapshot (the second area is written first, so it is in the other one). */
  ((uint8_t *)ledger.work)[area_at(&ledger, journal.snapshot_area) + sizeof(struct snapshot_header)] ^= 1;
  describe(&ledger, text, sizeof text);
  assert(strcmp(text, "damage=1 snapshot=old") == 0);
  go_on_from_copy();
  /* Another version of both. */
  ledger.journal->part.version = CONTRACT_VERSION + 1;
  journal_open(&journal, &ledger);
  assert(journal.is_stale && journal.damage_count == 1 && journal_rung(&journal) == 0);
  free_ledger(&ledger);
}

static uint32_t random_state = 1;

static uint32_t random_number(uint32_t below) {
  random_state = random_state * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)random_state * below >> 32);
}

/* Whatever stands in the ledger: no crash, no read outside (ASan and valgrind look), all bounded. */
static void test_hostile_content(void) {
  for (int round = 0; round < 300; round++) {
    struct journal journal;
    struct journal_record record;
    uint64_t at = 0, bytes = 0;
    make_ledger(&ledger, 0);
    journal_open(&journal, &ledger);
    for (int i = 0; i < 5; i++) append(&journal, "a record of some length");
    assert(journal_write_snapshot(&journal, "snapshot", 8) == 0);
    for (int i = 0; i < 5; i++) append(&journal, "a record of some length");
    uint8_t *parts[2] = {(uint8_t *)ledger.journal, (uint8_t *)ledger.work + area_at(&ledger, journal.snapshot_area)};
    for (uint32_t i = 0, count = 1 + random_number(8); i < count; i++)
      parts[random_number(2)][random_number(256)] = (uint8_t)random_number(256);
    journal_open(&journal, &ledger);
    while (journal_next(&journal, &at, &record))
      for (size_t i = 0; i < record.length; i++) bytes += record.bytes[i];
    uint8_t *snapshot = malloc(journal.snapshot_bytes + 1);
    if (journal.snapshot_area >= 0) assert(journal_read_snapshot(&journal, snapshot) == 0);
    free(snapshot);
    assert(journal_processing(&journal) >= -1 && journal_processing(&journal) < (int64_t)journal.count);
    assert(journal_done(&journal) <= journal.count);
    int appended = journal_append(&journal, "x", 1);
    assert(appended == 0 || appended == -ENOSPC);
    assert(journal_write_snapshot(&journal, "y", 1) == 0);
    free_ledger(&ledger);
  }
}

int main(void) {
  test_cuts(0);
  test_cuts(1);
  test_marks();
  test_effects_survive_an_append_before_they_are_done();
  test_bounds();
  test_damage();
  test_hostile_content();
  return 0;
}
