/* Reads a SpawnRequest of contract.ts into a struct spawn_request and a claim for its slot. */
#include "js-spawn-request.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* One request being read. Every reader returns -1 with an exception that names the field; -errno's of sizes stay in the
 * builder. */
struct reader {
  JSContext *ctx;
  JSValueConst object;
  struct spawn_builder builder;
};

#define SFILTER_BYTES 8 /* struct sock_filter */

/* 1: there, *value is to be freed. 0: left out. -1: exception. */
static int field(struct reader *reader, const char *name, JSValue *value) {
  *value = JS_GetPropertyStr(reader->ctx, reader->object, name);
  if (JS_IsException(*value)) return -1;
  return !JS_IsUndefined(*value);
}

/* 1 with a number in range, 0: left out, -1: exception. */
static int number_field(struct reader *reader, const char *name, int64_t low, int64_t high, int64_t *number) {
  JSValue value;
  int there = field(reader, name, &value);
  if (there > 0 && js_integer(reader->ctx, value, name, low, high, number) < 0) there = -1;
  JS_FreeValue(reader->ctx, value);
  return there;
}

static int flag_field(struct reader *reader, const char *name, uint32_t bit) {
  JSValue value;
  int there = field(reader, name, &value);
  struct spawn_request *request = builder_request(&reader->builder);
  if (there > 0 && JS_ToBool(reader->ctx, value) > 0 && request != NULL) request->set |= bit;
  JS_FreeValue(reader->ctx, value);
  return there;
}

static int add_string(struct reader *reader, JSValueConst value, const char *name, size_t *offset) {
  const char *text;
  if (js_string(reader->ctx, value, name, &text) < 0) return -1;
  *offset = builder_add(&reader->builder, text, strlen(text) + 1);
  JS_FreeCString(reader->ctx, text);
  return 0;
}

/* The offset of a text field, 0 where it is left out. */
static int text_field(struct reader *reader, const char *name, size_t *offset) {
  JSValue value;
  *offset = 0;
  int there = field(reader, name, &value);
  if (there > 0 && add_string(reader, value, name, offset) < 0) there = -1;
  JS_FreeValue(reader->ctx, value);
  return there;
}

/* Length of a list with at most `max` entries; 0 where it is left out, -1: exception. */
static int64_t list_field(struct reader *reader, const char *name, int64_t max, JSValue *list) {
  int64_t length = 0;
  int there = field(reader, name, list);
  if (there == 0) return 0;
  if (there > 0 && !JS_IsArray(*list)) JS_ThrowTypeError(reader->ctx, "%s must be a list", name);
  if (there > 0 && JS_IsArray(*list) && JS_GetLength(reader->ctx, *list, &length) == 0) {
    if (length <= max) return length;
    JS_ThrowTypeError(reader->ctx, "%s must have at most %lld entries", name, (long long)max);
  }
  JS_FreeValue(reader->ctx, *list);
  *list = JS_UNDEFINED;
  return -1;
}

static int entry_number(struct reader *reader, JSValueConst list, int64_t index, const char *name, int64_t low,
                        int64_t high, int64_t *number) {
  JSValue value = JS_GetPropertyInt64(reader->ctx, list, index);
  int result = js_integer(reader->ctx, value, name, low, high, number);
  JS_FreeValue(reader->ctx, value);
  return result;
}

/* A NULL-terminated list of texts; the list itself is added behind them. */
static int strings_field(struct reader *reader, const char *name, size_t *offset) {
  JSValue list;
  int64_t length = list_field(reader, name, SPAWN_STRINGS_MAX, &list);
  if (length < 0) return -1;
  size_t *offsets = calloc((size_t)length + 1, sizeof *offsets);
  int result = offsets == NULL ? -1 : 0;
  if (offsets == NULL) JS_ThrowOutOfMemory(reader->ctx);
  for (int64_t i = 0; result == 0 && i < length; i++) {
    JSValue value = JS_GetPropertyInt64(reader->ctx, list, i);
    result = add_string(reader, value, name, &offsets[i]);
    JS_FreeValue(reader->ctx, value);
  }
  if (result == 0) *offset = builder_add(&reader->builder, offsets, ((size_t)length + 1) * sizeof *offsets);
  free(offsets);
  JS_FreeValue(reader->ctx, list);
  return result;
}

