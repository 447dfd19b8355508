/* Words of the kernel's command line, see kernel-words.h. */
#include "kernel-words.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The end of the word that begins here: blanks between double quotes belong to it. */
static const char *word_end(const char *word) {
  int is_quoted = 0;
  for (; *word != '\0' && (is_quoted || strchr(" \t\n", *word) == NULL); word++) is_quoted ^= *word == '"';
  return word;
}

/* Copies without the quotes, which may stand around the value or around the whole word. */
static void copy_value(const char *from, const char *end, char *value, size_t size) {
  size_t used = 0;
  for (; from < end && used + 1 < size; from++) {
    if (*from != '"') value[used++] = *from;
  }
  if (size > 0) value[used] = '\0';
}

int kernel_word_in(const char *text, const char *name, char *value, size_t size) {
  size_t length = strlen(name);
  int found = 0;
  for (const char *word = text; *word != '\0';) {
    const char *end = word_end(word), *start = word + (*word == '"');
    if ((size_t)(end - start) >= length && strncmp(start, name, length) == 0) {
      const char *rest = start + length;
      if (rest == end || *rest == '=' || (*rest == '"' && rest + 1 == end)) {
        copy_value(*rest == '=' ? rest + 1 : end, end, value, size);
        found = 1;
      }
    }
    word = end + strspn(end, " \t\n");
    if (word == end && *word != '\0') word++;
  }
  return found;
}

int kernel_word(const char *name, char *value, size_t size) {
  char text[KERNEL_WORDS_BYTES + 1];
  int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t got = read(fd, text, KERNEL_WORDS_BYTES);
  close(fd);
  if (got < 0) return 0;
  text[got] = '\0';
  return kernel_word_in(text + strspn(text, " \t\n"), name, value, size);
}
