/*
 * The script engine of one process: runtime, the modules linked into this binary, and what becomes of an exception.
 *
 * Modules are bytecode in a table of this binary. They are found by name alone: no path is ever searched, because
 * bytecode is trusted input.
 */
#include "js.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "embedded.h"
#include "lz4.h"
#include "lzma.h"
#include "js-memory.h"

#define MODULE_NAME_BYTES 256
#define STACK_LIMIT_MAX (1024 * 1024)

static struct {
  JSRuntime *runtime;
  JSContext *context;
  const struct js_program *program;
  JSModuleDef **loaded; /* by index in embedded_modules; the context owns them */
  int rejections;       /* promises rejected that nobody handles */
  char failure[16384];
} js;

const struct js_program *js_program(void) { return js.program; }
JSContext *js_context(void) { return js.context; }
const char *js_failure(void) { return js.failure; }

static int find_module(const char *name) {
  for (unsigned i = 0; i < embedded_module_count; i++)
    if (strcmp(embedded_modules[i].name, name) == 0) return (int)i;
  return -1;
}

int js_has_module(const char *name) { return find_module(name) >= 0; }

/* Appends one part of a path, taking the last one away for "..". Parts that do not fit make the name unknown. */
static void add_part(char *name, const char *part, size_t length) {
  size_t used = strlen(name);
  if (length == 0 || (length == 1 && part[0] == '.')) return;
  if (length == 2 && part[0] == '.' && part[1] == '.') {
    char *slash = strrchr(name, '/');
    *(slash != NULL ? slash : name) = '\0';
    return;
  }
  if (used + length + 2 > MODULE_NAME_BYTES) return;
  if (used > 0) name[used++] = '/';
  memcpy(name + used, part, length);
  name[used + length] = '\0';
}

static void add_parts(char *name, const char *path, size_t length) {
  while (length > 0) {
    const char *slash = memchr(path, '/', length);
    size_t part = slash != NULL ? (size_t)(slash - path) : length;
    add_part(name, path, part);
    if (slash != NULL) part++;
    path += part;
    length -= part;
  }
}

/* "../chunk-A.js", imported by "cli/main", is the module "chunk-A". */
static char *normalize(JSContext *ctx, const char *base, const char *path, void *opaque) {
  char name[MODULE_NAME_BYTES] = "";
  size_t length = strlen(path);
  (void)opaque;
  if (length > 3 && strcmp(path + length - 3, ".js") == 0) length -= 3;
  const char *directory_end = strrchr(base, '/');
  if (path[0] == '.' && directory_end != NULL) add_parts(name, base, (size_t)(directory_end - base));
  add_parts(name, path, length);
  return js_strdup(ctx, name);
}

/* Outside the script's memory, which has a limit, and for a moment only: the engine keeps nothing of it. */
static JSValue read_module(JSContext *ctx, const struct embedded_module *module) {
  if (module->packed == 0) return JS_ReadObject(ctx, module->data, module->size, JS_READ_OBJ_BYTECODE);
  unsigned char *data = malloc(module->size);
  if (data == NULL) return JS_ThrowOutOfMemory(ctx);
  long (*unpack)(const unsigned char *, size_t, unsigned char *, size_t) = module->is_lzma ? lzma_unpack : lz4_unpack;
  JSValue value = unpack(module->data, module->packed, data, module->size) == (long)module->size
                      ? JS_ReadObject(ctx, data, module->size, JS_READ_OBJ_BYTECODE)
                      : JS_ThrowInternalError(ctx, "the module %s of this binary is damaged", module->name);
  free(data);
  return value;
}

