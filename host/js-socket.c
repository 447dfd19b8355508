/* Host calls of module socket: non-blocking, close-on-exec sockets and pipes. None of them ever waits. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hosts.h"
#include "js.h"
#include "unix-socket.h"

#define RECEIVE_MAX (1024 * 1024)
#define NOTIFY_MAX 8192
#define BACKLOG 512


JS_BINDING(host_listen_unix) {
  const char *path;
  int32_t mode;
  if (js_int(ctx, argv[1], "listenUnix: mode", &mode) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "listenUnix: path", &path) < 0) return JS_EXCEPTION;
  int fd = unix_socket_bind(path, SOCK_STREAM, (mode_t)mode);
  JS_FreeCString(ctx, path);
  if (fd >= 0 && listen(fd, BACKLOG) < 0) {
    int error = errno;
    close(fd);
    return JS_NewInt32(ctx, -error);
  }
  return JS_NewInt32(ctx, fd);
}

JS_BINDING(host_connect_unix) {
  const char *path;
  if (js_string(ctx, argv[0], "connectUnix: path", &path) < 0) return JS_EXCEPTION;
  int fd = unix_socket_connect(path);
  JS_FreeCString(ctx, path);
  return JS_NewInt32(ctx, fd);
}

JS_BINDING(host_bind_datagram) {
  const char *path;
  int32_t mode;
  int on = 1;
  if (js_int(ctx, argv[1], "bindDatagram: mode", &mode) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "bindDatagram: path", &path) < 0) return JS_EXCEPTION;
  int fd = unix_socket_bind(path, SOCK_DGRAM, (mode_t)mode);
  JS_FreeCString(ctx, path);
  if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on) < 0) {
    int error = errno;
    close(fd);
    return JS_NewInt32(ctx, -error);
  }
  return JS_NewInt32(ctx, fd);
}

JS_BINDING(host_accept) {
  int32_t fd;
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (js_int(ctx, argv[0], "accept: fd", &fd) < 0) return JS_EXCEPTION;
  int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return JS_NewInt32(ctx, -errno);
  if (getsockopt(client, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
    int error = errno;
    close(client);
    return JS_NewInt32(ctx, -error);
  }
  JSValue result = JS_NewObject(ctx);
  js_set(ctx, result, "fd", JS_NewInt32(ctx, client));
  js_set(ctx, result, "uid", js_number(peer.uid));
  js_set(ctx, result, "gid", js_number(peer.gid));
  js_set(ctx, result, "pid", JS_NewInt32(ctx, peer.pid));
  return result;
}

static int connect_tcp(const char *address, int port) {
  struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  int is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return -EINVAL;
  int fd = socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -errno;
  int result = is_v4 ? connect(fd, (struct sockaddr *)&v4, sizeof v4) : connect(fd, (struct sockaddr *)&v6, sizeof v6);
  if (result == 0 || errno == EINPROGRESS) return fd;
  int error = errno;
  close(fd);
  return -error;
}

JS_BINDING(host_connect_tcp) {
  const char *address;
  int64_t port;
  if (js_integer(ctx, argv[1], "connectTcp: port", 0, 65535, &port) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "connectTcp: address", &address) < 0) return JS_EXCEPTION;
  int fd = connect_tcp(address, (int)port);
  JS_FreeCString(ctx, address);
  return JS_NewInt32(ctx, fd);
}

JS_BINDING(host_socket_error) {
  int32_t fd;
  int error = 0;
  socklen_t size = sizeof error;
  if (js_int(ctx, argv[0], "socketError: fd", &fd) < 0) return JS_EXCEPTION;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) error = errno;
  return JS_NewInt32(ctx, -error);
}

JS_BINDING(host_socket_path) {
  int32_t fd;
  struct sockaddr_un address = {0};
  socklen_t size = sizeof address - 1; /* a path that fills it has no NUL of its own */
  if (js_int(ctx, argv[0], "socketPath: fd", &fd) < 0) return JS_EXCEPTION;
  int is_there = getsockname(fd, (struct sockaddr *)&address, &size) == 0 && address.sun_family == AF_UNIX;
  return JS_NewString(ctx, is_there ? address.sun_path : "");
}

