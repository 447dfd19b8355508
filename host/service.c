/* Built-in services: module services/NAME of this binary, as any other service a process that is supervised. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "entry.h"
#include "js.h"

#define GC_THRESHOLD (1024u * 1024)

static int fail(const char *name, const char *why, int code) {
  fprintf(stderr, "%s: %s\n", name, why);
  return code;
}

int service_main(const char *name, int argc, char **argv) {
  static const struct js_module *const modules[] = {&js_core,    &js_loop,    &js_socket,   &js_file,
                                                    &js_service, &js_machine, &js_terminal, NULL};
  char entry[128];
  struct js_program program = {
      .entry = entry,
      .modules = modules,
      .gc_threshold = GC_THRESHOLD,
      .with_date = 1,
      .argc = argc,
      .argv = argv,
  };
  int length = snprintf(entry, sizeof entry, "services/%s", name);
  if (length >= (int)sizeof entry || !js_has_module(entry))
    return fail(name, "gonit has no built-in service of this name", EXIT_CODE_NOT_FOUND);
  int result = js_open(&program);
  if (result < 0) return fail(name, strerror(-result), EXIT_CODE_FAILED);
  return js_run() < 0 ? fail(name, js_failure(), EXIT_CODE_FAILED) : EXIT_CODE_OK;
}
