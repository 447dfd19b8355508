/*
 * The script engine's memory, in place of malloc(3).
 *
 * The engine cuts small objects out of blocks of 4 KiB itself; what comes here is such blocks and what is larger. musl
 * gives each of them a mapping of its own, so that a system call and a page fault go with every 4 KiB. Here blocks are
 * cut one behind the other from chunks, and freed blocks wait in lists by size. What is large has a mapping of its own,
 * which goes back to the system when it is freed and grows without being copied (mremap(2)).
 *
 * Chunks are never given back: the blocks of a heap that grew and shrank are reused, and its size is bounded by the
 * engine's memory limit.
 */
#include "js-memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14; musl does not name it */
#endif

#define CHUNK_BYTES (1024u * 1024)
#define FINE 64u            /* step of sizes up to FINE_MAX: 4 KiB blocks with our head waste less than one step */
#define FINE_MAX 8192u
#define COARSE 4096u        /* step of sizes up to BLOCK_MAX */
#define BLOCK_MAX 131072u   /* larger ones get a mapping of their own */
#define LISTS (FINE_MAX / FINE + BLOCK_MAX / COARSE + 2)

/* Before each block. 16 bytes, so that blocks are aligned as malloc(3) does it. */
struct head {
  size_t size; /* of the block with its head */
  size_t unused;
};

struct free_block {
  struct head head;
  struct free_block *next;
};

static struct {
  unsigned char *next, *end; /* what is left of the chunk */
  size_t prefault;
  struct free_block *free[LISTS];
} memory;

void js_memory_prefault(size_t bytes) { memory.prefault = bytes; }

static void *map(size_t size, int flags) {
  void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return at == MAP_FAILED ? NULL : at;
}

/* A size with its head, rounded to a step. */
static size_t rounded(size_t size) {
  size_t whole = size + sizeof(struct head);
  size_t step = whole <= FINE_MAX ? FINE : COARSE;
  return (whole + step - 1) & ~(step - 1);
}

static size_t list_of(size_t whole) {
  return whole <= FINE_MAX ? whole / FINE : FINE_MAX / FINE + whole / COARSE;
}

static int take_chunk(void) {
  unsigned char *chunk = map(CHUNK_BYTES, 0);
  if (chunk == NULL) return -1;
  if (memory.prefault > 0) madvise(chunk, memory.prefault, MADV_POPULATE_WRITE);
  memory.prefault = 0;
  memory.next = chunk;
  memory.end = chunk + CHUNK_BYTES;
  return 0;
}

static void *memory_malloc(void *opaque, size_t size) {
  (void)opaque;
  if (size > SIZE_MAX / 2) return NULL;
  size_t whole = rounded(size);
  struct head *head;
  struct free_block **list = &memory.free[whole <= BLOCK_MAX ? list_of(whole) : 0];
  if (whole > BLOCK_MAX) {
    head = map(whole, 0);
    if (head == NULL) return NULL;
  } else if (*list != NULL) {
    head = &(*list)->head;
    *list = (*list)->next;
  } else {
    if (whole > (size_t)(memory.end - memory.next) && take_chunk() < 0) return NULL;
    head = (struct head *)(void *)memory.next;
    memory.next += whole;
  }
  head->size = whole;
  return head + 1;
}

static void memory_free(void *opaque, void *block) {
  (void)opaque;
  if (block == NULL) return;
  struct free_block *freed = (struct free_block *)(void *)((struct head *)block - 1);
  if (freed->head.size > BLOCK_MAX) {
    munmap(freed, freed->head.size);
    return;
  }
  struct free_block **list = &memory.free[list_of(freed->head.size)];
  freed->next = *list;
  *list = freed;
}

static void *memory_calloc(void *opaque, size_t count, size_t size) {
  if (size != 0 && count > SIZE_MAX / size) return NULL;
  void *block = memory_malloc(opaque, count * size);
  /* A new mapping is zero. */
  if (block == NULL || ((struct head *)block - 1)->size > BLOCK_MAX) return block;
  return memset(block, 0, count * size);
}

/* The last block of the chunk grows where it is; a mapping of its own grows by the kernel's page tables. */
static int grow_in_place(struct head *head, size_t whole) {
  unsigned char *end = (unsigned char *)head + head->size;
  if (end != memory.next || whole > BLOCK_MAX || whole - head->size > (size_t)(memory.end - end)) return 0;
  memory.next += whole - head->size;
  head->size = whole;
  return 1;
}

static void *memory_realloc(void *opaque, void *block, size_t size) {
  if (block == NULL) return memory_malloc(opaque, size);
  if (size > SIZE_MAX / 2) return NULL;
  struct head *head = (struct head *)block - 1;
  size_t whole = rounded(size);
  if (whole <= head->size && whole >= head->size / 2) return block;
  if (whole > head->size && grow_in_place(head, whole)) return block;
  if (head->size > BLOCK_MAX && whole > BLOCK_MAX) {
    head = mremap(head, head->size, whole, MREMAP_MAYMOVE);
    if (head == MAP_FAILED) return NULL;
    head->size = whole;
    return head + 1;
  }
  void *moved = memory_malloc(opaque, size);
  if (moved == NULL) return NULL;
  size_t had = head->size - sizeof *head;
  memcpy(moved, block, had < size ? had : size);
  memory_free(opaque, block);
  return moved;
}

static size_t memory_usable_size(const void *block) {
  return block == NULL ? 0 : ((const struct head *)block - 1)->size - sizeof(struct head);
}

const JSMallocFunctions js_memory = {
    .js_calloc = memory_calloc,
    .js_malloc = memory_malloc,
    .js_free = memory_free,
    .js_realloc = memory_realloc,
    .js_malloc_usable_size = memory_usable_size,
};
