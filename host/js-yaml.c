/*
 * Host call of module yaml: libyaml's events as one flat list of numbers and one list of texts.
 *
 * libyaml only splits the text into events; what they mean (kinds of scalars, anchors, duplicate keys) is decided in
 * src/config/. Its parser keeps its own stacks, so depth is bounded by memory and by the number of events, not by ours.
 */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "js.h"

#define FIELDS 9 /* kind, line, column, end line, end column, style, value, anchor, tag: see YamlEvents */
#define EVENTS_MAX 4000000
/* libyaml's work for each token grows with the depth. src/config/ allows far less, and says so in its own words. */
#define DEPTH_MAX 1000

struct event_list {
  JSContext *ctx;
  int32_t *numbers;
  size_t count, size; /* events */
  JSValue texts;
  uint32_t text_count;
  int depth;
  int failed;       /* libyaml found an error, see the parser */
  int is_too_deep;  /* at the event that was added last */
};

static int32_t add_text(struct event_list *list, const void *text, size_t length) {
  js_push(list->ctx, list->texts, &list->text_count, js_new_text(list->ctx, text, length));
  return (int32_t)list->text_count - 1;
}

static int32_t add_name(struct event_list *list, const yaml_char_t *name) {
  return name == NULL ? -1 : add_text(list, name, strlen((const char *)name));
}

static void read_event(struct event_list *list, const yaml_event_t *event, int32_t *fields) {
  switch (event->type) {
    case YAML_ALIAS_EVENT:
      fields[7] = add_name(list, event->data.alias.anchor);
      break;
    case YAML_SCALAR_EVENT:
      fields[5] = (int32_t)event->data.scalar.style;
      fields[6] = add_text(list, event->data.scalar.value, event->data.scalar.length);
      fields[7] = add_name(list, event->data.scalar.anchor);
      fields[8] = add_name(list, event->data.scalar.tag);
      break;
    case YAML_SEQUENCE_START_EVENT:
      fields[5] = (int32_t)event->data.sequence_start.style;
      fields[7] = add_name(list, event->data.sequence_start.anchor);
      fields[8] = add_name(list, event->data.sequence_start.tag);
      break;
    case YAML_MAPPING_START_EVENT:
      fields[5] = (int32_t)event->data.mapping_start.style;
      fields[7] = add_name(list, event->data.mapping_start.anchor);
      fields[8] = add_name(list, event->data.mapping_start.tag);
      break;
    default:
      break;
  }
}

static int add_event(struct event_list *list, const yaml_event_t *event) {
  if (list->count == list->size) {
    size_t size = list->size == 0 ? 256 : list->size * 2;
    int32_t *grown = realloc(list->numbers, size * FIELDS * sizeof *grown);
    if (grown == NULL) return -1;
    list->numbers = grown;
    list->size = size;
  }
  int32_t *fields = list->numbers + list->count++ * FIELDS;
  fields[0] = (int32_t)event->type;
  fields[1] = (int32_t)event->start_mark.line;
  fields[2] = (int32_t)event->start_mark.column;
  fields[3] = (int32_t)event->end_mark.line;
  fields[4] = (int32_t)event->end_mark.column;
  fields[5] = 0;
  fields[6] = fields[7] = fields[8] = -1;
  read_event(list, event, fields);
  return 0;
}

/* The line and column of a byte: a byte that is no character has no mark. */
static yaml_mark_t mark_of(const struct js_bytes *text, size_t offset) {
  yaml_mark_t mark = {.index = offset};
  for (size_t i = 0; i < offset && i < text->length; i++) {
    if (text->data[i] == '\n') {
      mark.line++;
      mark.column = 0;
    } else if ((text->data[i] & 0xc0) != 0x80) {
      mark.column++;
    }
  }
  return mark;
}

static JSValue error_object(JSContext *ctx, const char *message, const char *context, size_t line, size_t column) {
  JSValue error = JS_NewObject(ctx);
  js_set(ctx, error, "message", js_new_name(ctx, message));
  js_set(ctx, error, "context", js_new_name(ctx, context));
  js_set(ctx, error, "line", JS_NewInt32(ctx, (int32_t)line));
  js_set(ctx, error, "column", JS_NewInt32(ctx, (int32_t)column));
  return error;
}

