// with: lzma.c
/* Unpacking: what xz(1) has packed comes out as it was, and a damaged stream neither reads nor writes beyond its bounds. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lzma.h"

#define TEXT_BYTES_MAX 60000

/* In exact allocations, so that the sanitizer sees one byte too many. */
static long unpack(const unsigned char *stream, size_t length, unsigned char *text, size_t room) {
  unsigned char *from = malloc(length > 0 ? length : 1), *to = malloc(room > 0 ? room : 1);
  memcpy(from, stream, length);
  long result = lzma_unpack(from, length, to, room);
  assert(result <= (long)room);
  if (result > 0) memcpy(text, to, (size_t)result);
  free(from);
  free(to);
  return result;
}

static uint32_t chance = 1;

static uint32_t below(uint32_t bound) {
  chance = chance * 1664525 + 1013904223;
  return (chance >> 8) % bound;
}

/* New bytes, runs, and pieces of before at near and far distances. */
static size_t make_text(unsigned char *text, size_t length, uint32_t letters) {
  size_t used = 0;
  while (used < length) {
    size_t piece = 1 + below(below(4) == 0 ? 400 : 12);
    size_t back = 1 + below(used > 0 && below(3) > 0 ? (uint32_t)used : 4);
    int copies = used > 0 && back <= used && below(3) > 0;
    for (; piece > 0 && used < length; piece--, used++)
      text[used] = copies ? text[used - back] : (unsigned char)('a' + below(letters));
  }
  return used;
}

static size_t packed_by_xz(const unsigned char *text, size_t length, unsigned char *stream, size_t room) {
  char name[] = "/tmp/gonit-lzma-XXXXXX", line[256];
  int fd = mkstemp(name);
  assert(fd >= 0 && write(fd, text, length) == (ssize_t)length);
  close(fd);
  snprintf(line, sizeof line, "xz --format=raw --lzma1=preset=9e,lc=3,lp=0,pb=0 -c %s", name);
  FILE *packer = popen(line, "r");
  assert(packer != NULL);
  size_t used = fread(stream, 1, room, packer);
  assert(pclose(packer) == 0 && used < room);
  unlink(name);
  return used;
}

static void test_round_trips(void) {
  static unsigned char text[TEXT_BYTES_MAX], stream[2 * TEXT_BYTES_MAX], got[TEXT_BYTES_MAX];
  static const size_t lengths[] = {0, 1, 2, 17, 300, 5000, TEXT_BYTES_MAX};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    for (uint32_t letters = 1; letters <= 200; letters = letters * 6 + 1) {
      size_t length = make_text(text, lengths[i], letters);
      size_t packed = packed_by_xz(text, length, stream, sizeof stream);
      assert(unpack(stream, packed, got, length) == (long)length && memcmp(got, text, length) == 0);
      /* With room for more, the mark of the end ends it. */
      if (length + 1 <= sizeof got) assert(unpack(stream, packed, got, length + 1) == (long)length);
    }
  }
}

/* "one two one two three one four two three four, one two one two!" */
static const unsigned char small[] = {
    0x00, 0x37, 0x9c, 0x66, 0x05, 0x20, 0xd8, 0xdc, 0xa1, 0xf8, 0xa8, 0x21, 0xb9, 0x5e, 0x44, 0x81, 0xb6, 0xfc,
    0x2b, 0x27, 0xcc, 0xc8, 0x1f, 0x12, 0xf7, 0x57, 0xa7, 0x18, 0xe3, 0x50, 0x4a, 0xdf, 0x3d, 0x66, 0x53, 0xff,
    0xfc, 0x3a, 0xb0, 0x00,
};
static const char small_text[] = "one two one two three one four two three four, one two one two!";

static void test_small(void) {
  unsigned char got[128];
  assert(unpack(small, sizeof small, got, sizeof small_text - 1) == (long)sizeof small_text - 1);
  assert(memcmp(got, small_text, sizeof small_text - 1) == 0);
}

static void test_cut(void) {
  unsigned char got[128];
  for (size_t length = 0; length < sizeof small - 8; length++)
    assert(unpack(small, length, got, sizeof small_text - 1) == -1);
}

/* Whatever stands in a stream, it is refused or unpacked within its bounds: the sanitizers watch. */
static void test_damaged(void) {
  static unsigned char got[2000];
  for (int round = 0; round < 20000; round++) {
    unsigned char stream[sizeof small];
    memcpy(stream, small, sizeof small);
    for (uint32_t i = 0; i <= below(4); i++) stream[below(sizeof small)] = (unsigned char)below(256);
    assert(unpack(stream, sizeof stream - below(3), got, below(sizeof got)) >= -1);
  }
}

int main(void) {
  test_small();
  test_cut();
  test_damaged();
  test_round_trips();
  return 0;
}
