/* Words of the kernel's command line, /proc/cmdline (bootparam(7)). */
#ifndef GONIT_KERNEL_WORDS_H
#define GONIT_KERNEL_WORDS_H

#include <stddef.h>

#define KERNEL_WORDS_BYTES 4096 /* COMMAND_LINE_SIZE is 2048 on x86, 4096 elsewhere at most */

/* Looks for `name` or `name=VALUE` in the text; of several the last one counts, as for the kernel. The value, "" for a
 * word without one, goes to `value`, shortened to `size`. Returns whether the word is there. */
int kernel_word_in(const char *text, const char *name, char *value, size_t size);

/* The same in the running kernel's command line; 0 too when it cannot be read. */
int kernel_word(const char *name, char *value, size_t size);

#endif
