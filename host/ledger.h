/*
 * The ledger: shared memory that outlives whoever writes it.
 *
 * Two memory files. `exits` is written by init only and mapped read-only by the others; `work` is written by the
 * manager and, in its log part, by the logger. Each field has exactly one writer, named beside it. init maps `work`
 * too, but never acts on a number from it unchecked.
 *
 *   child slot:  free -> claimed(ticket) -> running(pid, stored by the kernel before the child runs)
 *                     -> init records the exit in `exits` -> the manager takes it and frees the slot
 *
 * An exit is recorded when exits.slots[i].ticket equals work.slots[i].ticket. A slot holds one exit at most and is not
 * claimed again before that exit was taken, so no exit can be lost and nothing can overflow.
 *
 * Records are published in this order: payload, length and checksum, then the sequence number as a release store.
 * Sizes never change after init made the files (sealed), so no writer can kill another by SIGBUS.
 */
#ifndef GONIT_LEDGER_H
#define GONIT_LEDGER_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "contract.h"

#define LEDGER_MAGIC_EXITS 0x31455447u /* "GTE1" */
#define LEDGER_MAGIC_WORK 0x31575447u  /* "GTW1" */
#define LEDGER_MAGIC_LOGS 0x314c5447u  /* "GTL1" */
#define LEDGER_MAGIC_JOURNAL 0x314a5447u
#define LEDGER_MAGIC_SNAPSHOT 0x31535447u

/* Stands at the start of every part. A part of another version is refused or converted, never guessed at. */
struct ledger_part {
  uint32_t magic;
  uint32_t version; /* CONTRACT_VERSION */
  uint64_t length;  /* bytes of this part, this header included */
};

/* One child as init saw it end. Writer: init. */
struct exit_slot {
  _Atomic uint64_t ticket; /* stored last (release): the record is complete when it equals the claim's ticket */
  uint64_t sequence;       /* 1 for the first exit that this instance recorded */
  int64_t at_ns;           /* CLOCK_MONOTONIC */
  int32_t pid;
  int32_t code;   /* exit code, or -1 */
  int32_t signal; /* terminating signal, or 0 */
  int32_t core;   /* 1: dumped core */
  uint32_t cpu_ms;
  uint32_t max_rss_kib;
};

/* How a role (manager, logger) is doing. Writer: init. */
struct role_record {
  _Atomic int32_t pid;      /* 0: not running */
  _Atomic uint32_t life;    /* starts so far, the running one included */
  int64_t started_ns;
  int32_t last_code;   /* how the one before ended: exit code or -1 */
  int32_t last_signal; /* or its signal */
  _Atomic uint32_t failures; /* in a row, each within a second of its start */
};

struct exits_part {
  struct ledger_part part;
  uint32_t slot_count;
  uint32_t role;         /* ROLE_* */
  int64_t started_ns;    /* when init began, CLOCK_MONOTONIC */
  int32_t init_pid;
  uint32_t isolated;     /* 1: up --isolated */
  uint64_t nofile_soft;  /* RLIMIT_NOFILE of gonit's own start: what services get; the roles have more */
  uint64_t ignored, blocked; /* bit n-1: signal n, at gonit's own start: what a plain init's command gets */
  int32_t oom_score_adj; /* of gonit's own start, likewise */
  uint32_t reserved;
  char instance_id[40];  /* random, for the mark in the environment: survives manager restarts, not init's end */
  _Atomic uint32_t init_life; /* 1, and one more for each re-execution after a fault */
  _Atomic uint32_t safe_mode; /* 1: the manager cannot be brought back; services go on */
  _Atomic uint64_t bell;      /* grows each time the manager is rung */
  _Atomic uint64_t sequence;  /* exits recorded so far; exits.order[(s - 1) % slot_count] is the slot of exit s */
  _Atomic uint64_t orphans;   /* children reaped that had no slot */
  _Atomic uint32_t signals[65]; /* by signal number; each only grows */
  struct role_record manager, logger;
  uint32_t order[LIMIT_CHILD_SLOTS];
  struct exit_slot slots[LIMIT_CHILD_SLOTS];
};

