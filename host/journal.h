/*
 * The manager's memory across its own death: a journal of records, and snapshots of the whole state (ledger.h).
 *
 * The newest snapshot whose checksum holds counts, and the journal counts only when it carries that snapshot's
 * generation. So the two need no common moment: a snapshot is written beside the older one, and from the store of its
 * header on the records before it are history, emptied or not.
 *
 * A record is published by the store of `count`. `processing` is stored before it, so that a record whose step ends the
 * manager is always known.
 */
#ifndef GONIT_JOURNAL_H
#define GONIT_JOURNAL_H

#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

#define JOURNAL_DAMAGE_MAX 4

struct journal_record {
  const uint8_t *bytes; /* in the ledger */
  size_t length;
};

struct journal {
  struct ledger *ledger;
  uint64_t generation;    /* of the snapshot that counts, 0: there is none */
  int snapshot_area;      /* 0 or 1; -1: there is none */
  uint64_t snapshot_bytes;
  int is_stale;           /* what the journal part holds belongs to another generation, or is damaged at its head */
  uint64_t count, used;   /* records that hold, and the bytes they take */
  const char *damage[JOURNAL_DAMAGE_MAX];
  int damage_count;
};

/* Looks at what the ledger holds. Writes nothing, so `status --ledger` uses it too. */
void journal_open(struct journal *journal, struct ledger *ledger);

/* Copies the snapshot that counts into a buffer of snapshot_bytes. 0 or -errno. */
int journal_read_snapshot(const struct journal *journal, uint8_t *buffer);

/* The record behind *at; start with *at = 0. 1, or 0 when there is none left. */
int journal_next(const struct journal *journal, uint64_t *at, struct journal_record *record);

/* Index of the record that was being stepped, or -1. */
int64_t journal_processing(const struct journal *journal);
uint64_t journal_done(const struct journal *journal);
uint64_t journal_effects(const struct journal *journal);
uint64_t journal_rung(const struct journal *journal);

/* 0, or -ENOSPC: write a snapshot first. */
int journal_append(struct journal *journal, const void *bytes, size_t length);
void journal_stepped(struct journal *journal);
void journal_store_effects(struct journal *journal, uint64_t count);
void journal_store_done(struct journal *journal);
void journal_store_rung(struct journal *journal, uint64_t rung);

/* 0, -EFBIG or -errno. The journal is empty after it. */
int journal_write_snapshot(struct journal *journal, const void *bytes, size_t length);

#endif
