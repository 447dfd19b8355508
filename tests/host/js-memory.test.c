// with: js-memory.c
/* The engine's allocator: blocks never overlap, keep their bytes, and are reused. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../host/js-memory.h"

#define BLOCKS 400

static struct {
  unsigned char *at;
  size_t size;
  unsigned char fill;
} blocks[BLOCKS];

static uint32_t state = 7;

static uint32_t number_below(uint32_t limit) {
  state = state * 1664525 + 1013904223;
  return (uint32_t)((uint64_t)state * limit >> 32);
}

/* Small ones mostly, as the engine asks for them, and some beyond each border. */
static size_t some_size(void) {
  switch (number_below(8)) {
    case 0: return number_below(600000);
    case 1: return 8192 - 40 + number_below(80);
    case 2: return 131072 - 40 + number_below(80);
    default: return number_below(5000);
  }
}

static void check_bytes(int i, size_t size) {
  for (size_t k = 0; k < size; k++) assert(blocks[i].at[k] == blocks[i].fill);
}

static void fill(int i, size_t size) {
  blocks[i].size = size;
  blocks[i].fill = (unsigned char)number_below(256);
  memset(blocks[i].at, blocks[i].fill, size);
  assert(js_memory.js_malloc_usable_size(blocks[i].at) >= size);
  assert((uintptr_t)blocks[i].at % 16 == 0);
}

/* `releases`: free memory goes back to the system every so many rounds, 0: never. */
static void test_random_use(int releases) {
  for (int round = 0; round < 3000; round++) {
    if (releases > 0 && round % releases == 0) js_memory_release();
    int i = (int)number_below(BLOCKS);
    size_t size = some_size();
    if (blocks[i].at == NULL) {
      blocks[i].at = js_memory.js_malloc(NULL, size);
      fill(i, size);
    } else if (number_below(2) == 0) {
      check_bytes(i, blocks[i].size);
      js_memory.js_free(NULL, blocks[i].at);
      blocks[i].at = NULL;
    } else {
      blocks[i].at = js_memory.js_realloc(NULL, blocks[i].at, size);
      check_bytes(i, size < blocks[i].size ? size : blocks[i].size);
      fill(i, size);
    }
  }
  for (int i = 0; i < BLOCKS; i++) {
    if (blocks[i].at != NULL) check_bytes(i, blocks[i].size);
    js_memory.js_free(NULL, blocks[i].at);
    blocks[i].at = NULL;
  }
}

static void test_calloc_zeroes_reused_blocks(void) {
  for (size_t size = 1; size < 400000; size = size * 3 + 1) {
    unsigned char *first = js_memory.js_malloc(NULL, size);
    memset(first, 0xff, size);
    js_memory.js_free(NULL, first);
    unsigned char *again = js_memory.js_calloc(NULL, 1, size);
    for (size_t i = 0; i < size; i++) assert(again[i] == 0);
    js_memory.js_free(NULL, again);
  }
}

static void test_blocks_are_reused(void) {
  void *first = js_memory.js_malloc(NULL, 4080);
  js_memory.js_free(NULL, first);
  assert(js_memory.js_malloc(NULL, 4080) == first);
  js_memory.js_free(NULL, first);
}

#define MANY 2000
#define MANY_BYTES 4000

static unsigned char *many[MANY];

/* How many of the blocks' pages are in memory, each counted for the block that begins in it. */
static int resident(void) {
  int count = 0;
  for (int i = 0; i < MANY; i++) {
    unsigned char here = 0;
    assert(mincore((void *)((uintptr_t)many[i] & ~(uintptr_t)4095), 4096, &here) == 0);
    count += here & 1;
  }
  return count;
}

/* Eight megabytes of small blocks, of which one in a hundred stays in use. */
static void test_release(void) {
  for (int i = 0; i < MANY; i++) memset(many[i] = js_memory.js_malloc(NULL, MANY_BYTES), i & 255, MANY_BYTES);
  assert(resident() == MANY);
  js_memory_release();
  assert(js_memory_loose() == 0 && resident() == MANY);
  for (int i = 0; i < MANY; i++)
    if (i % 100 != 0) js_memory.js_free(NULL, many[i]);
  assert(js_memory_loose() > (size_t)(MANY - MANY / 100) * MANY_BYTES);
  js_memory_release();
  assert(js_memory_loose() == 0);
  assert(resident() < MANY / 20);
  for (int i = 0; i < MANY; i += 100)
    for (int k = 0; k < MANY_BYTES; k++) assert(many[i][k] == (i & 255));
  for (int i = 0; i < MANY; i += 100) js_memory.js_free(NULL, many[i]);
}

/* What was released is used again: a heap that grows and shrinks takes no more chunks. */
static void test_released_memory_is_used_again(void) {
  unsigned char *low = NULL, *high = NULL;
  for (int round = 0; round < 50; round++) {
    for (int i = 0; i < MANY; i++) {
      many[i] = js_memory.js_malloc(NULL, 100 + (size_t)(i * 37 + round * 11) % 9000);
      if (round > 0) assert(many[i] >= low && many[i] <= high);
      if (round == 0 && (low == NULL || many[i] < low)) low = many[i];
      if (round == 0 && many[i] > high) high = many[i];
    }
    for (int i = 0; i < MANY; i++) js_memory.js_free(NULL, many[i]);
    js_memory_release();
    if (round > 0) continue;
    /* The first round has taken what all need, in whole chunks. */
    low = (unsigned char *)((uintptr_t)low & ~(uintptr_t)(1024 * 1024 - 1)) - 1024 * 1024;
    high += 1024 * 1024;
  }
}

static void test_bounds(void) {
  assert(js_memory.js_malloc(NULL, SIZE_MAX - 4) == NULL);
  assert(js_memory.js_calloc(NULL, SIZE_MAX / 2, 4) == NULL);
  assert(js_memory.js_malloc_usable_size(NULL) == 0);
  void *block = js_memory.js_realloc(NULL, NULL, 10);
  assert(block != NULL && js_memory.js_realloc(NULL, block, SIZE_MAX - 4) == NULL);
  js_memory.js_free(NULL, block);
}

int main(void) {
  js_memory_prefault(65536);
  test_random_use(0);
  test_random_use(50);
  test_calloc_zeroes_reused_blocks();
  test_blocks_are_reused();
  test_release();
  test_released_memory_is_used_again();
  test_bounds();
  return 0;
}
