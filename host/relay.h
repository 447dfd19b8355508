/*
 * The outer process of `up --isolated`: between the user's terminal and the console inside, and between signals and the
 * init inside. It ends when init has ended, with its code, and the terminal's modes are then what they were.
 */
#ifndef GONIT_RELAY_H
#define GONIT_RELAY_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

struct relay_job {
  pid_t child; /* init inside, as our PID namespace numbers it */
  int master;  /* of the console, or -1 without a terminal */
  int signals; /* from relay_catch_signals() */
};

/* Blocks the signals that the relay serves and returns a signalfd; *before is the mask to go back to. fd or -errno. */
int relay_catch_signals(sigset_t *before);

/* Whether this signal asks for the end. */
int relay_ends(unsigned signal);

/* Exit code of init: 128 + n where signal n ended it. */
int relay_run(const struct relay_job *job);

/*
 * The keys that are the relay's own: Ctrl-] then q ends the system, Ctrl-] twice is one Ctrl-] for the program inside,
 * Ctrl-] and anything else is both of them. `out` needs room for 2 * length. Returns how often the end was asked for.
 */
struct relay_keys {
  int escaped; /* 1: the last key was Ctrl-] */
};
int relay_keys_read(struct relay_keys *keys, const char *in, size_t length, char *out, size_t *out_length);

/* A wait status (wait(2)) as an exit code. */
int relay_exit_code(int status);

#endif