static int read_texts(struct reader *reader) {
  size_t argv = 0, envp = 0, file, search_path, directory, root, cgroup, input;
  if (strings_field(reader, "argv", &argv) < 0 || strings_field(reader, "environment", &envp) < 0) return -1;
  if (text_field(reader, "file", &file) < 0 || text_field(reader, "searchPath", &search_path) < 0) return -1;
  if (text_field(reader, "directory", &directory) < 0 || text_field(reader, "root", &root) < 0) return -1;
  if (text_field(reader, "cgroup", &cgroup) < 0 || text_field(reader, "input", &input) < 0) return -1;
  struct spawn_request *request = builder_request(&reader->builder);
  if (request == NULL) return 0;
  request->argv = (char **)argv;
  request->envp = (char **)envp;
  request->file = (char *)file;
  request->search_path = (char *)search_path;
  request->directory = (char *)directory;
  request->root = (char *)root;
  request->cgroup = (char *)cgroup;
  request->input = (char *)input;
  char **first = builder_at(&reader->builder, argv);
  if (*first == NULL) {
    JS_ThrowTypeError(reader->ctx, "argv must not be empty");
    return -1;
  }
  if (file == 0) request->file = *first; /* an offset too */
  return 0;
}

static int read_identity(struct reader *reader) {
  struct spawn_request *request = builder_request(&reader->builder);
  int64_t number;
  JSValue list;
  int there;
  if (request == NULL) return 0;
  if ((there = number_field(reader, "uid", 0, UINT32_MAX - 1, &number)) < 0) return -1;
  if (there > 0) request->uid = (uint32_t)number, request->set |= SPAWN_SET_USER;
  if ((there = number_field(reader, "gid", 0, UINT32_MAX - 1, &number)) < 0) return -1;
  if (there > 0) request->gid = (uint32_t)number, request->set |= SPAWN_SET_GROUP;
  if ((there = field(reader, "groups", &list)) < 0) return -1;
  JS_FreeValue(reader->ctx, list);
  if (there == 0) return 0;
  int64_t length = list_field(reader, "groups", SPAWN_GROUPS_MAX, &list);
  if (length < 0) return -1;
  for (int64_t i = 0; i < length; i++) {
    if (entry_number(reader, list, i, "groups", 0, UINT32_MAX - 1, &number) < 0) there = -1;
    if (there < 0) break;
    request->groups[i] = (uint32_t)number;
  }
  JS_FreeValue(reader->ctx, list);
  request->group_count = (uint32_t)length;
  request->set |= SPAWN_SET_GROUPS;
  return there < 0 ? -1 : 0;
}

static int read_capabilities(struct reader *reader, struct spawn_request *request) {
  JSValue list;
  int64_t low = 0, high = 0;
  int64_t length = list_field(reader, "capabilities", 2, &list);
  if (length <= 0) return (int)length;
  int result = entry_number(reader, list, 0, "capabilities", 0, UINT32_MAX, &low);
  if (result == 0) result = entry_number(reader, list, 1, "capabilities", 0, UINT32_MAX, &high);
  JS_FreeValue(reader->ctx, list);
  request->capabilities = (uint64_t)high << 32 | (uint64_t)low;
  request->set |= SPAWN_SET_CAPABILITIES;
  return result;
}

