/*
 * The pages of our own binary that this process has mapped. Most of them are needed once: bytecode to unpack, what runs
 * at the start. The kernel maps them in again, from its cache, where they are needed after all.
 *
 * Linux since 6.18 maps as much of the file at a fault as lies in one folio of its cache, 512 KiB and more, but never
 * beyond the end of the mapping. So the segments are made many mappings: neighbours differ in a flag that does nothing
 * here, since what is in a file is in no core dump.
 */
#include "binary-pages.h"

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#define PIECE_BYTES 65536 /* as much as older kernels map at a fault; a multiple of any page's size */

static void leave_piece(uintptr_t from, uintptr_t to) {
  void *at = (void *)from;
  madvise(at, to - from, from / PIECE_BYTES % 2 == 0 ? MADV_DONTDUMP : MADV_DODUMP);
  madvise(at, to - from, MADV_DONTNEED);
}

void binary_pages_leave(void) {
  const Elf64_Phdr *part = (const Elf64_Phdr *)getauxval(AT_PHDR); /* at its own address, since we are no PIE */
  for (unsigned long left = part != NULL ? getauxval(AT_PHNUM) : 0; left > 0; left--, part++) {
    /* What is writable is not in the file any more. */
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
    uintptr_t end = part->p_vaddr + part->p_memsz, next;
    for (uintptr_t from = part->p_vaddr; from < end; from = next) {
      next = (from | (PIECE_BYTES - 1)) + 1;
      leave_piece(from, next < end ? next : end);
    }
  }
}
