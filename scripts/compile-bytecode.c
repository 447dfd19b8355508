/*
 * Build tool: compiles ECMAScript modules to QuickJS bytecode. It is made from the very sources that are linked into
 * gonit, because bytecode is only good for the engine that wrote it.
 *
 *   compile-bytecode NAME IN OUT ... [--no-lines NAME IN OUT ...]
 *
 * The source text is left out; names and line numbers stay, for stack traces, except behind --no-lines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "quickjs.h"

static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
  long size = ftell(file);
  rewind(file);
  char *text = size < 0 ? NULL : malloc((size_t)size + 1);
  if (text != NULL && fread(text, 1, (size_t)size, file) == (size_t)size) {
    text[size] = '\0';
    *length = (size_t)size;
  } else {
    free(text);
    text = NULL;
  }
  fclose(file);
  return text;
}

static int write_file(const char *path, const void *data, size_t length) {
  FILE *file = fopen(path, "wb");
  if (file == NULL) return -errno;
  size_t written = fwrite(data, 1, length, file);
  return fclose(file) == 0 && written == length ? 0 : -EIO;
}

static int never_run(JSContext *ctx, JSModuleDef *module) {
  (void)ctx;
  (void)module;
  return 0;
}

/* The compiler resolves imports, but only their names go into the bytecode: an empty module stands in for each. */
static JSModuleDef *stand_in(JSContext *ctx, const char *name, void *opaque) {
  (void)opaque;
  return JS_NewCModule(ctx, name, never_run);
}

static void print_exception(JSContext *ctx, const char *path) {
  JSValue exception = JS_GetException(ctx);
  JSValue stack = JS_GetPropertyStr(ctx, exception, "stack");
  const char *text = JS_ToCString(ctx, exception);
  const char *where = JS_ToCString(ctx, stack);
  fprintf(stderr, "cannot compile %s: %s\n%s", path, text != NULL ? text : "?", where != NULL ? where : "");
  JS_FreeCString(ctx, text);
  JS_FreeCString(ctx, where);
  JS_FreeValue(ctx, stack);
  JS_FreeValue(ctx, exception);
}

static int compile(JSContext *ctx, int strip, const char *name, const char *in, const char *out) {
  size_t length;
  char *text = read_file(in, &length);
  if (text == NULL) {
    fprintf(stderr, "cannot read %s: %s\n", in, strerror(errno));
    return 1;
  }
  JSValue module = JS_Eval(ctx, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  free(text);
  if (JS_IsException(module)) {
    print_exception(ctx, in);
    return 1;
  }
  size_t size;
  uint8_t *bytes = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE | strip);
  JS_FreeValue(ctx, module);
  if (bytes == NULL) {
    print_exception(ctx, in);
    return 1;
  }
  int result = write_file(out, bytes, size);
  if (result < 0) fprintf(stderr, "cannot write %s: %s\n", out, strerror(-result));
  js_free(ctx, bytes);
  return result < 0;
}

int main(int argc, char **argv) {
  int strip = JS_WRITE_OBJ_STRIP_SOURCE;
  for (int i = 1; i + 2 < argc; i += 3) {
    if (strcmp(argv[i], "--no-lines") == 0) {
      strip = JS_WRITE_OBJ_STRIP_DEBUG;
      i++;
    }
    /* A runtime each: what one module leaves behind must not change the bytes of the next. */
    JSRuntime *runtime = JS_NewRuntime();
    JSContext *ctx = runtime != NULL ? JS_NewContext(runtime) : NULL;
    if (ctx == NULL) return 1;
    JS_SetModuleLoaderFunc(runtime, NULL, stand_in, NULL);
    int result = compile(ctx, strip, argv[i], argv[i + 1], argv[i + 2]);
    JS_FreeContext(ctx);
    JS_FreeRuntime(runtime);
    if (result != 0) return 1;
  }
  return 0;
}
