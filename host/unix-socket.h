/* Unix domain sockets by path or abstract name (@name), also where the path is longer than an address can hold. */
#ifndef GONIT_UNIX_SOCKET_H
#define GONIT_UNIX_SOCKET_H

#include <stdint.h>
#include <sys/types.h>

/* A bound socket, non-blocking and close-on-exec, whose file has exactly this mode from its first moment. fd or -errno;
 * -EADDRINUSE when something is there: who owns it is for the caller to find out. */
int unix_socket_bind(const char *path, int type, mode_t mode);

/* Gives a socket's file this mode and owner (uid -1: left as it is). Whoever may write into its folder can put another file
 * or a link in its place at any moment: what is no socket is not touched. 0 or -errno; -EEXIST: it is no socket. */
int unix_socket_own(const char *path, mode_t mode, int64_t uid, int64_t gid);

/* A connected stream socket, non-blocking and close-on-exec. fd or -errno; -EAGAIN: the listener's queue is full. */
int unix_socket_connect(const char *path);

/* Sends one datagram without waiting. 0 or -errno. */
int unix_socket_send(const char *path, const void *data, size_t length);

#endif
