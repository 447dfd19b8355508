/* A spawn request in one allocation, see spawn-builder.h. */
#include "spawn-builder.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16384

void builder_begin(struct spawn_builder *builder) {
  memset(builder, 0, sizeof *builder);
  builder->size = FIRST_SIZE;
  builder->used = (sizeof(struct spawn_request) + 7) & ~(size_t)7;
  builder->block = calloc(1, FIRST_SIZE);
  if (builder->block == NULL) builder->error = -ENOMEM;
}

struct spawn_request *builder_request(struct spawn_builder *builder) {
  return builder->error != 0 ? NULL : (struct spawn_request *)(void *)builder->block;
}

size_t builder_add(struct spawn_builder *builder, const void *bytes, size_t length) {
  if (builder->error == 0 && length > SPAWN_BYTES_MAX - builder->used) builder->error = -E2BIG;
  if (builder->error != 0) return 0;
  size_t at = builder->used, end = (at + length + 7) & ~(size_t)7;
  if (end > builder->size) {
    size_t size = builder->size * 2 > end ? builder->size * 2 : end;
    unsigned char *grown = realloc(builder->block, size);
    if (grown == NULL) {
      builder->error = -ENOMEM;
      return 0;
    }
    builder->block = grown;
    builder->size = size;
  }
  if (length > 0) memcpy(builder->block + at, bytes, length);
  memset(builder->block + at + length, 0, end - at - length);
  builder->used = end;
  return at;
}

static void *real(unsigned char *block, const void *offset) {
  return (uintptr_t)offset == 0 ? NULL : block + (uintptr_t)offset;
}

static char **real_list(unsigned char *block, char **offset) {
  char **list = real(block, offset);
  for (char **entry = list; entry != NULL && *entry != NULL; entry++) *entry = real(block, *entry);
  return list;
}

struct spawn_request *builder_finish(struct spawn_builder *builder) {
  struct spawn_request *request = builder_request(builder);
  unsigned char *block = builder->block;
  if (request == NULL) {
    builder_abandon(builder);
    return NULL;
  }
  request->seccomp = real(block, request->seccomp);
  request->file = real(block, request->file);
  request->search_path = real(block, request->search_path);
  request->directory = real(block, request->directory);
  request->root = real(block, request->root);
  request->cgroup = real(block, request->cgroup);
  request->terminal = real(block, request->terminal);
  request->argv = real_list(block, request->argv);
  request->envp = real_list(block, request->envp);
  builder->block = NULL;
  return request;
}

void builder_abandon(struct spawn_builder *builder) {
  free(builder->block);
  builder->block = NULL;
}
