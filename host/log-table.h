/*
 * The logger's part of the ledger.
 *
 *   configs, name_hashes, text   written by the manager: what is wanted of each source
 *   states                       written by the logger: what it has done for each source
 *   records, windows             written by the logger: the piece of output it has in hand (below)
 *   areas, partials              written by the logger: recent bytes, and lines that wait for their end
 *
 * Exactly once. Bytes leave a pipe by read(2) and reach a file by pwrite(2), and the logger may be killed between any
 * two instructions. A record says at each instant what its successor has to do:
 *
 *   idle -> reading   16 random bytes (the canary) stand at the start of the window; `bytes` were seen by FIONREAD.
 *                     Only the logger reads, so the read gives exactly that many, or did not happen: the canary tells.
 *        -> got       the window holds bytes that are nowhere else. They are delivered in steps; each step's result is
 *                     prepared in the copy of the step that is not current, then made current by one store (`turn`).
 *                     A step that was cut short is done again: a write goes to the same offset, a rename that has
 *                     happened finds no source, and whether a push into a console pipe happened is seen at its level.
 *        -> finished  the step's progress is copied to the state of the slot; copying twice does no harm
 *        -> idle
 *
 * Nothing but a step and the record decides what a step writes: the time of its stamps stands in the record.
 *
 * Pages that are not used are never touched: a table for few services costs few pages.
 */
#ifndef GONIT_LOG_TABLE_H
#define GONIT_LOG_TABLE_H

#include <stdatomic.h>
#include <stdint.h>

#include "ledger.h"

#define LOG_NAME_BYTES (LIMIT_NAME_BYTES + 8) /* name@replica:err, with its NUL */
#define LOG_PATH_BYTES 256                    /* with its NUL */
#define LOG_TEXT_BYTES_MIN 64
#define LOG_TEXT_BYTES_MAX (2 * LOG_NAME_BYTES + LOG_PATH_BYTES) /* name, label and path of one slot */
#define LOG_PARTIALS 64
#define LOG_PARTIAL_BYTES 16384
#define LOG_RECORDS 3 /* one for sources without console, one for each console */
#define LOG_CONSOLES 2
#define LOG_CANARY_BYTES 16

/* States of a config slot. A forgotten slot is claimed again only after the logger has released its generation. */
#define LOG_SLOT_FREE 0
#define LOG_SLOT_USED 1
#define LOG_SLOT_FORGOTTEN 2

/* One version of what is wanted. */
struct log_config_version {
  uint64_t max_size;
  uint64_t rate; /* bytes in a second that are kept, 0: all */
  uint32_t keep, flags, line_limit, sync_ms;
  uint32_t text_at;    /* offset in `text`: name, label, path, each with its NUL */
  uint16_t text_bytes; /* all three */
  uint16_t reserved;
};

/* Writer: the manager. A change is written beside the version in use and made current by one store, so that neither a
 * reader nor the next manager ever meets half of one. */
struct log_config_slot {
  _Atomic uint32_t version; /* versions[version & 1] is current; 0: never configured */
  _Atomic uint32_t generation; /* grows with each claim of the slot */
  _Atomic uint32_t state;      /* LOG_SLOT_* */
  uint32_t space_at;           /* two halves of space_bytes each in `text`, used in turn */
  uint32_t space_bytes;
  uint32_t reserved;
  struct log_config_version versions[2];
};

/* A terminal's carriage return came last: what follows tells whether it belongs to a line end. Bits of held_return. */
#define LOG_RETURN_TEXT 1
#define LOG_RETURN_CONSOLE 2

#define LOG_TORN 1       /* bytes were dropped in the middle of a line: the file needs a line end first */
#define LOG_TORN_BELOW 2 /* the file's last line goes on in memory: it needs a line end first if its rest is lost there */

/* What the logger has done for one source. */
struct log_progress {
  uint64_t bytes, lines, dropped;
  uint64_t file_size;    /* where the next write to the file goes */
  uint64_t memory_total; /* bytes ever put into the area; the last ones are in it */
  uint64_t stored;       /* bytes ever put into the file or the area, stamps included */
  int32_t error;         /* errno of the last write or open, 0 when it worked */
  uint32_t column;       /* bytes of the line that is open in the file or area; 0: at a line's start */
  uint32_t area;         /* 1 + number of its memory area, 0: none */
  uint32_t partial;      /* 1 + number of the block that holds its unfinished console line, 0: none */
  uint32_t partial_bytes;
  uint8_t torn;        /* LOG_TORN*, 0: what comes next continues what is there */
  uint8_t carry_bytes; /* JSON: the start of a UTF-8 sequence whose rest has not come yet */
  uint8_t carry[4];
  uint8_t dirty; /* written since the last fdatasync */
  uint8_t held_return; /* LOG_RETURN_* */
};

