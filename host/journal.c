/* Journal and snapshots of the manager, see journal.h. */
#include "journal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "test-hook.h"

#define RECORD_HEADER 8
#define COUNT_MAX (LIMIT_JOURNAL_BYTES / RECORD_HEADER)

static uint64_t load(const _Atomic uint64_t *field) { return atomic_load_explicit(field, memory_order_acquire); }

static void store(_Atomic uint64_t *field, uint64_t value) {
  atomic_store_explicit(field, value, memory_order_release);
}

static void add_damage(struct journal *journal, const char *text) {
  if (journal->damage_count < JOURNAL_DAMAGE_MAX) journal->damage[journal->damage_count++] = text;
}

static int part_is_ours(const struct ledger_part *part, uint32_t magic) {
  return part->magic == magic && part->version == CONTRACT_VERSION;
}

/* Each area holds a header and its payload. */
static uint64_t area_bytes(const struct ledger *ledger) {
  const struct work_part *work = ledger->work;
  return work->length > work->snapshot_at ? (work->length - work->snapshot_at) / 2 : 0;
}

static uint64_t area_at(const struct ledger *ledger, int area) {
  return ledger->work->snapshot_at + (area != 0 ? area_bytes(ledger) : 0);
}

/* Where the ledger is no file, its memory is mapped as a whole. */
static int read_work(const struct ledger *ledger, void *buffer, size_t length, uint64_t at) {
  for (size_t done = 0; done < length;) {
    ssize_t got;
    if (ledger->work_fd < 0) {
      memcpy(buffer, (const uint8_t *)ledger->work + at, length);
      return 0;
    }
    got = pread(ledger->work_fd, (uint8_t *)buffer + done, length - done, (off_t)(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return got < 0 ? -errno : -EIO;
    done += (size_t)got;
  }
  return 0;
}

static int write_work(struct ledger *ledger, const void *bytes, size_t length, uint64_t at) {
  for (size_t done = 0; done < length;) {
    ssize_t written;
    if (ledger->work_fd < 0) {
      memcpy((uint8_t *)ledger->work + at, bytes, length);
      return 0;
    }
    written = pwrite(ledger->work_fd, (const uint8_t *)bytes + done, length - done, (off_t)(at + done));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return written < 0 ? -errno : -EIO;
    done += (size_t)written;
  }
  return 0;
}

/* Over the payload and over the header's own numbers, so that no torn header can name another payload. */
static uint64_t snapshot_checksum(uint64_t payload, uint64_t generation, uint64_t bytes) {
  uint64_t all[3] = {payload, generation, bytes};
  return ledger_checksum(all, sizeof all);
}

/* The payload's checksum, read in pieces: the area is not mapped and can be large. */
static int sum_area(const struct ledger *ledger, int area, uint64_t bytes, uint64_t *sum) {
  uint8_t piece[16384];
  uint64_t at = area_at(ledger, area) + sizeof(struct snapshot_header);
  *sum = 0;
  for (uint64_t done = 0; done < bytes;) {
    size_t length = bytes - done < sizeof piece ? (size_t)(bytes - done) : sizeof piece;
    int result = read_work(ledger, piece, length, at + done);
    if (result < 0) return result;
    *sum = *sum * 31 + ledger_checksum(piece, length);
    done += length;
  }
  return 0;
}

static uint64_t sum_bytes(const uint8_t *bytes, size_t length) {
  uint64_t sum = 0;
  for (size_t done = 0; done < length; done += 16384)
    sum = sum * 31 + ledger_checksum(bytes + done, length - done < 16384 ? length - done : 16384);
  return sum;
}

/* 1: valid, 0: never written, -1: damaged, -2: of another version. */
static int check_area(const struct ledger *ledger, int area, struct snapshot_header *header) {
  uint64_t sum;
  if (area_bytes(ledger) <= sizeof *header) return 0;
  if (read_work(ledger, header, sizeof *header, area_at(ledger, area)) < 0) return -1;
  if (header->part.magic == 0 && header->generation == 0) return 0;
  if (header->part.magic != LEDGER_MAGIC_SNAPSHOT) return -1;
  if (header->part.version != CONTRACT_VERSION) return -2;
  if (header->generation == 0 || header->bytes > area_bytes(ledger) - sizeof *header) return -1;
  if (sum_area(ledger, area, header->bytes, &sum) < 0) return -1;
  return header->checksum == snapshot_checksum(sum, header->generation, header->bytes) ? 1 : -1;
}

/* A damaged area is what a manager leaves that dies while it writes: only the loss of the newer one is worth a word,
 * and that shows in the journal's generation. */
static void find_snapshot(struct journal *journal) {
  journal->snapshot_area = -1;
  for (int area = 0; area < 2; area++) {
    struct snapshot_header header;
    int state = check_area(journal->ledger, area, &header);
    if (state == -2) add_damage(journal, "a snapshot of another version is left aside");
    if (state != 1 || (journal->snapshot_area >= 0 && header.generation <= journal->generation)) continue;
    journal->snapshot_area = area;
    journal->snapshot_bytes = header.bytes;
    journal->generation = header.generation;
  }
}

int journal_next(const struct journal *journal, uint64_t *at, struct journal_record *record) {
  const struct journal_part *part = journal->ledger->journal;
  uint32_t header[2];
  if (journal->is_stale || *at >= journal->used) return 0;
  memcpy(header, part->data + *at, sizeof header);
  record->bytes = part->data + *at + RECORD_HEADER;
  record->length = header[0];
  *at += RECORD_HEADER + (((uint64_t)header[0] + 7) & ~7ull);
  return 1;
}

/* Bytes of the record at an offset, header and padding included; 0 when it does not hold. */
static uint64_t check_record(const struct journal_part *part, uint64_t at) {
  uint32_t header[2];
  if (at + RECORD_HEADER > LIMIT_JOURNAL_BYTES) return 0;
  memcpy(header, part->data + at, sizeof header);
  uint64_t bytes = RECORD_HEADER + (((uint64_t)header[0] + 7) & ~7ull);
  if (bytes > LIMIT_JOURNAL_BYTES - at) return 0;
  if ((uint32_t)ledger_checksum(part->data + at + RECORD_HEADER, header[0]) != header[1]) return 0;
  return bytes;
}

static void check_records(struct journal *journal) {
  const struct journal_part *part = journal->ledger->journal;
  uint64_t count = load(&part->count);
  if (count > COUNT_MAX) {
    add_damage(journal, "the journal's count is impossible");
    count = COUNT_MAX;
  }
  while (journal->count < count) {
    uint64_t bytes = check_record(part, journal->used);
    if (bytes == 0) {
      add_damage(journal, "the journal is damaged: its last records are lost");
      return;
    }
    journal->used += bytes;
    journal->count++;
  }
}

void journal_open(struct journal *journal, struct ledger *ledger) {
  const struct journal_part *part = ledger->journal;
  memset(journal, 0, sizeof *journal);
  journal->ledger = ledger;
  find_snapshot(journal);
  if (!part_is_ours(&part->part, LEDGER_MAGIC_JOURNAL)) {
    add_damage(journal, "the journal is of another version and is left aside");
    journal->is_stale = 1;
    return;
  }
  uint64_t generation = load(&part->generation);
  if (generation != journal->generation) {
    if (generation > journal->generation) add_damage(journal, "the last snapshot is damaged: its events are lost");
    journal->is_stale = 1;
    return;
  }
  check_records(journal);
}

int journal_read_snapshot(const struct journal *journal, uint8_t *buffer) {
  if (journal->snapshot_area < 0) return -ENOENT;
  uint64_t at = area_at(journal->ledger, journal->snapshot_area) + sizeof(struct snapshot_header);
  return read_work(journal->ledger, buffer, journal->snapshot_bytes, at);
}

int64_t journal_processing(const struct journal *journal) {
  uint64_t processing = load(&journal->ledger->journal->processing);
  if (journal->is_stale || processing == 0 || processing > journal->count) return -1;
  return (int64_t)processing - 1;
}

uint64_t journal_done(const struct journal *journal) {
  uint64_t done = load(&journal->ledger->journal->done);
  if (journal->is_stale) return 0;
  return done < journal->count ? done : journal->count;
}

uint64_t journal_effects(const struct journal *journal) {
  uint64_t effects = load(&journal->ledger->journal->effects);
  return journal->is_stale || effects > UINT32_MAX ? 0 : effects;
}

uint64_t journal_rung(const struct journal *journal) {
  const struct journal_part *part = journal->ledger->journal;
  uint64_t rung = load(&part->rung);
  return part_is_ours(&part->part, LEDGER_MAGIC_JOURNAL) && rung <= 16 ? rung : 0;
}

/* The generation is stored last: until then the records, whole or half emptied, belong to an older snapshot and are not
 * looked at. The rung stays: a manager that dies while it recovers must not look as if it had not tried. */
static void empty(struct journal *journal) {
  struct journal_part *part = journal->ledger->journal;
  if (!part_is_ours(&part->part, LEDGER_MAGIC_JOURNAL)) {
    TEST_HOOK("journal-head-length");
    part->part.length = sizeof *part + LIMIT_JOURNAL_BYTES;
    part->part.version = CONTRACT_VERSION;
    TEST_HOOK("journal-head-generation");
    store(&part->rung, 0);
    store(&part->generation, UINT64_MAX);
    TEST_HOOK("journal-head-magic");
    part->part.magic = LEDGER_MAGIC_JOURNAL;
  }
  TEST_HOOK("journal-empty");
  store(&part->count, 0);
  TEST_HOOK("journal-empty-count");
  store(&part->processing, 0);
  TEST_HOOK("journal-empty-processing");
  store(&part->done, 0);
  TEST_HOOK("journal-empty-done");
  store(&part->effects, 0);
  TEST_HOOK("journal-empty-effects");
  store(&part->used, 0);
  TEST_HOOK("journal-empty-used");
  store(&part->generation, journal->generation);
  TEST_HOOK("journal-emptied");
  journal->is_stale = 0;
  journal->count = journal->used = 0;
}

int journal_append(struct journal *journal, const void *bytes, size_t length) {
  struct journal_part *part = journal->ledger->journal;
  if (journal->is_stale) empty(journal);
  uint64_t at = journal->used;
  uint64_t whole = RECORD_HEADER + (((uint64_t)length + 7) & ~7ull);
  if (length > LIMIT_JOURNAL_BYTES || whole > LIMIT_JOURNAL_BYTES - at) return -ENOSPC;
  uint32_t header[2] = {(uint32_t)length, (uint32_t)ledger_checksum(bytes, length)};
  TEST_HOOK("journal-append");
  if (length > 0) memcpy(part->data + at + RECORD_HEADER, bytes, length);
  memcpy(part->data + at, header, sizeof header);
  TEST_HOOK("journal-append-payload");
  /* Records that were lost to damage may have been done; the numbers after them are given out again. */
  if (load(&part->done) > journal->count) store(&part->done, journal->count);
  /* Effects belong to the record behind `done`: when all are done, that is this one. */
  if (load(&part->done) == journal->count) store(&part->effects, 0);
  TEST_HOOK("journal-append-effects");
  store(&part->processing, journal->count + 1);
  TEST_HOOK("journal-append-processing");
  store(&part->used, at + whole);
  TEST_HOOK("journal-append-used");
  store(&part->count, journal->count + 1);
  TEST_HOOK("journal-append-count");
  journal->count++;
  journal->used = at + whole;
  return 0;
}

void journal_stepped(struct journal *journal) {
  TEST_HOOK("journal-step");
  store(&journal->ledger->journal->processing, 0);
  TEST_HOOK("journal-stepped");
}

void journal_store_effects(struct journal *journal, uint64_t count) {
  TEST_HOOK("journal-effects-begin");
  store(&journal->ledger->journal->effects, count);
  TEST_HOOK("journal-effects");
}

void journal_store_done(struct journal *journal) {
  TEST_HOOK("journal-done-begin");
  store(&journal->ledger->journal->done, journal->count);
  TEST_HOOK("journal-done");
}

void journal_store_rung(struct journal *journal, uint64_t rung) {
  struct journal_part *part = journal->ledger->journal;
  if (!part_is_ours(&part->part, LEDGER_MAGIC_JOURNAL)) empty(journal);
  TEST_HOOK("journal-rung");
  store(&part->rung, rung);
  TEST_HOOK("journal-rung-stored");
}

int journal_write_snapshot(struct journal *journal, const void *bytes, size_t length) {
  struct ledger *ledger = journal->ledger;
  int area = journal->snapshot_area == 0 ? 1 : 0;
  uint64_t generation = journal->generation + 1;
  struct snapshot_header header = {
      .part = {.magic = LEDGER_MAGIC_SNAPSHOT, .version = CONTRACT_VERSION, .length = area_bytes(ledger)},
      .generation = generation,
      .bytes = length,
      .checksum = snapshot_checksum(sum_bytes(bytes, length), generation, length),
  };
  if (area_bytes(ledger) <= sizeof header || length > area_bytes(ledger) - sizeof header) return -EFBIG;
  TEST_HOOK("snapshot-begin");
  int result = write_work(ledger, bytes, length, area_at(ledger, area) + sizeof header);
  TEST_HOOK("snapshot-payload");
  if (result == 0) result = write_work(ledger, &header, sizeof header, area_at(ledger, area));
  if (result < 0) return result;
  TEST_HOOK("snapshot-header");
  journal->snapshot_area = area;
  journal->snapshot_bytes = length;
  journal->generation = generation;
  empty(journal);
  TEST_HOOK("snapshot-done");
  return 0;
}
