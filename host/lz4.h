/* Unpacks a block of LZ4 (the block format of lz4.org, version of 2022-07-31). */
#ifndef GONIT_LZ4_H
#define GONIT_LZ4_H

#include <stddef.h>

/* How many bytes the block unpacks to, or -1: it is damaged, or holds more than `room`. */
long lz4_unpack(const unsigned char *block, size_t length, unsigned char *to, size_t room);

#endif