static JSModuleDef *load_module(JSContext *ctx, const char *name, void *opaque) {
  (void)opaque;
  int index = find_module(name);
  if (index < 0) {
    JS_ThrowReferenceError(ctx, "this binary holds no module %s", name);
    return NULL;
  }
  if (js.loaded[index] != NULL) return js.loaded[index];
  JSValue value = read_module(ctx, &embedded_modules[index]);
  if (JS_IsException(value)) return NULL;
  if (JS_VALUE_GET_TAG(value) != JS_TAG_MODULE) {
    JS_FreeValue(ctx, value);
    JS_ThrowTypeError(ctx, "%s is not a module", name);
    return NULL;
  }
  /* The context's list of modules keeps it. */
  js.loaded[index] = JS_VALUE_GET_PTR(value);
  JS_FreeValue(ctx, value);
  return js.loaded[index];
}

static void count_rejection(JSContext *ctx, JSValueConst promise, JSValueConst reason, bool handled, void *opaque) {
  (void)promise;
  (void)opaque;
  js.rejections += handled ? -1 : 1;
  if (handled || js.rejections != 1) return;
  JS_Throw(ctx, JS_DupValue(ctx, reason));
  js_take_exception(ctx);
}

/* Appends a text to the failure, cut to what fits. */
static void add_failure(const char *text) {
  size_t used = strlen(js.failure);
  snprintf(js.failure + used, sizeof js.failure - used, "%s", text);
}

void js_take_exception(JSContext *ctx) {
  JSValue exception = JS_GetException(ctx);
  js.failure[0] = '\0';
  /* When memory is exhausted the value can be null, and each of these calls can fail in its turn. */
  const char *text = JS_ToCString(ctx, exception);
  add_failure(text == NULL || strcmp(text, "null") == 0 ? "InternalError: out of memory" : text);
  if (text != NULL) JS_FreeCString(ctx, text);
  if (JS_IsObject(exception)) {
    JSValue stack = JS_GetPropertyStr(ctx, exception, "stack");
    const char *lines = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    if (lines != NULL) {
      add_failure("\n");
      add_failure(lines);
      JS_FreeCString(ctx, lines);
    }
    JS_FreeValue(ctx, stack);
  }
  size_t length = strlen(js.failure);
  while (length > 0 && js.failure[length - 1] == '\n') js.failure[--length] = '\0';
  JS_FreeValue(ctx, exception);
  JS_FreeValue(ctx, JS_GetException(ctx));
}

int js_run_jobs(void) {
  JSContext *ctx;
  int result;
  while ((result = JS_ExecutePendingJob(js.runtime, &ctx)) > 0)
    ;
  if (result < 0) js_take_exception(ctx);
  return result < 0 ? -1 : 0;
}

/* Links and evaluates a module. Its exception, also one that came with a promise, is pending at -1. */
static int evaluate(JSContext *ctx, JSModuleDef *module) {
  JSValue value = JS_MKPTR(JS_TAG_MODULE, module);
  if (JS_ResolveModule(ctx, value) < 0) {
    /* The engine has freed the modules that could not be linked. */
    memset(js.loaded, 0, embedded_module_count * sizeof *js.loaded);
    return -1;
  }
  JSValue promise = JS_EvalFunction(ctx, JS_DupValue(ctx, value));
  if (JS_IsException(promise)) return -1;
  if (JS_PromiseState(ctx, promise) == JS_PROMISE_PENDING && js_run_jobs() < 0) {
    JS_FreeValue(ctx, promise);
    JS_ThrowInternalError(ctx, "%s", js.failure);
    return -1;
  }
  JSPromiseStateEnum state = JS_PromiseState(ctx, promise);
  if (state == JS_PROMISE_REJECTED) {
    JS_PromiseMarkAsHandled(ctx, promise); /* which does not tell count_rejection() */
    js.rejections--;
    JS_Throw(ctx, JS_PromiseResult(ctx, promise));
  }
  if (state == JS_PROMISE_PENDING) JS_ThrowInternalError(ctx, "the module waits for what never comes");
  JS_FreeValue(ctx, promise);
  return state == JS_PROMISE_FULFILLED ? 0 : -1;
}

