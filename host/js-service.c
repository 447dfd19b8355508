/* Host calls of module service: programs on a terminal, and datagrams; those of the network are in host/js-network.c. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "js.h"
#include "on-terminal.h"
#include "unix-socket.h"

#define TEXTS_MAX 4096

JS_BINDING(host_send_datagram) {
  const char *path;
  struct js_bytes bytes;
  if (js_string(ctx, argv[0], "sendDatagram: path", &path) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "sendDatagram: data", &bytes) < 0) {
    JS_FreeCString(ctx, path);
    return JS_EXCEPTION;
  }
  int result = unix_socket_send(path, bytes.data, bytes.length);
  js_bytes_free(ctx, &bytes);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

static void free_texts(JSContext *ctx, char **texts) {
  for (char **text = texts; text != NULL && *text != NULL; text++) JS_FreeCString(ctx, *text);
  free(texts);
}

/* A list of texts, NULL behind the last; NULL with a pending exception. */
static char **read_texts(JSContext *ctx, JSValueConst list, const char *what) {
  int64_t count;
  if (!JS_IsArray(list)) {
    JS_ThrowTypeError(ctx, "%s must be a list", what);
    return NULL;
  }
  if (JS_GetLength(ctx, list, &count) < 0) return NULL;
  char **texts = count > TEXTS_MAX ? NULL : calloc((size_t)count + 1, sizeof *texts);
  if (texts == NULL) {
    JS_ThrowRangeError(ctx, "%s is too long", what);
    return NULL;
  }
  for (uint32_t i = 0; i < count; i++) {
    JSValue value = JS_GetPropertyUint32(ctx, list, i);
    int result = js_string(ctx, value, what, (const char **)&texts[i]);
    JS_FreeValue(ctx, value);
    if (result == 0) continue;
    free_texts(ctx, texts);
    return NULL;
  }
  return texts;
}

JS_BINDING(host_spawn_on_terminal) {
  const char *terminal = NULL, *directory = NULL;
  JSValue result = JS_EXCEPTION;
  char **words = read_texts(ctx, argv[0], "spawnOnTerminal: argv");
  char **environment = words == NULL ? NULL : read_texts(ctx, argv[1], "spawnOnTerminal: environment");
  if (environment != NULL && js_string(ctx, argv[2], "spawnOnTerminal: terminal", &terminal) == 0 &&
      js_string(ctx, argv[3], "spawnOnTerminal: directory", &directory) == 0)
    result = JS_NewInt32(ctx, words[0] == NULL ? -EINVAL : on_terminal_start(words, environment, terminal, directory));
  if (directory != NULL) JS_FreeCString(ctx, directory);
  if (terminal != NULL) JS_FreeCString(ctx, terminal);
  free_texts(ctx, environment);
  free_texts(ctx, words);
  return result;
}

JS_BINDING(host_reset_terminal) {
  const char *path;
  int64_t speed;
  if (js_integer(ctx, argv[1], "resetTerminal: speed", 0, INT32_MAX, &speed) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "resetTerminal: path", &path) < 0) return JS_EXCEPTION;
  int result = on_terminal_reset(path, (unsigned)speed, JS_ToBool(ctx, argv[2]) > 0);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_wait_child) {
  int64_t number;
  int status;
  if (js_integer(ctx, argv[0], "waitChild: pid", 2, INT32_MAX, &number) < 0) return JS_EXCEPTION;
  pid_t pid = waitpid((pid_t)number, &status, WNOHANG);
  if (pid <= 0) return JS_NewInt32(ctx, pid < 0 ? -errno : -EAGAIN);
  JSValue ended = JS_NewObject(ctx);
  js_set(ctx, ended, "pid", JS_NewInt32(ctx, pid));
  js_set(ctx, ended, "code", JS_NewInt32(ctx, WIFEXITED(status) ? WEXITSTATUS(status) : -1));
  js_set(ctx, ended, "signal", JS_NewInt32(ctx, WIFSIGNALED(status) ? WTERMSIG(status) : 0));
  return ended;
}

/* kill(2) gives 0, 1 and -1 meanings that no child has. */
JS_BINDING(host_kill_child) {
  int32_t pid, number;
  if (js_int(ctx, argv[0], "killChild: pid", &pid) < 0) return JS_EXCEPTION;
  if (js_int(ctx, argv[1], "killChild: signal", &number) < 0) return JS_EXCEPTION;
  if (pid >= -1 && pid <= 1) return JS_NewInt32(ctx, -EINVAL);
  return JS_NewInt32(ctx, kill(pid, number) < 0 ? -errno : 0);
}

JS_TABLE(js_service, HOST_CALLS_SERVICE)
