// with: binary-pages.c
/* Pages of the binary: left on demand, the same when they are needed again, and then few at a time. */
#include "../../host/binary-pages.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>

#define BYTES (2 * 1024 * 1024)
#define PAGE 4096
#define AT_A_FAULT (64 * 1024)

/* In the read-only part of this program. */
static const unsigned char constant[BYTES] = {[0] = 1, [BYTES / 2] = 2, [BYTES - 1] = 3};

/* Of the constant, how much is mapped, in bytes, by the mappings that lie in it as a whole. */
static long mapped(void) {
  char line[512];
  unsigned long from, to;
  long kib, sum = 0;
  int is_inside = 0;
  uintptr_t begin = (uintptr_t)constant, end = begin + BYTES;
  FILE *file = fopen("/proc/self/smaps", "re");
  assert(file != NULL);
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "%lx-%lx ", &from, &to) == 2) is_inside = from >= begin && to <= end;
    if (is_inside && sscanf(line, "Rss: %ld kB", &kib) == 1) sum += kib * 1024;
  }
  fclose(file);
  return sum;
}

static unsigned touch_all(void) {
  unsigned sum = 0;
  for (long at = 0; at < BYTES; at += PAGE) sum += ((const volatile unsigned char *)constant)[at];
  return sum + ((const volatile unsigned char *)constant)[BYTES - 1];
}

int main(void) {
  binary_pages_leave(); /* from now on the constant is made of mappings that lie within it */
  assert(touch_all() == 6);
  assert(mapped() >= BYTES - 2 * AT_A_FAULT);
  binary_pages_leave();
  assert(mapped() == 0);
  assert(((const volatile unsigned char *)constant)[BYTES / 2] == 2);
  assert(mapped() > 0 && mapped() <= AT_A_FAULT);
  assert(touch_all() == 6);
  return 0;
}
