// with:
// valgrind
/* Our memcpy and memmove against a loop, for each length, offset and overlap around the bounds of their branches. */
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>

/* Under other names: the sanitizers have their own memcpy, and the test must not test that. */
#define memcpy tested_memcpy
#define memmove tested_memmove
#include "../../host/memcpy.c"
#undef memcpy
#undef memmove

#if defined(__x86_64__) && defined(__SSE2__)

#define GUARD 80

static void fill(uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)(i * 131 + (i >> 8) * 7 + 1);
}

static void fail(const char *what, size_t length, long distance) {
  fprintf(stderr, "%s of %zu bytes over a distance of %ld is wrong\n", what, length, distance);
  exit(1);
}

/* One buffer of exactly the size that is touched, so that a sanitizer sees each byte beyond it. */
static void try_move(size_t length, long distance) {
  size_t apart = (size_t)labs(distance), size = length + apart;
  uint8_t *bytes = malloc(size + 1), *expected = malloc(size + 1);
  size_t from = distance < 0 ? apart : 0, to = distance < 0 ? 0 : apart;
  fill(bytes, size);
  fill(expected, size);
  for (size_t i = 0; i < length; i++) expected[to + i] = (uint8_t)((from + i) * 131 + ((from + i) >> 8) * 7 + 1);
  if (tested_memmove(bytes + to, bytes + from, length) != bytes + to) fail("result", length, distance);
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != expected[i]) fail("memmove", length, distance);
  free(bytes);
  free(expected);
}

static void try_copy(size_t length, size_t offset) {
  uint8_t *from = malloc(length + offset + 1), *to = malloc(length + 2 * GUARD);
  fill(from, length + offset + 1);
  fill(to, length + 2 * GUARD);
  tested_memcpy(to + GUARD, from + offset, length);
  for (size_t i = 0; i < length; i++)
    if (to[GUARD + i] != from[offset + i]) fail("memcpy", length, (long)offset);
  for (size_t i = 0; i < GUARD; i++) {
    size_t behind = GUARD + length + i;
    if (to[i] != (uint8_t)(i * 131 + 1)) fail("memcpy before", length, (long)offset);
    if (to[behind] != (uint8_t)(behind * 131 + (behind >> 8) * 7 + 1)) fail("memcpy behind", length, (long)offset);
  }
  free(from);
  free(to);
}

int main(void) {
  static const long distances[] = {0, 1, 2, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 200};
  for (size_t length = 0; length <= 330; length++) {
    for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
      try_move(length, distances[i]);
      try_move(length, -distances[i]);
    }
    for (size_t offset = 0; offset < 16; offset += 5) try_copy(length, offset);
  }
  try_move(1000003, 65);
  try_move(1000003, -65);
  try_copy(1000003, 3);
  return 0;
}

#else
int main(void) { return 0; }
#endif
