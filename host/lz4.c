/* Unpacks a block of LZ4; see lz4.h. A block is a row of sequences: literals, then a match in what is unpacked already. */
#include "lz4.h"

#include <string.h>

#define MATCH_LEAST 4
#define LENGTH_GOES_ON 15 /* in half a token */

struct cursor {
  const unsigned char *at, *end;
};

/* The rest of a length that does not fit into half a token. -1: cut short. */
static long read_length(struct cursor *from, unsigned half) {
  long length = half;
  if (half < LENGTH_GOES_ON) return length;
  for (;;) {
    if (from->at == from->end) return -1;
    unsigned char more = *from->at++;
    length += more;
    if (more < 255) return length;
  }
}

/* Most pieces are short: a call of memcpy(3) for each takes three times as long. */
static inline void copy(unsigned char *to, const unsigned char *from, size_t length) {
  for (; length >= 8; length -= 8, to += 8, from += 8) memcpy(to, from, 8);
  while (length-- > 0) *to++ = *from++;
}

/* A match may overlap what it makes, so it is copied byte by byte where it does. */
static inline void copy_match(unsigned char *to, size_t distance, size_t length) {
  if (distance >= 8) copy(to, to - distance, length);
  else
    for (size_t i = 0; i < length; i++) to[i] = to[i - distance];
}

long lz4_unpack(const unsigned char *block, size_t length, unsigned char *to, size_t room) {
  struct cursor from = {block, block + length};
  size_t used = 0;
  while (from.at < from.end) {
    unsigned token = *from.at++;
    long literals = read_length(&from, token >> 4);
    if (literals < 0 || literals > from.end - from.at || (size_t)literals > room - used) return -1;
    copy(to + used, from.at, (size_t)literals);
    used += (size_t)literals;
    from.at += literals;
    if (from.at == from.end) return (long)used; /* the last sequence has no match */
    if (from.end - from.at < 2) return -1;
    size_t distance = from.at[0] | (size_t)from.at[1] << 8;
    from.at += 2;
    long match = read_length(&from, token & 15);
    if (match < 0 || distance == 0 || distance > used || (size_t)match + MATCH_LEAST > room - used) return -1;
    copy_match(to + used, distance, (size_t)match + MATCH_LEAST);
    used += (size_t)match + MATCH_LEAST;
  }
  return -1;
}
