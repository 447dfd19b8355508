/*
 * The logger's table in the ledger, as init and the manager see it. The layout is log-table.h's own affair.
 *
 * Slot 0 belongs to gonit's own messages: init makes its pipe at start, gives the read end to the logger as ROLE_FD_LOG
 * and the write end to the manager as ROLE_FD_LOG, and writes to it itself; while no logger runs, init writes its own
 * messages to standard error.
 *
 * Every other slot's pipe is made by the manager. It sends init INIT_OP_LOG_SOURCE with the read end (a: slot, ticket:
 * generation, name) and INIT_OP_HOLD "log:NAME" with the write end. init keeps both, passes the read end on to the
 * logger by a message of the same kind, and again to each logger that it starts later.
 *
 * INIT_OP_LOG_FORGET (a: slot, ticket: generation, name) from the manager: init drops the write end "log:NAME" and
 * passes the message on. The logger reads the pipe to its end and then sends INIT_OP_LOG_FORGET (same a and ticket)
 * itself: only then init drops the read end, so that what is still in the pipe outlives the logger too.
 *
 * INIT_OP_LOG_SOURCE from the logger, a from LIMIT_LOG_SLOTS to LIMIT_LOG_SLOTS + LIMIT_LOG_OWN_PIPES - 1: init keeps
 * the descriptor, replacing one of the same number, and sends it back to each logger that it starts later (nothing is
 * passed on now). They are the pipes through which console output passes: what is in them is not lost with a logger.
 *
 * INIT_OP_LOG_VIEWER from the manager (a: slot): init passes the socket on to the logger and keeps nothing of it.
 * The logger sends a zero byte when it has it, then what the terminal shows.
 *
 * When a logger (or manager) has died, its socket may report ECONNRESET once before it gives the messages that were sent
 * before: init must read on until the end, or it loses descriptors.
 *
 * INIT_OP_LOG_CHANGED from the manager: init adds 1 to the logger's bell (eventfd). INIT_OP_LOG_WATCHED from the
 * logger: init adds 1 to exits.bell and rings the manager. INIT_OP_LOG_DRAIN from init: the logger writes what is in
 * its pipes, makes it durable, and exits with 0, within LOG_DRAIN_MS. It does the same when init closes the socket.
 */
#ifndef GONIT_LOGGER_H
#define GONIT_LOGGER_H

#include <stddef.h>
#include <stdint.h>

#include "ledger.h"

/* Longest time from INIT_OP_LOG_DRAIN to the logger's exit. */
#define LOG_DRAIN_MS 5000

/* Bytes of the part in the work file (its header included). */
size_t log_part_bytes(void);

/* init, once: sets up slot 0. The part must be zero before; most of its pages are never touched, so whoever makes the
 * ledger should not touch them either. */
void log_part_init(void *part);

struct log_config {
  const char *name, *label, *path;
  uint64_t max_size;
  uint64_t rate; /* bytes that are kept of each second, 0: all */
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
/* A pty in place of the pipe: the logger reads the master, init keeps the slave. Both stay the caller's too. 0 or -errno. */
int log_terminal(struct ledger *ledger, int init_socket, int slot, int master, int slave);
/* The logger sends what the slot's terminal shows to this socket, too, which stays the caller's. 0 or -errno. */
int log_viewer(int init_socket, int slot, int socket);
/* Nobody writes to this name any more. What is in its pipe is still written. A manager that dies in this leaves the write
 * end with init, so that the next one does it again. */
void log_forget(struct ledger *ledger, int init_socket, const char *name);
void log_read_counters(struct ledger *ledger, int slot, struct log_counters *counters);
/* Grows each time that a slot's file cannot be written any more, or can be again; init rings the manager then. */
uint32_t log_troubles(struct ledger *ledger);
/* Recent bytes of a slot kept in memory, oldest first; returns how many. */
size_t log_read_memory(struct ledger *ledger, int slot, uint8_t *buffer, size_t size);
/* 1 when nothing waits in the pipe behind `fd` (our write end; a terminal's master) and the logger has written all that it took from it. */
int log_drained(struct ledger *ledger, int slot, int fd);
/* Asks for all files to be opened again. */
void log_reopen(struct ledger *ledger, int init_socket);

#endif
