/* What the manager's bindings share: the ledger, the journal, and the socket to init. */
#ifndef GONIT_JS_MANAGER_H
#define GONIT_JS_MANAGER_H

#include "init-message.h"
#include "journal.h"
#include "ledger.h"

struct manager {
  struct ledger ledger;
  struct journal journal;
};

extern struct manager manager;

/* Sends to init, waiting for a bounded time while it is slow. 0 or -errno. */
int manager_send(const struct init_message *message, int fd);

/* A message of an operation, with a name where it has one. 0 or -ENAMETOOLONG. */
int manager_message(struct init_message *message, uint32_t op, const char *name);


/* One or more of gonit's own lines, through the logger; never waits. 0 or -errno (nothing was taken). */
int manager_own_log(const void *text, size_t length);

/* Takes what waits on init's socket; ends the process when init has ended. */
int js_init_drain(void);

#endif
