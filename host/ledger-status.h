/* What `status --ledger` shows. */
#ifndef GONIT_LEDGER_STATUS_H
#define GONIT_LEDGER_STATUS_H

/* The ledger of the init process `pid` as JSON text, for free(). 0, -ENOENT: no ledger there, -EPROTO: one of another
 * version or damaged, or -errno. */
int ledger_status(int pid, char **text);

#endif