/* Writer: the logger. */
struct log_state {
  _Atomic uint32_t generation; /* whose progress this is */
  _Atomic uint32_t released;   /* the last generation whose pipe was read to its end after it was forgotten */
  struct log_progress progress;
};

#define LOG_SINK_NONE 0   /* nothing is kept */
#define LOG_SINK_FILE 1   /* regular file: written at an offset */
#define LOG_SINK_STREAM 2 /* a FIFO or device that a path names */
#define LOG_SINK_MEMORY 3 /* the slot's area */
#define LOG_SINK_LOST 4   /* should be kept, but nothing can take it: counted as dropped */

struct log_step {
  struct log_progress progress;
  uint64_t device, inode;  /* of the file that progress.file_size is about */
  uint32_t sink;           /* LOG_SINK_* */
  uint32_t text_taken;     /* bytes of the window that the sink has */
  uint32_t console_taken;  /* bytes of the window that the console, or the partial block, has */
  uint32_t partial_taken;  /* bytes of the partial block that the console has */
  uint32_t rotate;         /* 1 + number of the archive to be moved next, 0: no rotation under way */
  uint32_t open;           /* 1 + slot whose line is open on the console, 0: none */
  uint32_t closed;         /* 1: counters were added */
  uint32_t object_closed;  /* 1: the open JSON object that a flush found is closed */
};

#define LOG_PHASE_IDLE 0
#define LOG_PHASE_READING 1
#define LOG_PHASE_GOT 2
#define LOG_PHASE_FINISHED 3

struct log_record {
  _Atomic uint32_t phase; /* LOG_PHASE_* */
  _Atomic uint32_t turn;  /* steps[turn & 1] is current */
  _Atomic uint32_t pushing; /* turn + 1: a push to the console's pipe was begun, which leads to that turn */
  uint32_t push_level, push_bytes; /* bytes in that pipe before the push, and of the push */
  uint32_t slot, generation;
  uint32_t bytes;     /* to be read, later: in the window */
  uint32_t available; /* FIONREAD before the read, at least `bytes` */
  uint32_t flush;     /* 1: no bytes, but the unfinished line is to be shown on the console, or its object closed */
  uint32_t attempts, attempt_turn; /* loggers that crashed at this turn */
  uint32_t flags, keep, line_limit; /* copied from the configuration, so that all steps agree */
  uint64_t max_size;
  int64_t wall_ms; /* time of the stamps */
  uint8_t canary[LOG_CANARY_BYTES];
  struct log_step steps[2];
};

struct log_part {
  struct ledger_part part;
  /* Writer: the manager. */
  _Atomic uint32_t slot_count;   /* slots ever used: those from here on are untouched */
  _Atomic uint32_t reopen_count; /* grows when all files are to be opened again */
  uint32_t text_used;
  uint32_t reserved;
  /* Writer: the logger. */
  _Atomic uint32_t trouble_count; /* grows when a source's file cannot be written any more, or can be again */
  _Atomic uint32_t console_pipes; /* bit n: init holds both ends of console n's pipe for us */
  _Atomic uint64_t console_dropped; /* bytes that were in a console's pipe when its reader went away */
  uint32_t console_open[LOG_CONSOLES]; /* as log_step.open */
  uint32_t area_owner[LIMIT_LOG_MEMORY_SLOTS]; /* 1 + slot, 0: free */
  uint32_t partial_owner[LOG_PARTIALS];
  struct log_record records[LOG_RECORDS];
  uint32_t name_hashes[LIMIT_LOG_SLOTS]; /* Writer: the manager. Of names in use, so that a name is found in one sweep */
  struct log_config_slot configs[LIMIT_LOG_SLOTS];
  struct log_state states[LIMIT_LOG_SLOTS];
  /* A slot's space only ever grows (64, 128, 256, 528, twice each), so 2048 bytes a slot are never used up. */
  char text[LIMIT_LOG_SLOTS * 2048];
  _Alignas(4096) uint8_t windows[LOG_RECORDS][LIMIT_LOG_WINDOW_BYTES];
  uint8_t partials[LOG_PARTIALS][LOG_PARTIAL_BYTES];
  uint8_t areas[LIMIT_LOG_MEMORY_SLOTS][LIMIT_LOG_MEMORY_BYTES];
};

/* A slot's configuration, copied out. */
struct log_settings {
  uint32_t slot, version, generation;
  uint64_t max_size, rate;
  uint32_t keep, flags, line_limit, sync_ms;
  char text[LOG_TEXT_BYTES_MAX];
  const char *name, *label, *path; /* into text */
};

/* 0, or -ENOENT when the slot was never configured, -EPROTO when what stands there makes no sense. */
int log_settings_load(const struct log_part *part, uint32_t slot, struct log_settings *settings);

#endif