static JSValue new_error(const struct event_list *list, const yaml_parser_t *parser, const struct js_bytes *text) {
  yaml_mark_t mark = parser->problem_mark;
  const char *message = parser->problem != NULL ? parser->problem : "the text cannot be read";
  const char *context = parser->context != NULL ? parser->context : "";
  if (list->is_too_deep) {
    const int32_t *last = list->numbers + (list->count - 1) * FIELDS;
    return error_object(list->ctx, "the text is nested too deep", "", (size_t)last[1], (size_t)last[2]);
  }
  if (!list->failed) return JS_NULL;
  if (parser->error == YAML_MEMORY_ERROR) message = "out of memory";
  if (parser->error == YAML_MEMORY_ERROR) mark = parser->mark;
  if (parser->error == YAML_READER_ERROR) mark = mark_of(text, parser->problem_offset);
  JSValue error = error_object(list->ctx, message, context, mark.line, mark.column);
  if (parser->context == NULL) return error;
  /* Where it began, such as the quote that is not closed. */
  js_set(list->ctx, error, "contextLine", JS_NewInt32(list->ctx, (int32_t)parser->context_mark.line));
  js_set(list->ctx, error, "contextColumn", JS_NewInt32(list->ctx, (int32_t)parser->context_mark.column));
  return error;
}

static int is_start(yaml_event_type_t type) {
  return type == YAML_SEQUENCE_START_EVENT || type == YAML_MAPPING_START_EVENT;
}

static int is_end(yaml_event_type_t type) { return type == YAML_SEQUENCE_END_EVENT || type == YAML_MAPPING_END_EVENT; }

/* 1: the list is full before the end, 0: read as far as it can be, -1: no memory. */
static int read_events(yaml_parser_t *parser, struct event_list *list, size_t max) {
  for (;;) {
    yaml_event_t event;
    if (list->count == max) return 1;
    if (!yaml_parser_parse(parser, &event)) {
      list->failed = 1;
      return 0;
    }
    yaml_event_type_t type = event.type;
    int result = type == YAML_NO_EVENT ? 0 : add_event(list, &event);
    yaml_event_delete(&event);
    if (result < 0 || type == YAML_STREAM_END_EVENT || type == YAML_NO_EVENT) return result;
    list->depth += is_start(type) - is_end(type);
    list->is_too_deep = list->depth > DEPTH_MAX;
    if (list->is_too_deep) return 0;
  }
}

static JSValue new_result(struct event_list *list, JSValue error, int truncated) {
  JSContext *ctx = list->ctx;
  JSValue result = JS_NewObject(ctx);
  size_t bytes = list->count * FIELDS * sizeof *list->numbers;
  JSValue buffer = JS_NewArrayBufferCopy(ctx, (const uint8_t *)list->numbers, bytes);
  JSValue events = JS_NewTypedArray(ctx, 1, (JSValueConst *)&buffer, JS_TYPED_ARRAY_INT32);
  JS_FreeValue(ctx, buffer);
  js_set(ctx, result, "events", events);
  js_set(ctx, result, "texts", list->texts);
  js_set(ctx, result, "error", error);
  js_set(ctx, result, "truncated", JS_NewBool(ctx, truncated == 1));
  return result;
}

JS_BINDING(host_yaml_events) {
  struct js_bytes text;
  struct event_list list = {.ctx = ctx};
  yaml_parser_t parser;
  int64_t max;
  if (js_integer(ctx, argv[1], "yamlEvents: maxEvents", 1, EVENTS_MAX, &max) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[0], "yamlEvents: text", &text) < 0) return JS_EXCEPTION;
  if (!yaml_parser_initialize(&parser)) {
    js_bytes_free(ctx, &text);
    return JS_ThrowOutOfMemory(ctx);
  }
  yaml_parser_set_input_string(&parser, text.data, text.length);
  list.texts = JS_NewArray(ctx);
  int truncated = read_events(&parser, &list, (size_t)max);
  JSValue result =
      truncated < 0 ? JS_ThrowOutOfMemory(ctx) : new_result(&list, new_error(&list, &parser, &text), truncated);
  if (truncated < 0) JS_FreeValue(ctx, list.texts);
  yaml_parser_delete(&parser);
  js_bytes_free(ctx, &text);
  free(list.numbers);
  return result;
}

JS_TABLE(js_yaml, HOST_CALLS_YAML)
