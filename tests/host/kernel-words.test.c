// with: kernel-words.c
/* Words of the kernel's command line. */
#include "kernel-words.h"

#include <assert.h>
#include <string.h>

static char value[64];

static int look(const char *text, const char *name) {
  memset(value, 'x', sizeof value);
  return kernel_word_in(text, name, value, sizeof value);
}

static void values_are_found(void) {
  const char *line = "console=ttyS0 root=LABEL=data quiet gonit.config=/etc/my.yml\n";
  assert(look(line, "root") && strcmp(value, "LABEL=data") == 0);
  assert(look(line, "quiet") && strcmp(value, "") == 0);
  assert(look(line, "gonit.config") && strcmp(value, "/etc/my.yml") == 0);
  assert(!look(line, "gonit") && !look(line, "conso") && !look(line, "ttyS0") && !look("", "root"));
}

static void the_last_one_counts(void) {
  assert(look("ro rw root=/dev/a root=/dev/b", "root") && strcmp(value, "/dev/b") == 0);
}

static void quotes_hold_blanks(void) {
  assert(look("a=\"one two\" b", "a") && strcmp(value, "one two") == 0);
  assert(look("\"a=one two\" b", "a") && strcmp(value, "one two") == 0);
  assert(look("a=\"one two\" b", "b") && !look("a=\"one b two\"", "b"));
  assert(look("\"quiet\" x", "quiet") && look("x a=\"open", "a") && strcmp(value, "open") == 0);
}

static void values_are_shortened(void) {
  char small[4];
  assert(kernel_word_in("root=/dev/nvme0n1", "root", small, sizeof small) && strcmp(small, "/de") == 0);
}

int main(void) {
  values_are_found();
  the_last_one_counts();
  quotes_hold_blanks();
  values_are_shortened();
  return 0;
}
