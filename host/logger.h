/*
 * The logger's table in the ledger, as init and the manager see it. The layout is log-table.h's own affair.
 *
 * Slot 0 belongs to gonit's own messages: init makes its pipe at start, gives the read end to the logger as ROLE_FD_LOG
 * and the write end to the manager as ROLE_FD_LOG, and writes to it itself; while no logger runs, init writes its own
 * messages to standard error.
 *
 * Every other slot's pipe is made by the manager. It sends init INIT_OP_LOG_SOURCE with the read end (a: slot, ticket:
 * generation, name) and INIT_OP_HOLD "log:NAME" with the write end. init keeps both, passes the read end on to the
 * logger by a message of the same kind, and again to each logger that it starts later. INIT_OP_LOG_FORGET (a: slot,
 * ticket: generation) lets init drop both and tells the logger, which drains the pipe first.
 */
#ifndef GONIT_LOGGER_H
#define GONIT_LOGGER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

/* Bytes of the part in the work file (its header included). */
size_t log_part_bytes(void);

/* init, once: empties the table and sets up slot 0. */
void log_part_init(void *part);

struct log_config {
  const char *name, *label, *path;
  uint64_t max_size;
  uint32_t keep, flags, line_limit, sync_ms;
};

struct log_counters {
  uint64_t bytes, lines, dropped, file_size;
  uint64_t stored; /* bytes put into the file (time stamps included) or the memory, ever growing */
  int32_t error;
  uint32_t flags;
};

/* The manager's side (host/log-api.c). Slot number or -errno. */
int log_configure(struct ledger *ledger, const struct log_config *config);
/* Makes the pipe of a slot, hands it to init as said above. Our write end or -errno. */
int log_pipe(struct ledger *ledger, int init_socket, int slot, int capacity_bytes);
void log_forget(struct ledger *ledger, int init_socket, int slot);
void log_read_counters(struct ledger *ledger, int slot, struct log_counters *counters);
/* Recent bytes of a slot kept in memory, oldest first; returns how many. */
size_t log_read_memory(struct ledger *ledger, int slot, uint8_t *buffer, size_t size);
/* 1 when nothing waits in the pipe behind `fd` (our write end) and the logger has written all that it took from it. */
int log_drained(struct ledger *ledger, int slot, int fd);
/* Asks for all files to be opened again. */
void log_reopen(struct ledger *ledger);

#endif
