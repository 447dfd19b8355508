/* Names of the system's numbers, and whether bytes are UTF-8. Pure. */
#ifndef GONIT_NAMES_H
#define GONIT_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* ENOENT for 2; a number without a name is written as such. The result is a constant or `text`. */
const char *errno_name(int code, char *text, size_t size);

/* SIGTERM for 15, SIGRTMIN+3 for 37; a number without a name is written as such. */
const char *signal_name(int number, char *text, size_t size);

/* Offset of the first byte that is no UTF-8 (RFC 3629), or -1. */
int64_t utf8_first_bad(const uint8_t *bytes, size_t length);

#endif
