/* The script engine's memory. */
#ifndef GONIT_JS_MEMORY_H
#define GONIT_JS_MEMORY_H

#include "quickjs.h"

/* For JS_NewRuntime2(). One runtime a process, used by one thread. */
extern const JSMallocFunctions js_memory;

/* Before the first use: maps this many bytes at once instead of one page a fault. A client knows what it will need. */
void js_memory_prefault(size_t bytes);

/* Bytes that were freed since the last release, and were not used again: about what a release can give back. */
size_t js_memory_loose(void);

/* Gives the pages of all free memory back to the system. Takes microseconds for each MiB, so call it at rest. */
void js_memory_release(void);

#endif
