/* A spawn request in one allocation, see spawn-builder.h. */
#include "spawn-builder.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 16384
#define KEPT_SIZE 262144 /* a larger block is not kept */

static struct {
  unsigned char *block;
  size_t size;
} kept;

static int grow(size_t size) {
  unsigned char *grown = realloc(kept.block, size);
  if (grown == NULL) return -ENOMEM;
  kept.block = grown;
  kept.size = size;
  return 0;
}

void builder_begin(struct spawn_builder *builder) {
  memset(builder, 0, sizeof *builder);
  builder->used = (sizeof(struct spawn_request) + 7) & ~(size_t)7;
  if (kept.size < FIRST_SIZE) builder->error = grow(FIRST_SIZE);
  if (builder->error == 0) memset(kept.block, 0, builder->used);
}

struct spawn_request *builder_request(struct spawn_builder *builder) { return builder_at(builder, 0); }

void *builder_at(struct spawn_builder *builder, size_t offset) {
  return builder->error != 0 ? NULL : kept.block + offset;
}

size_t builder_add(struct spawn_builder *builder, const void *bytes, size_t length) {
  if (builder->error == 0 && length > SPAWN_BYTES_MAX - builder->used) builder->error = -E2BIG;
  if (builder->error != 0) return 0;
  size_t at = builder->used, end = (at + length + 7) & ~(size_t)7;
  if (end > kept.size) builder->error = grow(kept.size * 2 > end ? kept.size * 2 : end);
  if (builder->error != 0) return 0;
  if (length > 0) memcpy(kept.block + at, bytes, length);
  memset(kept.block + at + length, 0, end - at - length);
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

static void make_real(unsigned char *block, struct spawn_request *request) {
  request->seccomp = real(block, request->seccomp);
  request->file = real(block, request->file);
  request->search_path = real(block, request->search_path);
  request->directory = real(block, request->directory);
  request->root = real(block, request->root);
  request->cgroup = real(block, request->cgroup);
  request->terminal = real(block, request->terminal);
  request->input = real(block, request->input);
  request->directories = real(block, request->directories);
  for (uint32_t i = 0; i < request->directory_count; i++) {
    request->directories[i].base = real(block, request->directories[i].base);
    request->directories[i].name = real(block, request->directories[i].name);
  }
  request->mounts = real(block, request->mounts);
  for (uint32_t i = 0; i < request->mount_count; i++) request->mounts[i].path = real(block, request->mounts[i].path);
  request->argv = real_list(block, request->argv);
  request->envp = real_list(block, request->envp);
}

struct spawn_request *builder_finish(struct spawn_builder *builder) {
  unsigned char *block = builder->error == 0 ? malloc(builder->used) : NULL;
  if (builder->error == 0 && block == NULL) builder->error = -ENOMEM;
  if (block != NULL) {
    memcpy(block, kept.block, builder->used);
    make_real(block, (struct spawn_request *)(void *)block);
  }
  if (kept.size > KEPT_SIZE) {
    free(kept.block);
    memset(&kept, 0, sizeof kept);
  }
  return (struct spawn_request *)(void *)block;
}
