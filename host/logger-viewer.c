/*
 * Viewers: sockets of `gonit attach`, each of which gets a copy of what one terminal shows. They are on nobody's way: one
 * that is full misses what comes meanwhile, and is told how much when it has room again. They end with this process; the
 * client then asks for another one.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "logger-parts.h"

#define VIEWERS_MAX 32

static struct viewer {
  int fd; /* 0: free */
  uint32_t slot;
  uint64_t missed;
} viewers[VIEWERS_MAX];

static void viewer_end(struct viewer *viewer) {
  close(viewer->fd);
  *viewer = (struct viewer){0};
}

/* A client that has gone away is seen here where nothing was sent to it since. */
static int is_gone(const struct viewer *viewer) {
  char byte;
  return recv(viewer->fd, &byte, 1, MSG_DONTWAIT) == 0;
}

void viewer_add(uint32_t slot, int fd) {
  struct viewer *free_one = NULL;
  for (struct viewer *viewer = viewers; viewer < viewers + VIEWERS_MAX; viewer++) {
    if (viewer->fd && is_gone(viewer)) viewer_end(viewer);
    if (!viewer->fd && free_one == NULL) free_one = viewer;
  }
  /* The first byte says that nothing is missed from now on; one too many is told by the end of its stream. */
  if (free_one == NULL || send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) != 1) close(fd);
  else *free_one = (struct viewer){.fd = fd, .slot = slot};
}

void viewers_end(uint32_t slot) {
  for (struct viewer *viewer = viewers; viewer < viewers + VIEWERS_MAX; viewer++)
    if (viewer->fd && viewer->slot == slot) viewer_end(viewer);
}

static int has_heard(struct viewer *viewer) {
  char note[80];
  if (viewer->missed == 0) return 1;
  int length = snprintf(note, sizeof note, "\r\n[gonit: %" PRIu64 " bytes are left out here]\r\n", viewer->missed);
  if (send(viewer->fd, note, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) != length) return 0;
  viewer->missed = 0;
  return 1;
}

static void show(struct viewer *viewer, const uint8_t *bytes, uint32_t count) {
  ssize_t sent = has_heard(viewer) ? send(viewer->fd, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL) : 0;
  if (sent < 0 && errno != EAGAIN && errno != EINTR && errno != ENOBUFS) {
    viewer_end(viewer);
    return;
  }
  viewer->missed += count - (sent > 0 ? (uint64_t)sent : 0);
}

void viewers_show(uint32_t slot, const uint8_t *bytes, uint32_t count) {
  for (struct viewer *viewer = viewers; viewer < viewers + VIEWERS_MAX; viewer++)
    if (viewer->fd && viewer->slot == slot) show(viewer, bytes, count);
}
