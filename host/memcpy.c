/*
 * memcpy and memmove for x86-64. musl's begin with a `rep movsq`, which costs some 30 cycles before the first byte
 * moves; the script engine copies mostly less than 64 bytes, and with these it is level with glibc's.
 *
 * musl's memmove jumps into its memcpy, so that both must be ours: with one alone the linker takes in musl's object for
 * the other and finds memcpy twice. Other processors, and builds under sanitizers, use libc's.
 */
#if defined(__x86_64__) && defined(__SSE2__)

/* Or the compiler may see a copy in a loop of ours, and call memcpy for it. */
#pragma GCC optimize("no-tree-loop-distribute-patterns")

#include <emmintrin.h>
#include <stddef.h>
#include <stdint.h>

void *memmove(void *to, const void *from, size_t length);
void *memcpy(void *restrict to, const void *restrict from, size_t length);

/* A load or store of one fixed size, which the compiler makes a single instruction and never a call of memcpy. */
#define UNALIGNED(type, name) \
  struct name { type value; } __attribute__((packed, may_alias))
UNALIGNED(uint64_t, eight);
UNALIGNED(uint32_t, four);
UNALIGNED(uint16_t, two);

#define COPY_ENDS(type, to, from, length) \
  do { \
    const size_t last_ = (length) - sizeof(struct type); \
    const struct type head_ = *(const struct type *)(from), tail_ = *(const struct type *)((from) + last_); \
    *(struct type *)(to) = head_; \
    *(struct type *)((to) + last_) = tail_; \
  } while (0)

/* Both ends of a text, which overlap where it is shorter than the two: all is read before anything is written. */
static inline void copy_short(uint8_t *to, const uint8_t *from, size_t length) {
  if (length >= 8) COPY_ENDS(eight, to, from, length);
  else if (length >= 4) COPY_ENDS(four, to, from, length);
  else if (length >= 2) COPY_ENDS(two, to, from, length);
  else if (length == 1) *to = *from;
}

struct block {
  __m128i a, b, c, d;
};

static inline __m128i load(const uint8_t *from) { return _mm_loadu_si128((const __m128i *)from); }
static inline void store(uint8_t *to, __m128i value) { _mm_storeu_si128((__m128i *)to, value); }

static inline struct block load_block(const uint8_t *from) {
  return (struct block){load(from), load(from + 16), load(from + 32), load(from + 48)};
}

static inline void store_block(uint8_t *to, struct block block) {
  store(to, block.a);
  store(to + 16, block.b);
  store(to + 32, block.c);
  store(to + 48, block.d);
}

static inline void copy_medium(uint8_t *to, const uint8_t *from, size_t length) {
  __m128i first = load(from), last = load(from + length - 16);
  if (length > 32) {
    __m128i second = load(from + 16), third = load(from + length - 32);
    store(to + 16, second);
    store(to + length - 32, third);
  }
  store(to, first);
  store(to + length - 16, last);
}

/* The end that comes last is read first: where the two overlap, the blocks before it write over it. */
static void copy_long(uint8_t *to, const uint8_t *from, size_t length) {
  if ((uintptr_t)to - (uintptr_t)from >= length) {
    struct block tail = load_block(from + length - 64);
    for (size_t at = 0; at < length - 64; at += 64) store_block(to + at, load_block(from + at));
    store_block(to + length - 64, tail);
  } else {
    struct block head = load_block(from);
    for (size_t at = length - 64; at < length && at > 0; at = at > 64 ? at - 64 : 0)
      store_block(to + at, load_block(from + at));
    store_block(to, head);
  }
}

static inline void *copy(void *to, const void *from, size_t length) {
  if (length <= 16) copy_short(to, from, length);
  else if (length <= 64) copy_medium(to, from, length);
  else copy_long(to, from, length);
  return to;
}

void *memmove(void *to, const void *from, size_t length) { return copy(to, from, length); }
void *memcpy(void *restrict to, const void *restrict from, size_t length) { return copy(to, from, length); }

#else
typedef int memcpy_is_libcs; /* a file without any declaration is no C */
#endif
