/* Ptys, and the usual modes of a terminal. Functions return 0 or -errno. */
#ifndef GONIT_PTY_H
#define GONIT_PTY_H

#include <termios.h>

/* A master that does not block and its slave, both close-on-exec; neither becomes our controlling terminal. */
int pty_open(int *master, int *slave);

/* The usual modes; what has been typed and not read stays. */
int pty_reset(int slave);

/* Lines, echo, signals of keys, the usual keys. Speed and parity are the line's own and stay. */
void terminal_usual_modes(struct termios *modes);

#endif