#define SLOT_NAMED 2u      /* not started by us: a process of a start's tree that the service named as its main one */
#define SLOT_KILL_GROUP 1u /* init kills the process group when the leader has died, before it reaps the leader */

/* One child as the manager started it. Writer: the manager and its spawner threads; `pids` the kernel. */
struct child_slot {
  _Atomic uint64_t ticket;
  _Atomic uint32_t state; /* SLOT_STATE_* */
  uint32_t kind;          /* PROCESS_KIND_* */
  uint32_t flags;         /* SLOT_* */
  _Atomic uint32_t stage; /* STAGE_* where the child failed */
  _Atomic int32_t error;  /* errno there */
  uint32_t reserved;
  int64_t started_ns;
  char instance[LIMIT_NAME_BYTES]; /* service or service@replica, ends in NUL */
};

struct work_part {
  struct ledger_part part;
  uint32_t slot_count;
  uint32_t reserved;
  /* Byte offsets in the work file of the parts behind this one. Writer: init, once. */
  uint64_t logs_at, journal_at, snapshot_at, length;
  _Atomic uint64_t acknowledged; /* last exits.bell that the manager has dealt with. Writer: manager */
  /* Dense, so that init finds a dead child's slot in one sweep of 16 KiB. Stored by the kernel (PARENT_SETTID). */
  _Atomic int32_t pids[LIMIT_CHILD_SLOTS];
  struct child_slot slots[LIMIT_CHILD_SLOTS];
};

/*
 * Journal: records one behind the other from `data`, emptied by each snapshot. Writer: the manager.
 * record: uint32 length, uint32 checksum, bytes, padding to 8.
 */
struct journal_part {
  struct ledger_part part;
  _Atomic uint64_t generation; /* that of the snapshot these records follow */
  _Atomic uint64_t count;      /* records complete; stored last */
  _Atomic uint64_t used;       /* bytes of data in use */
  _Atomic uint64_t processing; /* 1 + index of the record being stepped, 0: none */
  _Atomic uint64_t done;       /* records whose effects were all performed */
  _Atomic uint64_t effects;    /* effects of record `done` (the one that is not done) that need no second try */
  _Atomic uint64_t rung;       /* recovery rung being tried, 0: none */
  uint8_t data[];              /* LIMIT_JOURNAL_BYTES */
};

/* Two areas; the one with the higher generation whose checksum holds is valid. Not mapped: pread and pwrite. */
struct snapshot_header {
  struct ledger_part part;
  uint64_t generation;
  uint64_t bytes;
  uint64_t checksum;
};

struct ledger {
  int exits_fd, work_fd;
  struct exits_part *exits; /* read-only for everyone but init */
  struct work_part *work;
  uint8_t *logs; /* struct log_part of log-table.h, at work + logs_at */
  struct journal_part *journal;
};

/* init: makes both files (memfd; else O_TMPFILE in /run, /dev/shm or /tmp; else memory that forks share, and no
 * descriptors), gives them memory, and seals their sizes. 0 or -errno. */
int ledger_create(struct ledger *ledger);

/* A role or `status --ledger`: maps the files behind two descriptors. -EPROTO: another version or a damaged header. */
int ledger_open(struct ledger *ledger, int exits_fd, int work_fd);

/* init: what a fault of another role may have done to the heads that init wrote is put right. Without them no manager and
 * no logger could begin. */
void ledger_restore_heads(struct ledger *ledger);

/* init after re-execution: maps its own files again, writable. */
int ledger_reopen(struct ledger *ledger, int exits_fd, int work_fd);

/* FNV-1a over bytes; guards records against tearing, not against malice. */
uint64_t ledger_checksum(const void *data, size_t bytes);

#endif