static int read_numbers(struct reader *reader) {
  struct spawn_request *request = builder_request(&reader->builder);
  int64_t number;
  int there;
  if (request == NULL) return 0;
  if ((there = number_field(reader, "umask", 0, 0777, &number)) < 0) return -1;
  if (there > 0) request->umask = (uint32_t)number, request->set |= SPAWN_SET_UMASK;
  if ((there = number_field(reader, "nice", -20, 19, &number)) < 0) return -1;
  if (there > 0) request->nice = (int32_t)number, request->set |= SPAWN_SET_NICE;
  if ((there = number_field(reader, "oomScoreAdj", -1000, 1000, &number)) < 0) return -1;
  if (there > 0) request->oom_score_adj = (int32_t)number, request->set |= SPAWN_SET_OOM;
  if ((there = number_field(reader, "namespaces", 0, UINT32_MAX, &number)) < 0) return -1;
  if (there > 0) request->namespaces = (uint32_t)number;
  if ((there = number_field(reader, "joinNamespaces", 0, UINT32_MAX, &number)) < 0) return -1;
  if (there > 0) request->join_namespaces = (uint32_t)number;
  if ((there = number_field(reader, "joinPid", 0, INT32_MAX, &number)) < 0) return -1;
  if (there > 0) request->join_pid = (int32_t)number;
  if ((there = number_field(reader, "parentDeathSignal", 0, 64, &number)) < 0) return -1;
  if (there > 0) request->parent_death_signal = (int32_t)number;
  if (flag_field(reader, "noNewPrivileges", SPAWN_NO_NEW_PRIVILEGES) < 0) return -1;
  if (flag_field(reader, "readOnly", SPAWN_READ_ONLY) < 0) return -1;
  if (flag_field(reader, "ownBinary", SPAWN_OWN_BINARY) < 0) return -1;
  if (flag_field(reader, "listenPid", SPAWN_LISTEN_PID) < 0) return -1;
  if (flag_field(reader, "keepSession", SPAWN_KEEP_SESSION) < 0) return -1;
  return read_capabilities(reader, request);
}

static uint64_t limit_value(int64_t number) { return number < 0 ? (uint64_t)RLIM_INFINITY : (uint64_t)number; }

static int read_rlimits(struct reader *reader) {
  struct spawn_request *request = builder_request(&reader->builder);
  JSValue list;
  int result = 0;
  if (request == NULL) return 0;
  int64_t length = list_field(reader, "rlimits", SPAWN_RLIMITS_MAX, &list);
  if (length < 0) return -1;
  for (int64_t i = 0; result == 0 && i < length; i++) {
    int64_t resource = 0, soft = 0, hard = 0;
    JSValue entry = JS_GetPropertyInt64(reader->ctx, list, i);
    result = entry_number(reader, entry, 0, "rlimits", 0, RLIM_NLIMITS - 1, &resource);
    if (result == 0) result = entry_number(reader, entry, 1, "rlimits", -1, 1ll << 53, &soft);
    if (result == 0) result = entry_number(reader, entry, 2, "rlimits", -1, 1ll << 53, &hard);
    JS_FreeValue(reader->ctx, entry);
    request->rlimits[i] =
        (struct spawn_rlimit){.resource = (int32_t)resource, .soft = limit_value(soft), .hard = limit_value(hard)};
  }
  request->rlimit_count = (uint32_t)length;
  JS_FreeValue(reader->ctx, list);
  return result;
}

static int read_descriptors(struct reader *reader) {
  struct spawn_request *request = builder_request(&reader->builder);
  JSValue list;
  int result = 0;
  if (request == NULL) return 0;
  int64_t length = list_field(reader, "descriptors", SPAWN_DESCRIPTORS_MAX, &list);
  if (length < 0) return -1;
  for (int64_t i = 0; result == 0 && i < length; i++) {
    int64_t child = 0, ours = 0;
    JSValue entry = JS_GetPropertyInt64(reader->ctx, list, i);
    result = entry_number(reader, entry, 0, "descriptors", 0, INT32_MAX, &child);
    if (result == 0) result = entry_number(reader, entry, 1, "descriptors", SPAWN_FROM_TERMINAL, INT32_MAX, &ours);
    JS_FreeValue(reader->ctx, entry);
    request->descriptors[i].child = (int32_t)child;
    request->descriptors[i].ours = (int32_t)ours;
  }
  request->descriptor_count = (uint32_t)length;
  JS_FreeValue(reader->ctx, list);
  return result;
}

