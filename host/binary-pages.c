/*
 * The pages of our own binary that this process has mapped. Most of them are needed once: bytecode to unpack, what runs
 * at the start. The kernel maps them in again, from its cache, where they are needed after all.
 */
#include "binary-pages.h"

#include <elf.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

void binary_pages_leave(void) {
  const Elf64_Phdr *part = (const Elf64_Phdr *)getauxval(AT_PHDR); /* at its own address, since we are no PIE */
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  for (unsigned long left = part != NULL ? getauxval(AT_PHNUM) : 0; left > 0; left--, part++) {
    /* What is writable is not in the file any more. */
    if (part->p_type != PT_LOAD || (part->p_flags & PF_W) != 0) continue;
    uintptr_t from = part->p_vaddr & ~(page - 1);
    madvise((void *)from, part->p_vaddr + part->p_memsz - from, MADV_DONTNEED);
  }
}
