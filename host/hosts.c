/* Numeric addresses of a name from a file in the format of hosts(5). */
#include "hosts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (256 * 1024)

static int is_address(const char *text) {
  unsigned char binary[16];
  return inet_pton(AF_INET, text, binary) == 1 || inet_pton(AF_INET6, text, binary) == 1;
}

static int add_address(char (*addresses)[HOSTS_ADDRESS_BYTES], int count, const char *text) {
  if (count == HOSTS_ADDRESSES_MAX || !is_address(text)) return count;
  for (int i = 0; i < count; i++)
    if (strcmp(addresses[i], text) == 0) return count;
  snprintf(addresses[count], HOSTS_ADDRESS_BYTES, "%s", text);
  return count + 1;
}

static int line_names(char *line, const char *name, char **address) {
  static const char spaces[] = " \t\r";
  char *rest;
  line[strcspn(line, "#")] = '\0';
  *address = strtok_r(line, spaces, &rest);
  if (*address == NULL) return 0;
  for (char *word; (word = strtok_r(NULL, spaces, &rest)) != NULL;)
    if (strcasecmp(word, name) == 0) return 1;
  return 0;
}

/* The file's text, NUL at its end; NULL when it is none, or too large. O_NONBLOCK: it could be a FIFO. */
static char *read_text(const char *file) {
  struct stat status;
  char *text = NULL;
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return NULL;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size < FILE_BYTES_MAX)
    text = malloc((size_t)status.st_size + 1);
  if (text != NULL) {
    ssize_t got = read(fd, text, (size_t)status.st_size);
    text[got > 0 ? got : 0] = '\0';
  }
  close(fd);
  return text;
}

int hosts_find(const char *file, const char *name, char (*addresses)[HOSTS_ADDRESS_BYTES]) {
  int count = add_address(addresses, 0, name);
  if (count > 0) return count;
  char *text = read_text(file);
  char *rest, *address;
  for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line != NULL; line = strtok_r(NULL, "\n", &rest))
    if (line_names(line, name, &address)) count = add_address(addresses, count, address);
  free(text);
  if (strcasecmp(name, "localhost") == 0) {
    count = add_address(addresses, count, "127.0.0.1");
    count = add_address(addresses, count, "::1");
  }
  return count;
}
