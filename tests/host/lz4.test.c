// with: lz4.c
/* Unpacking: each kind of sequence, and that a damaged block neither reads nor writes beyond its bounds. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lz4.h"

/* In exact allocations, so that the sanitizer sees one byte too many. */
static long unpack(const void *block, size_t length, char *text, size_t room) {
  unsigned char *from = malloc(length), *to = malloc(room + 1);
  memcpy(from, block, length);
  unsigned char *exact = realloc(to, room > 0 ? room : 1);
  long result = lz4_unpack(from, length, exact, room);
  if (result > 0) memcpy(text, exact, (size_t)result);
  text[result > 0 ? result : 0] = '\0';
  free(from);
  free(exact);
  return result;
}

static void expect(const void *block, size_t length, const char *text) {
  char got[4096];
  assert(unpack(block, length, got, strlen(text)) == (long)strlen(text) && strcmp(got, text) == 0);
  /* One byte of room too little. */
  if (text[0] != '\0') assert(unpack(block, length, got, strlen(text) - 1) == -1);
}

#define EXPECT(block, text) expect(block, sizeof block - 1, text)

static void test_sequences(void) {
  EXPECT("\x50hello", "hello");
  EXPECT("\x10" "a\x01\x00\x10" "b", "aaaaab");            /* overlaps: distance 1 */
  EXPECT("\x40" "abcd\x04\x00\x10" "x", "abcdabcdx");       /* does not */
  EXPECT("\x22" "ab\x02\x00\x10" "c", "ababababc");
  EXPECT("\x00", "");
}

/* 15 and more literals, a match of 19 and more, lengths of several bytes. */
static void test_lengths(void) {
  char text[1024], got[2048];
  unsigned char block[1024];
  size_t used = 0;
  memset(text, 'x', sizeof text);
  for (int i = 0; i < 300; i++) text[i] = (char)('a' + i % 26);
  block[used++] = 0xff;
  block[used++] = 255; /* 15 + 255 + 30 = 300 literals */
  block[used++] = 30;
  memcpy(block + used, text, 300);
  used += 300;
  block[used++] = 26;
  block[used++] = 0;
  block[used++] = 255; /* 4 + 15 + 255 + 26 = 300 */
  block[used++] = 26;
  block[used++] = 0x10;
  block[used++] = '!';
  for (int i = 300; i < 600; i++) text[i] = text[i - 26];
  text[600] = '!';
  assert(unpack(block, used, got, sizeof got - 1) == 601 && memcmp(got, text, 601) == 0);
}

static void test_damaged(void) {
  char got[4096];
  static const struct { const char *bytes; size_t length; } damaged[] = {
      {"", 0}, {"\x50hel", 4}, {"\xf0", 1}, {"\xf0\xff", 2}, {"\x10" "a\x01", 3}, {"\x10" "a\x00\x00\x10" "b", 6},
      {"\x10" "a\x02\x00\x10" "b", 6}, {"\x1f" "a\x01\x00", 4}, {"\x1f" "a\x01\x00\xff", 5}, {"\x10" "a\x01\x00", 4},
  };
  for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
    assert(unpack(damaged[i].bytes, damaged[i].length, got, 2048) == -1);
}

/* Whatever stands in a block, it is refused or unpacked within its bounds: the sanitizers watch. */
static void test_random(void) {
  uint32_t state = 1;
  char got[4096];
  for (int round = 0; round < 20000; round++) {
    unsigned char block[64];
    size_t length = 0;
    for (; length < sizeof block; length++) {
      state = state * 1664525 + 1013904223;
      block[length] = (unsigned char)(state >> 24);
      if (length > 4 && block[length] % 16 == 0) break;
    }
    assert(unpack(block, length, got, 600) <= 600);
  }
}

int main(void) {
  test_sequences();
  test_lengths();
  test_damaged();
  test_random();
  return 0;
}
