/* Programs on a terminal of their own: what the terminals service does with a line. */
#ifndef GONIT_ON_TERMINAL_H
#define GONIT_ON_TERMINAL_H

#include <sys/types.h>

/*
 * Starts a program in a session of its own, whose controlling terminal and standard descriptors are this terminal.
 * It gets exactly this environment, default signals, and no other descriptor. pid or -errno, also when exec failed.
 */
pid_t on_terminal_start(char *const *argv, char *const *envp, const char *terminal, const char *directory);

/*
 * Takes a line back from the session that is over, if there was one, and gives it the usual settings, whatever the last program left; pending input is dropped. Bits a second as they are with a
 * speed of 0. 0 or -errno; -EINVAL: a speed that termios(3) does not know.
 */
int on_terminal_reset(const char *terminal, unsigned speed, int after_session);

#endif
