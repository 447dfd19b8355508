/*
 * Runs scripts in the script host as the programs of gonit do: compiled to bytecode, found by name, with a `host`.
 * One test a file includes this, so that it can have a table of modules of its own.
 */
#ifndef GONIT_TEST_SCRIPT_H
#define GONIT_TEST_SCRIPT_H

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../host/js.h"

/* A script without quotes around it: SCRIPT(check(1 + 1, 2);). Strings in it need double quotes; no comments. */
#define SCRIPT(...) #__VA_ARGS__

#define MODULES_MAX 16

/* Not the constant table that embedded.h declares: the tests make theirs as they run. */
struct embedded_module {
  const char *name;
  const unsigned char *data;
  unsigned size;
  unsigned packed;
  unsigned is_lzma;
} embedded_modules[MODULES_MAX];
unsigned embedded_module_count;
const char embedded_build[] = "a test's";

static const char helpers[] =
    "function show(v) { return v instanceof Uint8Array ? 'bytes ' + Array.from(v).join() : "
    "typeof v === 'object' && v !== null ? JSON.stringify(v) : typeof v + ' ' + String(v); }"
    "function check(is, want) { if (show(is) !== show(want)) throw new Error('is ' + show(is) + ', not ' + show(want)); }"
    "function throws(run, part) { let text = 'nothing'; try { run(); } catch (e) { text = String(e); }"
    " if (!text.includes(part)) throw new Error('threw ' + text + ', not ' + part); }\n";

static JSModuleDef *stand_in(JSContext *ctx, const char *name, void *opaque) {
  (void)opaque;
  return JS_NewCModule(ctx, name, NULL);
}

/* Adds a module to the table of this "binary". `check(is, want)` and `throws(run, part)` are known to each. */
static void script_module(const char *name, const char *text) {
  size_t size, length = sizeof helpers + strlen(text);
  JSRuntime *runtime = JS_NewRuntime();
  JSContext *ctx = JS_NewContext(runtime);
  char *whole = malloc(length);
  assert(embedded_module_count < MODULES_MAX);
  snprintf(whole, length, "%s%s", helpers, text);
  JS_SetModuleLoaderFunc(runtime, NULL, stand_in, NULL);
  JSValue module = JS_Eval(ctx, whole, length - 1, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) {
    const char *error = JS_ToCString(ctx, JS_GetException(ctx));
    fprintf(stderr, "cannot compile the test's module %s: %s\n", name, error);
    abort();
  }
  uint8_t *bytes = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE);
  unsigned char *copy = malloc(size);
  memcpy(copy, bytes, size);
  embedded_modules[embedded_module_count++] =
      (struct embedded_module){.name = name, .data = copy, .size = (unsigned)size};
  js_free(ctx, bytes);
  JS_FreeValue(ctx, module);
  free(whole);
  JS_FreeContext(ctx);
  JS_FreeRuntime(runtime);
}

/* Runs module "main" with these host modules; result as js_run(). The runtime stays open until script_end(). */
static int script_run(const struct js_module *const *modules, size_t memory_limit, int argc, char **argv) {
  static struct js_program program;
  program = (struct js_program){.entry = "main", .modules = modules, .memory_limit = memory_limit,
                                .gc_threshold = 256 * 1024, .argc = argc, .argv = argv};
  assert(js_open(&program) == 0);
  return js_run();
}

/* Frees the runtime and empties the table. */
static void script_end(void) {
  js_close();
  for (unsigned i = 0; i < embedded_module_count; i++) free((void *)embedded_modules[i].data);
  embedded_module_count = 0;
}

/* Runs a text as module "main", aborting with what it throws. */
static void script_must(const struct js_module *const *modules, int argc, char **argv, const char *text) {
  script_module("main", text);
  if (script_run(modules, 0, argc, argv) < 0) {
    fprintf(stderr, "script failed: %s\n", js_failure());
    abort();
  }
  script_end();
}

#endif
