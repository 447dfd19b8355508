/*
 * init's table of descriptors that outlive the manager and the logger, each under a name such as control, lock,
 * log:web or notify:db.
 *
 * Small, because it is init's memory: an entry has room for short names, longer ones go on in blocks. Every change ends
 * in one store of the entry's descriptor, so that a fault of init at any instant leaves the table whole.
 */
#ifndef GONIT_HELD_H
#define GONIT_HELD_H

#include <stdint.h>

#include "contract.h"

#define HELD_MAX (3 * LIMIT_LOG_SLOTS + 128)
#define HELD_BLOCKS 16384
#define HELD_INLINE_BYTES 20
#define HELD_BLOCK_BYTES 28

struct held_entry {
  int32_t fd;    /* 0: free */
  uint32_t hash; /* of the name */
  uint32_t next; /* 1 + first block of the rest of the name, 0: none */
  char text[HELD_INLINE_BYTES];
};

struct held_block {
  uint32_t next;
  char text[HELD_BLOCK_BYTES];
};

/* One for each slot of the logger's table; see logger.h. */
struct log_source {
  int32_t fd; /* 0: none */
  uint32_t generation;
};

#define SOURCE_SEND 1u        /* the logger has yet to get the descriptor */
#define SOURCE_SEND_FORGET 2u /* and to hear that it is forgotten */
#define SOURCE_FORGOTTEN 4u   /* it is; the logger reads it to its end */

struct held_table {
  int32_t entries_end; /* entries from here on were never used; so with the others */
  int32_t blocks_end;
  int32_t sources_end;
  int32_t own_pipes[LIMIT_LOG_OWN_PIPES]; /* of the logger: log slots from LIMIT_LOG_SLOTS on */
  uint8_t own_pipes_send;                 /* bit n: the logger has yet to get pipe n */
  uint32_t blocks_used[HELD_BLOCKS / 32]; /* bits */
  uint8_t source_flags[LIMIT_LOG_SLOTS];  /* SOURCE_* */
  struct log_source sources[LIMIT_LOG_SLOTS];
  struct held_entry entries[HELD_MAX];
  struct held_block blocks[HELD_BLOCKS];
};

/* Takes the descriptor over, closing one of the same name. 0, or -ENOSPC, -EINVAL: it was closed. */
int held_hold(const char *name, int fd);
void held_release(const char *name);
/* The descriptor of a name, or -ENOENT. */
int held_find(const char *name);
/* Finds unused blocks again, which a fault in the midst of a change may have left marked as used. */
void held_repair(void);
/* The name of an entry in use; `name` has HELD_NAME_BYTES. */
void held_name(int entry, char *name);

#endif