static int read_directory(struct reader *reader, JSValueConst entry, struct spawn_directory *directory) {
  size_t texts[2] = {0, 0};
  int64_t mode = 0;
  int result = 0;
  for (uint32_t i = 0; i < 2 && result == 0; i++) {
    JSValue value = JS_GetPropertyUint32(reader->ctx, entry, i);
    result = add_string(reader, value, "directories", &texts[i]);
    JS_FreeValue(reader->ctx, value);
  }
  if (result == 0) result = entry_number(reader, entry, 2, "directories", 0, 07777, &mode);
  *directory = (struct spawn_directory){(char *)texts[0], (char *)texts[1], (uint32_t)mode};
  return result;
}

static int read_mount(struct reader *reader, JSValueConst entry, struct spawn_mount *mount) {
  size_t path = 0;
  int64_t how = 0;
  JSValue text = JS_GetPropertyUint32(reader->ctx, entry, 0);
  int result = add_string(reader, text, "mounts", &path);
  if (result == 0) result = entry_number(reader, entry, 1, "mounts", 1, SPAWN_MOUNT_PROC, &how);
  JS_FreeValue(reader->ctx, text);
  *mount = (struct spawn_mount){(char *)path, (uint32_t)how};
  return result;
}

static int read_directories(struct reader *reader) {
  struct spawn_directory directories[SPAWN_DIRECTORIES_MAX];
  JSValue list;
  int result = 0;
  int64_t length = list_field(reader, "directories", SPAWN_DIRECTORIES_MAX, &list);
  for (int64_t i = 0; result == 0 && i < length; i++) {
    JSValue entry = JS_GetPropertyInt64(reader->ctx, list, i);
    result = read_directory(reader, entry, &directories[i]);
    JS_FreeValue(reader->ctx, entry);
  }
  JS_FreeValue(reader->ctx, list);
  if (length <= 0 || result < 0) return length < 0 ? -1 : result;
  size_t offset = builder_add(&reader->builder, directories, (size_t)length * sizeof *directories);
  struct spawn_request *request = builder_request(&reader->builder);
  if (request == NULL) return 0;
  request->directories = (struct spawn_directory *)offset;
  request->directory_count = (uint32_t)length;
  return 0;
}

static int read_mounts(struct reader *reader) {
  struct spawn_mount mounts[SPAWN_MOUNTS_MAX];
  JSValue list;
  int result = 0;
  int64_t length = list_field(reader, "mounts", SPAWN_MOUNTS_MAX, &list);
  for (int64_t i = 0; result == 0 && i < length; i++) {
    JSValue entry = JS_GetPropertyInt64(reader->ctx, list, i);
    result = read_mount(reader, entry, &mounts[i]);
    JS_FreeValue(reader->ctx, entry);
  }
  JS_FreeValue(reader->ctx, list);
  if (length <= 0 || result < 0) return length < 0 ? -1 : result;
  size_t offset = builder_add(&reader->builder, mounts, (size_t)length * sizeof *mounts);
  struct spawn_request *request = builder_request(&reader->builder);
  if (request == NULL) return 0;
  request->mounts = (struct spawn_mount *)offset;
  request->mount_count = (uint32_t)length;
  return 0;
}

static int read_signal_mask(struct reader *reader) {
  struct spawn_request *request = builder_request(&reader->builder);
  JSValue list;
  int result = 0;
  if (request == NULL) return 0;
  int64_t length = list_field(reader, "signalMask", 64, &list);
  if (length < 0) return -1;
  for (int64_t i = 0; result == 0 && i < length; i++) {
    int64_t number = 1;
    result = entry_number(reader, list, i, "signalMask", 1, 64, &number);
    request->signal_mask |= 1ull << (number - 1);
  }
  JS_FreeValue(reader->ctx, list);
  return result;
}

