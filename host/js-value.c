/* Values between C and scripts: checked arguments, bounded results. */
#include <math.h>
#include <string.h>

#include "js.h"

int js_integer(JSContext *ctx, JSValueConst value, const char *what, int64_t low, int64_t high, int64_t *result) {
  double number;
  if (!JS_IsNumber(value)) {
    JS_ThrowTypeError(ctx, "%s must be a number", what);
    return -1;
  }
  if (JS_ToFloat64(ctx, &number, value) < 0) return -1;
  if (!(number >= (double)low && number <= (double)high) || number != floor(number)) {
    JS_ThrowTypeError(ctx, "%s must be a whole number from %lld to %lld", what, (long long)low, (long long)high);
    return -1;
  }
  *result = (int64_t)number;
  return 0;
}

int js_int(JSContext *ctx, JSValueConst value, const char *what, int32_t *result) {
  int64_t number;
  if (js_integer(ctx, value, what, INT32_MIN, INT32_MAX, &number) < 0) return -1;
  *result = (int32_t)number;
  return 0;
}

int js_string(JSContext *ctx, JSValueConst value, const char *what, const char **result) {
  size_t length;
  if (!JS_IsString(value)) {
    JS_ThrowTypeError(ctx, "%s must be a text", what);
    return -1;
  }
  const char *text = JS_ToCStringLen(ctx, &length, value);
  if (text == NULL) return -1;
  if (strlen(text) != length) {
    JS_FreeCString(ctx, text);
    JS_ThrowTypeError(ctx, "%s must not hold a NUL byte", what);
    return -1;
  }
  *result = text;
  return 0;
}

int js_bytes(JSContext *ctx, JSValueConst value, const char *what, struct js_bytes *bytes) {
  memset(bytes, 0, sizeof *bytes);
  if (JS_IsString(value)) {
    bytes->text = JS_ToCStringLen(ctx, &bytes->length, value);
    bytes->data = (const uint8_t *)bytes->text;
    return bytes->text == NULL ? -1 : 0;
  }
  if (JS_GetTypedArrayType(value) != JS_TYPED_ARRAY_UINT8) {
    JS_ThrowTypeError(ctx, "%s must be a text or a Uint8Array", what);
    return -1;
  }
  /* NULL is also what a detached buffer gives, with an exception, and what an empty one may give, without. */
  bytes->data = JS_GetUint8Array(ctx, &bytes->length, value);
  return bytes->data == NULL && JS_HasException(ctx) ? -1 : 0;
}

void js_bytes_free(JSContext *ctx, struct js_bytes *bytes) {
  if (bytes->text != NULL) JS_FreeCString(ctx, bytes->text);
  memset(bytes, 0, sizeof *bytes);
}

JSValue js_new_text(JSContext *ctx, const void *bytes, size_t length) {
  return JS_NewStringLen(ctx, bytes, length);
}

JSValue js_new_name(JSContext *ctx, const char *text) {
  return JS_NewStringLen(ctx, text, strlen(text));
}

JSValue js_new_bytes(JSContext *ctx, const void *bytes, size_t length) {
  return JS_NewUint8ArrayCopy(ctx, bytes, length);
}

void js_set(JSContext *ctx, JSValueConst object, const char *name, JSValue value) {
  JS_DefinePropertyValueStr(ctx, object, name, value, JS_PROP_C_W_E);
}

void js_push(JSContext *ctx, JSValueConst array, uint32_t *index, JSValue value) {
  JS_DefinePropertyValueUint32(ctx, array, (*index)++, value, JS_PROP_C_W_E);
}

JSValue js_number(int64_t number) {
  if (number >= INT32_MIN && number <= INT32_MAX) return JS_NewInt32(NULL, (int32_t)number);
  return JS_NewFloat64(NULL, (double)number);
}
