/* Host calls of module manager: what init and this system are like. */
#include <stdio.h>
#include <string.h>

#include "embedded.h"
#include "features.h"
#include "js-manager.h"
#include "js.h"
#include "users.h"

static JSValue new_role(JSContext *ctx, int32_t pid, uint32_t life) {
  JSValue role = JS_NewObject(ctx);
  js_set(ctx, role, "pid", js_number(pid));
  js_set(ctx, role, "life", js_number(life));
  return role;
}

static JSValue new_restarted_role(JSContext *ctx, const struct role_record *record) {
  JSValue role = new_role(ctx, atomic_load(&record->pid), atomic_load(&record->life));
  js_set(ctx, role, "lastCode", js_number(record->last_code));
  js_set(ctx, role, "lastSignal", js_number(record->last_signal));
  js_set(ctx, role, "failures", js_number(atomic_load(&record->failures)));
  js_set(ctx, role, "failures", js_number(atomic_load(&record->failures)));
  return role;
}

JS_BINDING(host_roles) {
  const struct exits_part *exits = manager.ledger.exits;
  JSValue roles = JS_NewObject(ctx);
  js_set(ctx, roles, "init", new_role(ctx, exits->init_pid, atomic_load(&exits->init_life)));
  js_set(ctx, roles, "manager", new_restarted_role(ctx, &exits->manager));
  js_set(ctx, roles, "logger", new_restarted_role(ctx, &exits->logger));
  return roles;
}

JS_BINDING(host_instance_id) {
  const char *id = manager.ledger.exits->instance_id;
  return js_new_text(ctx, id, strnlen(id, sizeof manager.ledger.exits->instance_id));
}

JS_BINDING(host_isolated) { return JS_NewBool(ctx, manager.ledger.exits->isolated != 0); }

JS_BINDING(host_started_ms) { return JS_NewFloat64(ctx, (double)manager.ledger.exits->started_ns / 1e6); }

JS_BINDING(host_seccomp_profile) {
  const char *name;
  const struct embedded_module *found = NULL;
  char entry[64];
  if (js_string(ctx, argv[0], "seccompProfile: name", &name) < 0) return JS_EXCEPTION;
  snprintf(entry, sizeof entry, "seccomp/%s", name);
  JS_FreeCString(ctx, name);
  for (unsigned i = 0; i < embedded_module_count; i++)
    if (strcmp(embedded_modules[i].name, entry) == 0) found = &embedded_modules[i];
  return found == NULL ? js_new_bytes(ctx, "", 0) : js_new_bytes(ctx, found->data, found->size);
}

JS_BINDING(host_features) {
  const struct features *features = features_get();
  JSValue record = JS_NewObject(ctx);
  js_set(ctx, record, "clone3", JS_NewBool(ctx, features->clone3));
  js_set(ctx, record, "intoCgroup", JS_NewBool(ctx, features->into_cgroup));
  js_set(ctx, record, "pidfd", JS_NewBool(ctx, features->pidfd));
  js_set(ctx, record, "closeRange", JS_NewBool(ctx, features->close_range));
  js_set(ctx, record, "memfd", JS_NewBool(ctx, features->memfd));
  js_set(ctx, record, "execveat", JS_NewBool(ctx, features->execveat));
  js_set(ctx, record, "childrenFile", JS_NewBool(ctx, features->children_file));
  js_set(ctx, record, "cgroupKill", JS_NewBool(ctx, features->cgroup_kill));
  return record;
}

JS_BINDING(host_lookup_user) {
  const char *name;
  struct user_record user;
  uint32_t count = 0;
  if (js_string(ctx, argv[0], "lookupUser: name", &name) < 0) return JS_EXCEPTION;
  int result = users_find(name, &user);
  JS_FreeCString(ctx, name);
  if (result < 0) return JS_NewInt32(ctx, result);
  JSValue groups = JS_NewArray(ctx);
  for (uint32_t i = 0; i < user.group_count && i < SPAWN_GROUPS_MAX; i++)
    js_push(ctx, groups, &count, js_number(user.groups[i]));
  JSValue record = JS_NewObject(ctx);
  js_set(ctx, record, "uid", js_number(user.uid));
  js_set(ctx, record, "gid", js_number(user.gid));
  js_set(ctx, record, "name", js_new_name(ctx, user.name));
  js_set(ctx, record, "home", js_new_name(ctx, user.home));
  js_set(ctx, record, "shell", js_new_name(ctx, user.shell));
  js_set(ctx, record, "groups", groups);
  return record;
}

JS_BINDING(host_lookup_group) {
  const char *name;
  uint32_t gid = 0;
  if (js_string(ctx, argv[0], "lookupGroup: name", &name) < 0) return JS_EXCEPTION;
  int result = users_find_group(name, &gid);
  JS_FreeCString(ctx, name);
  return js_number(result < 0 ? result : (int64_t)gid);
}
