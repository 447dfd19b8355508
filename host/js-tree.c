/* Host calls of module manager: the process trees of starts (host/tree.h). */
#include <string.h>

#include "js-manager.h"
#include "js.h"
#include "tree-cgroup.h"
#include "tree.h"

/* Requests that the tree thread had no room for are answered by us, since their caller waits for an answer. */
#define REFUSED_MAX 256

static struct {
  struct tree_result results[REFUSED_MAX];
  int count;
} refused;

static int copy_text(JSContext *ctx, JSValueConst value, const char *name, char *to, size_t size) {
  const char *text;
  if (js_string(ctx, value, name, &text) < 0) return -1;
  size_t length = strlen(text);
  if (length < size) memcpy(to, text, length + 1);
  JS_FreeCString(ctx, text);
  if (length < size) return 0;
  JS_ThrowTypeError(ctx, "%s must have less than %d bytes", name, (int)size);
  return -1;
}

static int number_field(JSContext *ctx, JSValueConst object, const char *name, int64_t low, int64_t *number) {
  JSValue value = JS_GetPropertyStr(ctx, object, name);
  int result = js_integer(ctx, value, name, low, 1ll << 53, number);
  JS_FreeValue(ctx, value);
  return result;
}

static int read_marks(JSContext *ctx, JSValueConst list, struct tree_request *request) {
  int64_t length;
  int result = 0;
  if (!JS_IsArray(list) || JS_GetLength(ctx, list, &length) < 0 || length > TREE_MARKS_MAX) {
    JS_ThrowTypeError(ctx, "mark must be a list of at most %d texts", TREE_MARKS_MAX);
    return -1;
  }
  for (int64_t i = 0; result == 0 && i < length; i++) {
    JSValue value = JS_GetPropertyInt64(ctx, list, i);
    result = copy_text(ctx, value, "mark", request->marks[i], sizeof request->marks[i]);
    JS_FreeValue(ctx, value);
  }
  return result;
}

static int read_tree(JSContext *ctx, JSValueConst object, struct tree_request *request) {
  int64_t ticket, of, slot, pid;
  memset(request, 0, sizeof *request);
  if (number_field(ctx, object, "ticket", 0, &ticket) < 0 || number_field(ctx, object, "of", 0, &of) < 0) return -1;
  if (number_field(ctx, object, "slot", -1, &slot) < 0 || number_field(ctx, object, "pid", 0, &pid) < 0) return -1;
  request->ticket = (uint64_t)ticket;
  request->of = (uint64_t)of;
  request->slot = slot < LIMIT_CHILD_SLOTS ? (int32_t)slot : -1;
  request->pid = pid <= INT32_MAX ? (int32_t)pid : 0;
  JSValue anywhere = JS_GetPropertyStr(ctx, object, "anywhere");
  request->is_anywhere = JS_ToBool(ctx, anywhere) > 0;
  JS_FreeValue(ctx, anywhere);
  JSValue cgroup = JS_GetPropertyStr(ctx, object, "cgroup");
  int result = copy_text(ctx, cgroup, "cgroup", request->cgroup, sizeof request->cgroup);
  JS_FreeValue(ctx, cgroup);
  JSValue marks = JS_GetPropertyStr(ctx, object, "mark");
  if (result == 0) result = read_marks(ctx, marks, request);
  JS_FreeValue(ctx, marks);
  return result;
}

static JSValue submit(JSContext *ctx, const struct tree_request *request) {
  int result = tree_submit(request);
  if (result == 0) return JS_UNDEFINED;
  if (refused.count == REFUSED_MAX) return JS_ThrowInternalError(ctx, "too many process trees are being looked at");
  struct tree_result *answer = &refused.results[refused.count++];
  *answer = (struct tree_result){.ticket = request->ticket, .of = request->of, .left = 1, .error = -result, .how = 3};
  js_loop_ring(READY_TREE);
  return JS_UNDEFINED;
}

JS_BINDING(host_inspect_tree) {
  struct tree_request request;
  if (read_tree(ctx, argv[0], &request) < 0) return JS_EXCEPTION;
  return submit(ctx, &request);
}

JS_BINDING(host_signal_tree) {
  struct tree_request request;
  int64_t signal;
  if (read_tree(ctx, argv[0], &request) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "signalTree: signal", 1, 64, &signal) < 0) return JS_EXCEPTION;
  request.signal = (int32_t)signal;
  return submit(ctx, &request);
}

JS_BINDING(host_remove_group) {
  const char *path;
  if (js_string(ctx, argv[0], "removeGroup: path", &path) < 0) return JS_EXCEPTION;
  int result = cgroup_remove(path);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

static JSValue new_result(JSContext *ctx, const struct tree_result *result) {
  static const char *const how[] = {"group", "cgroup", "mark", "group"};
  uint32_t count = 0;
  JSValue pids = JS_NewArray(ctx);
  for (int i = 0; i < result->pid_count && i < TREE_PIDS_REPORTED; i++)
    js_push(ctx, pids, &count, JS_NewInt32(ctx, result->pids[i]));
  JSValue record = JS_NewObject(ctx);
  js_set(ctx, record, "ticket", js_number((int64_t)result->ticket));
  js_set(ctx, record, "of", js_number((int64_t)result->of));
  js_set(ctx, record, "signalled", js_number(result->signalled));
  js_set(ctx, record, "left", js_number(result->left));
  js_set(ctx, record, "pids", pids);
  js_set(ctx, record, "how", js_new_name(ctx, how[result->how & 3]));
  js_set(ctx, record, "errno", js_number(result->error));
  return record;
}

JS_BINDING(host_trees) {
  struct tree_result result;
  uint32_t count = 0;
  JSValue list = JS_NewArray(ctx);
  for (int i = 0; i < refused.count; i++) js_push(ctx, list, &count, new_result(ctx, &refused.results[i]));
  refused.count = 0;
  while (count < LIMIT_CHILD_SLOTS && tree_next(&result) > 0) js_push(ctx, list, &count, new_result(ctx, &result));
  return list;
}
