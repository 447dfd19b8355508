/* Host calls of module manager: the journal, snapshots, and what a new manager finds. */
#include <stdlib.h>
#include <string.h>

#include "js-manager.h"
#include "js.h"

JS_BINDING(host_journal_append) {
  struct js_bytes record;
  if (js_bytes(ctx, argv[0], "journalAppend: record", &record) < 0) return JS_EXCEPTION;
  int result = journal_append(&manager.journal, record.data, record.length);
  js_bytes_free(ctx, &record);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_journal_stepped) {
  journal_stepped(&manager.journal);
  return JS_UNDEFINED;
}

JS_BINDING(host_journal_effect) {
  int64_t count;
  if (js_integer(ctx, argv[0], "journalEffect: count", 0, UINT32_MAX, &count) < 0) return JS_EXCEPTION;
  journal_store_effects(&manager.journal, (uint64_t)count);
  return JS_UNDEFINED;
}

JS_BINDING(host_journal_done) {
  journal_store_done(&manager.journal);
  return JS_UNDEFINED;
}

JS_BINDING(host_snapshot_write) {
  struct js_bytes text;
  if (js_bytes(ctx, argv[0], "snapshotWrite: text", &text) < 0) return JS_EXCEPTION;
  int result = journal_write_snapshot(&manager.journal, text.data, text.length);
  js_bytes_free(ctx, &text);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_recovery_rung) {
  int64_t rung;
  if (js_integer(ctx, argv[0], "recoveryRung: rung", 0, 16, &rung) < 0) return JS_EXCEPTION;
  journal_store_rung(&manager.journal, (uint64_t)rung);
  return JS_UNDEFINED;
}

static JSValue snapshot_text(JSContext *ctx, const struct journal *journal) {
  if (journal->snapshot_area < 0) return js_new_name(ctx, "");
  uint8_t *buffer = malloc(journal->snapshot_bytes + 1);
  if (buffer == NULL) return JS_ThrowOutOfMemory(ctx);
  int result = journal_read_snapshot(journal, buffer);
  JSValue text = js_new_text(ctx, buffer, result < 0 ? 0 : journal->snapshot_bytes);
  free(buffer);
  return text;
}

static JSValue journal_texts(JSContext *ctx, const struct journal *journal) {
  struct journal_record record;
  uint64_t at = 0;
  uint32_t count = 0;
  JSValue list = JS_NewArray(ctx);
  while (journal_next(journal, &at, &record)) js_push(ctx, list, &count, js_new_text(ctx, record.bytes, record.length));
  return list;
}

/* What is made of a snapshot stays: a search for cycles amid it would go through all of it and find nothing. */
#define HEAP_OF_SNAPSHOT_BYTE 6

JS_BINDING(host_recovery) {
  const struct journal *journal = &manager.journal;
  size_t snapshot_bytes = journal->snapshot_area < 0 ? 0 : journal->snapshot_bytes;
  JS_SetGCThreshold(JS_GetRuntime(ctx), js_program()->gc_threshold + HEAP_OF_SNAPSHOT_BYTE * snapshot_bytes);
  uint32_t count = 0;
  JSValue snapshot = snapshot_text(ctx, journal);
  if (JS_IsException(snapshot)) return snapshot;
  JSValue damage = JS_NewArray(ctx);
  for (int i = 0; i < journal->damage_count; i++) js_push(ctx, damage, &count, js_new_name(ctx, journal->damage[i]));
  JSValue record = JS_NewObject(ctx);
  js_set(ctx, record, "snapshot", snapshot);
  js_set(ctx, record, "journal", journal_texts(ctx, journal));
  js_set(ctx, record, "processing", js_number(journal_processing(journal)));
  js_set(ctx, record, "done", js_number((int64_t)journal_done(journal)));
  js_set(ctx, record, "effects", js_number((int64_t)journal_effects(journal)));
  js_set(ctx, record, "lastRung", js_number((int64_t)journal_rung(journal)));
  js_set(ctx, record, "damage", damage);
  return record;
}
