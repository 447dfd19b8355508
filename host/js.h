/*
 * The script engine in one process: runtime, modules, and what every binding needs.
 *
 * A binding is one C function per host call of contract/contract.ts, named host_<call>. It takes checked numbers,
 * strings and lists, does one thing, and returns a value or -errno; it throws only for arguments of a wrong type, which
 * is a mistake of ours. QuickJS fills missing arguments with undefined up to the count in contract.h, so argv[n] is
 * always there for every parameter of the signature.
 *
 * There is one runtime a process, and it is used by the main thread only.
 */
#ifndef GONIT_JS_H
#define GONIT_JS_H

#include <stddef.h>
#include <stdint.h>

#include "contract.h"
#include "quickjs.h"

/* One module of host calls; the file that defines its bindings ends with JS_TABLE(js_core, HOST_CALLS_CORE). */
struct js_module {
  const JSCFunctionListEntry *calls;
  int count;
};

extern const struct js_module js_core, js_loop, js_socket, js_file, js_yaml, js_manager, js_service, js_machine,
    js_terminal;

#define JS_ENTRY(name, function, count) JS_CFUNC_DEF2(#name, count, function, JS_PROP_ENUMERABLE),
#define JS_TABLE(variable, CALLS) \
  static const JSCFunctionListEntry variable##_calls[] = {CALLS(JS_ENTRY)}; \
  const struct js_module variable = {variable##_calls, sizeof variable##_calls / sizeof variable##_calls[0]};

struct js_program {
  const char *entry;                      /* embedded module to run, such as "manager" or "services/networking" */
  const struct js_module *const *modules; /* what `host` offers; ends in NULL */
  size_t memory_limit;                    /* bytes of the script heap, 0: none */
  size_t gc_threshold;                    /* bytes of heap at which cycles are first looked for, 0: never */
  size_t prefault;                        /* bytes of heap to map at once, 0: as they are used */
  int with_date;                          /* 1: Date exists. Not in the manager, whose engine must not read a clock */
  int argc;                               /* as in main(): argv[0] stands first */
  char **argv;
  uint32_t role;                          /* ROLE_*, 0 outside of an instance */
};

/* Makes the runtime and the global `host`. 0 or -errno. `program` must live as long as the runtime. */
int js_open(const struct js_program *program);

/* Evaluates the entry module and all jobs that follow. 0; -ENOENT: no such module; -1: see js_failure(). */
int js_run(void);

/* Text of the last exception with its stack; never NULL. Valid until the next call. */
const char *js_failure(void);

/* Takes the pending exception of a context into js_failure(). */
void js_take_exception(JSContext *ctx);

/* Runs pending jobs (promise reactions). 0, or -1 with js_failure(). */
int js_run_jobs(void);

void js_close(void);

const struct js_program *js_program(void);
JSContext *js_context(void);

/* Whether an embedded module of this name exists. */
int js_has_module(const char *name);

/* Prototypes of all bindings. */
#define JS_PROTOTYPE(name, function, count) \
  JSValue function(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);
HOST_CALLS_CORE(JS_PROTOTYPE)
HOST_CALLS_LOOP(JS_PROTOTYPE)
HOST_CALLS_SOCKET(JS_PROTOTYPE)
HOST_CALLS_FILE(JS_PROTOTYPE)
HOST_CALLS_YAML(JS_PROTOTYPE)
HOST_CALLS_MANAGER(JS_PROTOTYPE)
HOST_CALLS_SERVICE(JS_PROTOTYPE)
HOST_CALLS_MACHINE(JS_PROTOTYPE)
HOST_CALLS_TERMINAL(JS_PROTOTYPE)

/* A binding's head: parameters that it does not use are allowed. */
#define JS_BINDING(function) \
  JSValue function(__attribute__((unused)) JSContext *ctx, __attribute__((unused)) JSValueConst self, \
                   __attribute__((unused)) int argc, __attribute__((unused)) JSValueConst *argv)

/*
 * Arguments (host/js-value.c). Each returns 0, or -1 with a TypeError pending: the caller returns JS_EXCEPTION.
 * `what` names the argument in the message, such as "watch: fd".
 */
int js_int(JSContext *ctx, JSValueConst value, const char *what, int32_t *result);
/* An integer that a double holds exactly, within [low, high]. */
int js_integer(JSContext *ctx, JSValueConst value, const char *what, int64_t low, int64_t high, int64_t *result);
/* A text without NUL bytes; free it with JS_FreeCString. */
int js_string(JSContext *ctx, JSValueConst value, const char *what, const char **result);

/* Bytes of a text (as UTF-8) or of a Uint8Array; js_bytes_free() after use. Zero it where the free may come first. */
struct js_bytes {
  const uint8_t *data;
  size_t length;
  const char *text; /* not NULL: the engine's copy of a text */
};
int js_bytes(JSContext *ctx, JSValueConst value, const char *what, struct js_bytes *bytes);
void js_bytes_free(JSContext *ctx, struct js_bytes *bytes);

/* Results. Bytes that are no UTF-8 become U+FFFD. */
JSValue js_new_text(JSContext *ctx, const void *bytes, size_t length);
JSValue js_new_name(JSContext *ctx, const char *text);
JSValue js_new_bytes(JSContext *ctx, const void *bytes, size_t length);
/* Sets a property of a new object and takes over the value. */
void js_set(JSContext *ctx, JSValueConst object, const char *name, JSValue value);
/* Appends to a new array at *index and takes over the value. */
void js_push(JSContext *ctx, JSValueConst array, uint32_t *index, JSValue value);
/* A number: an int where it fits, else a double. Tickets and sizes stay below 2^53. */
JSValue js_number(int64_t number);

/* js-loop.c: what other bindings must know of the loop. */
void js_loop_forget(int fd);               /* before a close */
int js_loop_watch_as(int fd, int ready);   /* poll() reports it as READY_*. 0 or -errno */
void js_loop_ring(int ready);              /* the next poll() does not wait, and reports it */
/* What poll() does first with a READY_* number, for what only some programs have: returns what to report, or 0. */
void js_loop_on_ring(int (*take)(int ready));

/* js-guard.c: an endless loop becomes an exception after 1 s of processor time, and SIGKILL after 2 s. */
int js_guard_begin(JSRuntime *runtime); /* -1: no second limit here */
void js_guard_arm(void);                /* at each turn; does nothing where no guard was begun */
/* A lower first limit for one call, in any program; give what it returns to js_guard_widen() after the call. */
int64_t js_guard_narrow(JSRuntime *runtime, int milliseconds);
void js_guard_widen(int64_t before);

#endif
