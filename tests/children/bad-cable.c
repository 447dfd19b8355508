/*
 * bad-cable ONE OTHER: carries frames between two interfaces. Of those of DHCP every third is lost, beginning with the
 * first, the one behind it doubled, and each held up for 5 or 40 ms in turn, so that some overtake others. By count and not
 * by chance: so a client that does right gets through. Says "ready". For kernels without tc's netem.
 */
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <time.h>
#include "child.h"

#define FRAMES_MAX 256

static struct held { long due_ms; int to; size_t length; uint8_t bytes[2048]; } held[FRAMES_MAX];
static unsigned count;

static long now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int open_end(const char *device) {
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
                                .sll_ifindex = (int)if_nametoindex(device)};
  struct packet_mreq all = {.mr_ifindex = address.sll_ifindex, .mr_type = PACKET_MR_PROMISC};
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) exit(1);
  if (setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0) exit(1);
  return fd;
}

static void hold(int to, const uint8_t *bytes, size_t length, long delay_ms) {
  for (int i = 0; i < FRAMES_MAX; i++) {
    if (held[i].due_ms != 0) continue;
    held[i] = (struct held){.due_ms = now_ms() + delay_ms, .to = to, .length = length};
    memcpy(held[i].bytes, bytes, length);
    return;
  }
}

/* UDP from or to a server's port, over IPv4 without options. */
static int is_dhcp(const uint8_t *bytes, size_t length) {
  if (length < 42 || bytes[12] != 8 || bytes[13] != 0 || bytes[14] != 0x45 || bytes[23] != 17) return 0;
  return bytes[35] == 67 || bytes[37] == 67;
}

/* What we send ourselves comes back as outgoing. */
static void take(int from, int to) {
  uint8_t bytes[2048];
  struct sockaddr_ll sender;
  socklen_t size = sizeof sender;
  ssize_t got = recvfrom(from, bytes, sizeof bytes, 0, (struct sockaddr *)&sender, &size);
  if (got <= 0 || sender.sll_pkttype == PACKET_OUTGOING) return;
  if (!is_dhcp(bytes, (size_t)got)) {
    hold(to, bytes, (size_t)got, 1);
    return;
  }
  /* The sender left the sum to its network card, which there is none of. Zero: no sum. */
  bytes[40] = bytes[41] = 0;
  unsigned number = count++;
  if (number % 3 == 0) return;
  hold(to, bytes, (size_t)got, number % 2 ? 5 : 40);
  if (number % 3 == 1) hold(to, bytes, (size_t)got, 20);
}

/* Milliseconds until the next frame is due; -1: none is held. */
static int deliver(void) {
  int wait = -1;
  for (int i = 0; i < FRAMES_MAX; i++) {
    if (held[i].due_ms == 0) continue;
    long left = held[i].due_ms - now_ms();
    if (left > 0) {
      if (wait < 0 || left < wait) wait = (int)left;
      continue;
    }
    send(held[i].to, held[i].bytes, held[i].length, 0);
    held[i].due_ms = 0;
  }
  return wait;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  struct pollfd ends[2] = {{.fd = open_end(argv[1]), .events = POLLIN}, {.fd = open_end(argv[2]), .events = POLLIN}};
  say("ready");
  for (;;) {
    if (poll(ends, 2, deliver()) < 0) return 1;
    if (ends[0].revents & POLLIN) take(ends[0].fd, ends[1].fd);
    if (ends[1].revents & POLLIN) take(ends[1].fd, ends[0].fd);
  }
}
