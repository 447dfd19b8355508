// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-file.c js-directory.c features.c js-yaml.c js-zone.c names.c sha256.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine yaml
/* Runs a script file in gonit's script engine with the host calls of the reader: runs-script FILE [ARGUMENT ...]. */
#include "../../host/js.h"
#include "child.h"

/* Not the constant table that embedded.h declares: the one module is made as this runs. */
struct embedded_module {
  const char *name;
  const unsigned char *data;
  unsigned size, packed, is_lzma;
} embedded_modules[1];
unsigned embedded_module_count;
const char embedded_build[] = "a test's";

static char *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "r");
  if (file == NULL) fail(path);
  fseek(file, 0, SEEK_END);
  *length = (size_t)ftell(file);
  rewind(file);
  char *text = malloc(*length + 1);
  if (text == NULL || fread(text, 1, *length, file) != *length) fail(path);
  text[*length] = '\0';
  fclose(file);
  return text;
}

/* To bytecode, as the modules that are linked into gonit are. */
static void compile(const char *path) {
  size_t length, size;
  char *text = read_file(path, &length);
  JSContext *ctx = JS_NewContext(JS_NewRuntime());
  JSValue module = JS_Eval(ctx, text, length, "main", JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
  if (JS_IsException(module)) {
    fprintf(stderr, "cannot compile %s: %s\n", path, JS_ToCString(ctx, JS_GetException(ctx)));
    exit(99);
  }
  uint8_t *bytes = JS_WriteObject(ctx, &size, module, JS_WRITE_OBJ_BYTECODE);
  embedded_modules[embedded_module_count++] =
      (struct embedded_module){.name = "main", .data = bytes, .size = (unsigned)size};
}

int main(int argc, char **argv) {
  static const struct js_module *const modules[] = {&js_core, &js_file, &js_yaml, NULL};
  /* As the reader's, whose garbage is not collected before it ends. */
  struct js_program program = {
      .entry = "main", .modules = modules, .gc_threshold = 64u * 1024 * 1024, .argc = argc - 1, .argv = argv + 1};
  if (argc < 2) return 99;
  compile(argv[1]);
  if (js_open(&program) == 0 && js_run() == 0) return 0;
  fprintf(stderr, "%s\n", js_failure());
  return 1;
}
