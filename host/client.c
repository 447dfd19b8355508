/* The command line client. It lives for a millisecond: no thread, no timer, and nothing is freed at its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "entry.h"
#include "js.h"

static int fail(const char *why) {
  fprintf(stderr, "gonit: %s\n", why);
  return EXIT_CODE_FAILED;
}

int client_main(int argc, char **argv) {
  static const struct js_module *const modules[] = {&js_core, &js_loop, &js_socket, &js_file, &js_yaml, &js_terminal,
                                                    NULL};
  const struct js_program program = {
      .entry = "cli/main",
      .modules = modules,
      .prefault = 256 * 1024,
      .argc = argc,
      .argv = argv,
  };
  int result = js_open(&program);
  if (result < 0) return fail(strerror(-result));
  result = js_run();
  if (result == -ENOENT) return fail("this binary holds no client");
  return result < 0 ? fail(js_failure()) : EXIT_CODE_OK;
}
