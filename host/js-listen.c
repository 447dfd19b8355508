/* Host calls of module manager: sockets that are made for services and that nobody here accepts from. They block, as the
 * programs that get them expect (sd_listen_fds(3)). */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "js.h"
#include "unix-socket.h"

static int fail(int fd) {
  int error = errno;
  close(fd);
  return -error;
}

static int listen_inet(const char *address, int port, int type, int backlog) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  int on = 1, is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return -EINVAL;
  int fd = socket(is_v4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  /* Connections of an earlier run that linger must not keep the port; a datagram socket would share it with anybody. */
  if (type == SOCK_STREAM && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0) return fail(fd);
  int result = is_v4 ? bind(fd, (struct sockaddr *)&v4, sizeof v4) : bind(fd, (struct sockaddr *)&v6, sizeof v6);
  if (result < 0 || (type == SOCK_STREAM && listen(fd, backlog) < 0)) return fail(fd);
  return fd;
}

JS_BINDING(host_listen_inet) {
  const char *address;
  int64_t port, backlog;
  if (js_integer(ctx, argv[1], "listenInet: port", 0, 65535, &port) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[3], "listenInet: backlog", 0, INT32_MAX, &backlog) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "listenInet: address", &address) < 0) return JS_EXCEPTION;
  int type = JS_ToBool(ctx, argv[2]) > 0 ? SOCK_DGRAM : SOCK_STREAM;
  int fd = listen_inet(address, (int)port, type, (int)backlog);
  JS_FreeCString(ctx, address);
  return JS_NewInt32(ctx, fd);
}

/* The owner is given before anybody is let in: connect(2) is refused until listen(2). */
static int listen_path(const char *path, mode_t mode, int64_t uid, int64_t gid, int backlog) {
  int fd = unix_socket_bind(path, SOCK_STREAM, mode);
  if (fd < 0) return fd;
  errno = path[0] == '@' || uid < 0 ? 0 : -unix_socket_own(path, mode, uid, gid);
  if (errno != 0 || fcntl(fd, F_SETFL, 0) < 0 || listen(fd, backlog) < 0) return fail(fd);
  return fd;
}

JS_BINDING(host_listen_path) {
  const char *path;
  int64_t mode, uid, gid, backlog;
  if (js_integer(ctx, argv[1], "listenPath: mode", 0, 07777, &mode) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "listenPath: uid", -1, UINT32_MAX - 1, &uid) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[3], "listenPath: gid", -1, UINT32_MAX - 1, &gid) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[4], "listenPath: backlog", 0, INT32_MAX, &backlog) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "listenPath: path", &path) < 0) return JS_EXCEPTION;
  int fd = listen_path(path, (mode_t)mode, uid, gid, (int)backlog);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, fd);
}