static int read_seccomp(struct reader *reader) {
  JSValue value;
  struct js_bytes program;
  int there = field(reader, "seccomp", &value);
  if (there > 0 && js_bytes(reader->ctx, value, "seccomp", &program) < 0) there = -1;
  if (there > 0) {
    /* struct sock_fprog counts in 16 bits, see seccomp(2). */
    if (program.length % SFILTER_BYTES != 0 || program.length / SFILTER_BYTES > UINT16_MAX) {
      JS_ThrowTypeError(reader->ctx, "seccomp must be whole filter instructions");
      there = -1;
    } else {
      size_t offset = builder_add(&reader->builder, program.data, program.length);
      struct spawn_request *request = builder_request(&reader->builder);
      if (request != NULL) request->seccomp = (void *)offset;
      if (request != NULL) request->seccomp_count = (uint16_t)(program.length / SFILTER_BYTES);
    }
    js_bytes_free(reader->ctx, &program);
  }
  JS_FreeValue(reader->ctx, value);
  return there < 0 ? -1 : 0;
}

static int read_terminal(struct reader *reader) {
  JSValue value;
  size_t offset = 0;
  int64_t fd = -1;
  int result = 0;
  int there = field(reader, "terminal", &value);
  if (there > 0 && JS_IsString(value)) result = add_string(reader, value, "terminal", &offset);
  else if (there > 0) result = js_integer(reader->ctx, value, "terminal", 0, INT32_MAX, &fd);
  JS_FreeValue(reader->ctx, value);
  struct spawn_request *request = builder_request(&reader->builder);
  if (there < 0 || result < 0) return -1;
  if (request == NULL) return 0;
  request->terminal = (char *)offset;
  request->terminal_fd = (int32_t)fd;
  if (fd >= 0) request->set |= SPAWN_TERMINAL_FD;
  return 0;
}

static int read_claim(struct reader *reader, struct spawn_claim *claim) {
  JSValue value;
  const char *text;
  memset(claim, 0, sizeof *claim);
  if (number_field(reader, "ticket", 1, 1ll << 53, &claim->ticket) <= 0) return -1;
  if (number_field(reader, "kind", 1, 255, &claim->kind) <= 0) return -1;
  if (field(reader, "killGroupAtDeath", &value) > 0 && JS_ToBool(reader->ctx, value) > 0)
    claim->flags |= SLOT_KILL_GROUP;
  JS_FreeValue(reader->ctx, value);
  field(reader, "instance", &value);
  int result = js_string(reader->ctx, value, "instance", &text);
  JS_FreeValue(reader->ctx, value);
  if (result < 0) return -1;
  size_t length = strlen(text);
  if (length < sizeof claim->instance) memcpy(claim->instance, text, length);
  JS_FreeCString(reader->ctx, text);
  if (length < sizeof claim->instance) return 0;
  JS_ThrowTypeError(reader->ctx, "instance must have less than %d bytes", LIMIT_NAME_BYTES);
  return -1;
}

static int read_request(struct reader *reader) {
  if (read_texts(reader) < 0 || read_identity(reader) < 0 || read_numbers(reader) < 0) return -1;
  if (read_rlimits(reader) < 0 || read_descriptors(reader) < 0 || read_signal_mask(reader) < 0) return -1;
  if (read_directories(reader) < 0 || read_mounts(reader) < 0) return -1;
  return read_seccomp(reader) < 0 || read_terminal(reader) < 0 ? -1 : 0;
}

int js_read_spawn_request(JSContext *ctx, JSValueConst object, struct spawn_claim *claim,
                          struct spawn_request **request) {
  struct reader reader = {.ctx = ctx, .object = object};
  if (read_claim(&reader, claim) < 0) {
    if (!JS_HasException(ctx)) JS_ThrowTypeError(ctx, "spawn: ticket or kind is missing");
    return -1;
  }
  builder_begin(&reader.builder);
  if (read_request(&reader) < 0) return -1;
  *request = builder_finish(&reader.builder);
  claim->error = reader.builder.error;
  return 0;
}