/* Also for pipes and terminals, so it is a read(2): with O_NONBLOCK where the descriptor has it. */
JS_BINDING(host_receive) {
  int32_t fd;
  int64_t max;
  if (js_int(ctx, argv[0], "receive: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "receive: maxBytes", 1, RECEIVE_MAX, &max) < 0) return JS_EXCEPTION;
  /* Not on the stack, and not from malloc(3), which would map and unmap so much each time. */
  static uint8_t usual[65536];
  uint8_t *buffer = (size_t)max <= sizeof usual ? usual : malloc((size_t)max);
  if (buffer == NULL) return JS_NewInt32(ctx, -ENOMEM);
  ssize_t got;
  do got = recv(fd, buffer, (size_t)max, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == ENOTSOCK) got = read(fd, buffer, (size_t)max);
  int error = errno;
  JSValue result = got < 0 ? JS_NewInt32(ctx, -error) : js_new_bytes(ctx, buffer, (size_t)got);
  if (buffer != usual) free(buffer);
  return result;
}

JS_BINDING(host_send) {
  int32_t fd;
  struct js_bytes bytes;
  if (js_int(ctx, argv[0], "send: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "send: data", &bytes) < 0) return JS_EXCEPTION;
  ssize_t sent;
  do sent = send(fd, bytes.data, bytes.length, MSG_NOSIGNAL | MSG_DONTWAIT);
  while (sent < 0 && errno == EINTR);
  int64_t result = sent < 0 ? -errno : sent;
  js_bytes_free(ctx, &bytes);
  return js_number(result);
}

JS_BINDING(host_close) {
  int32_t fd;
  if (js_int(ctx, argv[0], "close: fd", &fd) < 0) return JS_EXCEPTION;
  if (fd < 0) return JS_UNDEFINED;
  js_loop_forget(fd);
  close(fd);
  return JS_UNDEFINED;
}

/* Credentials of a datagram; descriptors that came along are closed, so that nobody can fill our table. */
static void read_control(struct msghdr *message, struct ucred *sender) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    if (part->cmsg_level != SOL_SOCKET) continue;
    if (part->cmsg_type == SCM_CREDENTIALS && part->cmsg_len >= CMSG_LEN(sizeof *sender))
      memcpy(sender, CMSG_DATA(part), sizeof *sender);
    if (part->cmsg_type != SCM_RIGHTS) continue;
    size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; i++) {
      int fd;
      memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
      close(fd);
    }
  }
}

JS_BINDING(host_receive_notify) {
  int32_t fd;
  char text[NOTIFY_MAX];
  /* The most descriptors that one datagram can carry is 253 (SCM_MAX_FD); what has no room the kernel closes. */
  union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(253 * sizeof(int))]; } control;
  struct ucred sender = {.pid = 0, .uid = (uid_t)-1, .gid = (gid_t)-1};
  struct iovec vector = {.iov_base = text, .iov_len = sizeof text};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  if (js_int(ctx, argv[0], "receiveNotify: fd", &fd) < 0) return JS_EXCEPTION;
  int flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC | (JS_ToBool(ctx, argv[1]) ? MSG_PEEK : 0);
  ssize_t got;
  do got = recvmsg(fd, &message, flags);
  while (got < 0 && errno == EINTR);
  if (got < 0) return JS_NewInt32(ctx, -errno);
  read_control(&message, &sender);
  JSValue result = JS_NewObject(ctx);
  js_set(ctx, result, "text", js_new_text(ctx, text, (size_t)got));
  js_set(ctx, result, "pid", JS_NewInt32(ctx, sender.pid));
  js_set(ctx, result, "uid", js_number(sender.uid));
  js_set(ctx, result, "truncated", JS_NewBool(ctx, (message.msg_flags & MSG_TRUNC) != 0));
  return result;
}

JS_BINDING(host_peek_pipe) {
  int32_t fd;
  int copy[2];
  uint8_t buffer[4096];
  if (js_int(ctx, argv[0], "peekPipe: fd", &fd) < 0) return JS_EXCEPTION;
  if (pipe2(copy, O_CLOEXEC) < 0) return JS_NewInt32(ctx, -errno);
  ssize_t got = tee(fd, copy[1], sizeof buffer, SPLICE_F_NONBLOCK);
  if (got > 0) got = read(copy[0], buffer, (size_t)got);
  int error = errno;
  close(copy[0]);
  close(copy[1]);
  return got < 0 ? JS_NewInt32(ctx, -error) : js_new_bytes(ctx, buffer, (size_t)got);
}

JS_BINDING(host_pipe) {
  int ends[2];
  uint32_t count = 0;
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) return JS_NewInt32(ctx, -errno);
  JSValue pair = JS_NewArray(ctx);
  js_push(ctx, pair, &count, JS_NewInt32(ctx, ends[0]));
  js_push(ctx, pair, &count, JS_NewInt32(ctx, ends[1]));
  return pair;
}

JS_BINDING(host_socket_pair) {
  int ends[2];
  uint32_t count = 0;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) return JS_NewInt32(ctx, -errno);
  JSValue pair = JS_NewArray(ctx);
  js_push(ctx, pair, &count, JS_NewInt32(ctx, ends[0]));
  js_push(ctx, pair, &count, JS_NewInt32(ctx, ends[1]));
  return pair;
}

static int memory_file(const char *name) {
  static const char *const directories[] = {"/run", "/dev/shm", "/tmp"};
  int fd = memfd_create(name, MFD_CLOEXEC);
  for (unsigned i = 0; fd < 0 && i < sizeof directories / sizeof directories[0]; i++)
    fd = open(directories[i], O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  return fd < 0 ? -errno : fd;
}

JS_BINDING(host_memory) {
  const char *name;
  if (js_string(ctx, argv[0], "memory: name", &name) < 0) return JS_EXCEPTION;
  int fd = memory_file(name);
  JS_FreeCString(ctx, name);
  return JS_NewInt32(ctx, fd);
}

JS_BINDING(host_local_hosts) {
  const char *name;
  char addresses[HOSTS_ADDRESSES_MAX][HOSTS_ADDRESS_BYTES];
  uint32_t count = 0;
  if (js_string(ctx, argv[0], "localHosts: name", &name) < 0) return JS_EXCEPTION;
  int found = hosts_find("/etc/hosts", name, addresses);
  JS_FreeCString(ctx, name);
  JSValue list = JS_NewArray(ctx);
  for (int i = 0; i < found; i++) js_push(ctx, list, &count, js_new_name(ctx, addresses[i]));
  return list;
}

JS_TABLE(js_socket, HOST_CALLS_SOCKET)
