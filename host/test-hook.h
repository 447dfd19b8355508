/*
 * Named places where a test can end or delay a process. Without GONIT_TEST_HOOKS nothing of it is compiled.
 *
 * GONIT_HOOK=NAME=ACTION[@N],… : the N-th pass (1 when not given) of NAME does ACTION: kill, segv, abort, exit:CODE,
 * sleep:MS, spin (for ever, here) or loop (for ever, in the script that asks). Every process counts its own passes.
 * GONIT_HOOK_ONCE=FILE: only as long as the file is there; the first process to act removes it.
 * GONIT_HOOK_FOLDER=FOLDER: whoever passes NAME while FOLDER/NAME is there removes it, and does the action in it. So a
 * test can choose a place while gonit runs, and sees when it was met.
 */
#ifndef GONIT_TEST_HOOK_H
#define GONIT_TEST_HOOK_H

#include <stddef.h>

#ifdef GONIT_TEST_HOOKS
/* 1: the script is to ask again. */
int test_hook(const char *name);
#define TEST_HOOK(name) test_hook(name)
#else
static inline int test_hook_none(const char *name) { return name == NULL; }
#define TEST_HOOK(name) test_hook_none(name)
#endif

#endif
