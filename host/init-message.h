/*
 * Messages between init and its roles, over the socket ROLE_FD_INIT (SOCK_SEQPACKET, close-on-exec).
 * One struct a message; a descriptor, where the operation has one, travels beside it as SCM_RIGHTS.
 * init serves a bounded number a turn and answers only list_held; everything else is one-way and in order, so what a
 * manager sent before it died is still carried out.
 */
#ifndef GONIT_INIT_MESSAGE_H
#define GONIT_INIT_MESSAGE_H

#include <stdint.h>

#include "contract.h"

#define HELD_NAME_BYTES (LIMIT_NAME_BYTES + 16) /* "notify:" and the like before a service's name */

struct init_message {
  uint32_t version; /* CONTRACT_VERSION; others are dropped */
  uint32_t op;      /* INIT_OP_* */
  uint64_t ticket;  /* signal: the slot's ticket; log_source: the log slot's generation */
  int32_t a;        /* signal: slot · shutdown: mode · log_source, log_forget: log slot */
  int32_t b;        /* signal: signal number · shutdown: exit code */
  int32_t c;        /* signal: SIGNAL_SCOPE_* · shutdown: grace in ms */
  char name[HELD_NAME_BYTES]; /* hold, release, held: kind:rest, such as log:web, control, lock, notify:db */
};

/* Sends with at most one descriptor (-1: none). 0 or -errno; -EAGAIN when the other side is slow. */
int init_message_send(int socket, const struct init_message *message, int fd);

/* Receives one; *fd is -1 when none came. 1: got one, 0: the other side closed, or -errno. */
int init_message_receive(int socket, struct init_message *message, int *fd);

#endif
