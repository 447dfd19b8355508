/* Unpacks a raw stream of LZMA with lc=3, lp=0, pb=0 (the format of the LZMA specification of 2015, without a header). */
#ifndef GONIT_LZMA_H
#define GONIT_LZMA_H

#include <stddef.h>

/* How many bytes the stream unpacks to, `room` at most, or -1: it is damaged or cut short. One that would unpack to more
 * than `room` is either. */
long lzma_unpack(const unsigned char *stream, size_t length, unsigned char *to, size_t room);

#endif
