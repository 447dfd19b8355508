/*
 * The script engine's memory, in place of malloc(3).
 *
 * The engine cuts small objects out of blocks of 4 KiB itself; what comes here is such blocks and what is larger. musl
 * gives each of them a mapping of its own, so that a system call and a page fault go with every 4 KiB. Here blocks are
 * cut one behind the other from chunks, and freed blocks wait in lists by size. What is large has a mapping of its own,
 * which goes back to the system when it is freed and grows without being copied (mremap(2)).
 *
 * Chunks stay mapped. What is free in them goes back to the system by js_memory_release(), at rest: neighbours that are
 * free become one span, whose whole pages the kernel takes (MADV_DONTNEED), and from which blocks are cut again.
 */
#include "js-memory.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
  size_t size; /* of the block with its head: the next block of the chunk stands behind it */
  size_t is_free;
};

/* A block in a list by size, or a span. */
struct free_block {
  struct head head;
  struct free_block *next;
};

/* Blocks follow at FINE, and fill the chunk but for what is left of the span that is being cut. */
struct chunk {
  struct chunk *next;
};

static struct {
  unsigned char *next, *end; /* what is left of the span that is being cut: a new chunk or one that became free */
  size_t prefault;
  size_t loose; /* bytes that were freed, and not used again, since the last release */
  struct chunk *chunks;
  struct free_block *spans; /* by address within a chunk, so that blocks stay close together */
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

static void add_free(struct free_block **list, unsigned char *at, size_t size) {
  struct free_block *block = (struct free_block *)(void *)at;
  block->head = (struct head){.size = size, .is_free = 1};
  block->next = *list;
  *list = block;
}

/* From now on blocks are cut from here. What was left of the span before stays usable. */
static void cut_from(unsigned char *at, size_t size) {
  size_t left = (size_t)(memory.end - memory.next);
  if (left > 0) add_free(left > FINE_MAX ? &memory.spans : &memory.free[list_of(left)], memory.next, left);
  memory.next = at;
  memory.end = at + size;
}

static int take_span(size_t whole) {
  struct free_block **at = &memory.spans;
  while (*at != NULL && (*at)->head.size < whole) at = &(*at)->next;
  struct free_block *span = *at;
  if (span == NULL) return -1;
  *at = span->next;
  cut_from((unsigned char *)span, span->head.size);
  return 0;
}

static int take_chunk(void) {
  struct chunk *chunk = map(CHUNK_BYTES, 0);
  if (chunk == NULL) return -1;
  if (memory.prefault > 0) madvise(chunk, memory.prefault, MADV_POPULATE_WRITE);
  memory.prefault = 0;
  chunk->next = memory.chunks;
  memory.chunks = chunk;
  cut_from((unsigned char *)chunk + FINE, CHUNK_BYTES - FINE);
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
    memory.loose -= memory.loose < whole ? memory.loose : whole;
  } else {
    if (whole > (size_t)(memory.end - memory.next) && take_span(whole) < 0 && take_chunk() < 0) return NULL;
    head = (struct head *)(void *)memory.next;
    memory.next += whole;
  }
  *head = (struct head){.size = whole};
  return head + 1;
}

static void memory_free(void *opaque, void *block) {
  (void)opaque;
  if (block == NULL) return;
  struct head *head = (struct head *)block - 1;
  size_t size = head->size;
  if (size > BLOCK_MAX) {
    munmap(head, size);
    return;
  }
  add_free(&memory.free[list_of(size)], (unsigned char *)head, size);
  memory.loose += size;
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

size_t js_memory_loose(void) { return memory.loose; }

/* The kernel takes the whole pages behind the block's own fields; they are zero when they are used again. */
static void give_pages_back(unsigned char *at, size_t size) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  uintptr_t from = ((uintptr_t)at + sizeof(struct free_block) + page - 1) & ~(page - 1);
  uintptr_t to = ((uintptr_t)at + size) & ~(page - 1);
  if (from < to) madvise((void *)from, to - from, MADV_DONTNEED);
}

/* Makes the lists anew from what is free in a chunk, neighbours joined. Spans are added at `last`; its new place. */
static struct free_block **release_chunk(struct chunk *chunk, struct free_block **last) {
  unsigned char *at = (unsigned char *)chunk + FINE, *end = (unsigned char *)chunk + CHUNK_BYTES;
  while (at < end) {
    size_t size = ((struct head *)(void *)at)->size;
    if (!((struct head *)(void *)at)->is_free) {
      at += size;
      continue;
    }
    while (at + size < end && ((struct head *)(void *)(at + size))->is_free)
      size += ((struct head *)(void *)(at + size))->size;
    give_pages_back(at, size);
    if (size > FINE_MAX) {
      add_free(last, at, size);
      last = &(*last)->next;
    } else {
      add_free(&memory.free[list_of(size)], at, size);
    }
    at += size;
  }
  return last;
}

void js_memory_release(void) {
  struct free_block **last = &memory.spans;
  cut_from(NULL, 0);
  memset(memory.free, 0, sizeof memory.free);
  memory.spans = NULL;
  memory.loose = 0;
  for (struct chunk *chunk = memory.chunks; chunk != NULL; chunk = chunk->next) last = release_chunk(chunk, last);
}

const JSMallocFunctions js_memory = {
    .js_calloc = memory_calloc,
    .js_malloc = memory_malloc,
    .js_free = memory_free,
    .js_realloc = memory_realloc,
    .js_malloc_usable_size = memory_usable_size,
};