JS_BINDING(host_load) {
  const char *name;
  if (js_string(ctx, argv[0], "load: module", &name) < 0) return JS_EXCEPTION;
  int index = find_module(name);
  if (index < 0) {
    JS_FreeCString(ctx, name);
    return JS_UNDEFINED;
  }
  int known = js.loaded[index] != NULL;
  JSModuleDef *module = load_module(ctx, name, NULL);
  JS_FreeCString(ctx, name);
  if (module == NULL || (!known && evaluate(ctx, module) < 0)) {
    js.loaded[index] = NULL;
    return JS_EXCEPTION;
  }
  return JS_GetModuleNamespace(ctx, module);
}

int js_run(void) {
  JSContext *ctx = js.context;
  if (!js_has_module(js.program->entry)) return -ENOENT;
  JSModuleDef *module = load_module(ctx, js.program->entry, NULL);
  if (module == NULL || evaluate(ctx, module) < 0) {
    js_take_exception(ctx);
    return -1;
  }
  if (js_run_jobs() < 0) return -1;
  return js.rejections > 0 ? -1 : 0;
}

/* Scripts get less stack than there is: beyond the real end an endless recursion would be a SIGSEGV. */
static size_t stack_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_STACK, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return STACK_LIMIT_MAX;
  return limit.rlim_cur / 2 < STACK_LIMIT_MAX ? (size_t)limit.rlim_cur / 2 : STACK_LIMIT_MAX;
}

static int add_intrinsics(JSContext *ctx, const struct js_program *program) {
  int failed = JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicRegExp(ctx) || JS_AddIntrinsicJSON(ctx) ||
               JS_AddIntrinsicMapSet(ctx) || JS_AddIntrinsicTypedArrays(ctx) || JS_AddIntrinsicPromise(ctx);
  if (!failed && program->with_date) failed = JS_AddIntrinsicDate(ctx);
  return failed ? -ENOMEM : 0;
}

static int add_host(JSContext *ctx, const struct js_program *program) {
  JSValue host = JS_NewObject(ctx);
  for (const struct js_module *const *module = program->modules; *module != NULL; module++)
    if (JS_SetPropertyFunctionList(ctx, host, (*module)->calls, (*module)->count) < 0) return -ENOMEM;
  JS_PreventExtensions(ctx, host);
  JSValue global = JS_GetGlobalObject(ctx);
  int result = JS_DefinePropertyValueStr(ctx, global, "host", host, JS_PROP_ENUMERABLE);
  JS_FreeValue(ctx, global);
  return result < 0 ? -ENOMEM : 0;
}

/* Under the address sanitizer malloc(3) is what finds mistakes. */
static JSRuntime *new_runtime(const struct js_program *program) {
#ifdef __SANITIZE_ADDRESS__
  (void)program;
  return JS_NewRuntime();
#else
  js_memory_prefault(program->prefault);
  return JS_NewRuntime2(&js_memory, NULL);
#endif
}

int js_open(const struct js_program *program) {
  js.program = program;
  js.loaded = calloc(embedded_module_count + 1, sizeof *js.loaded);
  js.runtime = new_runtime(program);
  if (js.loaded == NULL || js.runtime == NULL) return -ENOMEM;
  JS_SetMaxStackSize(js.runtime, stack_limit());
  if (program->memory_limit > 0) JS_SetMemoryLimit(js.runtime, program->memory_limit);
  JS_SetGCThreshold(js.runtime, program->gc_threshold > 0 ? program->gc_threshold : (size_t)-1);
  JS_SetModuleLoaderFunc(js.runtime, normalize, load_module, NULL);
  JS_SetHostPromiseRejectionTracker(js.runtime, count_rejection, NULL);
  js.context = JS_NewContextRaw(js.runtime);
  if (js.context == NULL) return -ENOMEM;
  int result = add_intrinsics(js.context, program);
  return result < 0 ? result : add_host(js.context, program);
}

void js_close(void) {
  if (js.context != NULL) JS_FreeContext(js.context);
  if (js.runtime != NULL) JS_FreeRuntime(js.runtime);
  free(js.loaded);
  memset(&js, 0, sizeof js);
}
