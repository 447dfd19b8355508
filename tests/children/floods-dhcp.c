/*
 * Floods an interface with answers of DHCP that no server gives: floods-dhcp DEVICE SEED COUNT. Each begins as a right
 * one and is damaged: bytes changed, cut off, options with wrong lengths. Sent as frames, from a server's port.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t state;

static uint32_t chance(uint32_t below) {
  state = state * 1664525u + 1013904223u;
  return (state >> 8) % below;
}

static uint16_t sum(const uint8_t *bytes, size_t length) {
  uint32_t total = 0;
  for (size_t i = 0; i + 1 < length; i += 2) total += (uint32_t)bytes[i] << 8 | bytes[i + 1];
  while (total > 0xffff) total = (total & 0xffff) + (total >> 16);
  return (uint16_t)~total;
}

/* Ethernet, IPv4, UDP, BOOTP, cookie, options. A checksum of UDP that is 0 is none. */
static size_t fill(uint8_t *frame) {
  static const uint8_t options[] = {53, 1, 2,  54, 4, 6, 6, 6,   6,   51, 4, 0, 0, 0, 30, 1,  4,
                                    255, 255, 255, 0, 3, 4, 6, 6, 6,   1,  121, 5, 0, 6, 6, 6, 1,
                                    119, 2, 0xc0, 0, 255};
  static const uint8_t head[] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 6, 6, 6, 6, 255, 255, 255, 255};
  size_t length = 14 + 20 + 8 + 240 + sizeof options;
  memset(frame, 0, length);
  memset(frame, 0xff, 6);
  frame[12] = 8;
  memcpy(frame + 14, head, sizeof head);
  frame[35] = 67;
  frame[37] = 68;
  uint8_t *message = frame + 42;
  message[0] = 2;
  message[1] = 1;
  message[2] = 6;
  memcpy(message + 16, "\6\6\6\7", 4);
  memcpy(message + 236, "\x63\x82\x53\x63", 4);
  memcpy(message + 240, options, sizeof options);
  return length;
}

static size_t damage(uint8_t *frame, size_t length) {
  for (uint32_t left = chance(6); left > 0; left--) frame[42 + chance((uint32_t)length - 42)] = (uint8_t)chance(256);
  if (chance(4) == 0) length = 42 + chance((uint32_t)length - 42);
  uint8_t *ip = frame + 14;
  uint16_t total = (uint16_t)(chance(8) == 0 ? chance(65536) : length - 14);
  ip[2] = (uint8_t)(total >> 8);
  ip[3] = (uint8_t)total;
  frame[38] = (uint8_t)((length - 34) >> 8);
  frame[39] = (uint8_t)(length - 34);
  uint16_t checksum = sum(ip, 20);
  ip[10] = (uint8_t)(checksum >> 8);
  ip[11] = (uint8_t)checksum;
  return length;
}

int main(int argc, char **argv) {
  uint8_t frame[1024];
  if (argc != 4) return 2;
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(argv[1])};
  state = (uint32_t)strtoul(argv[2], NULL, 10);
  for (long left = strtol(argv[3], NULL, 10); left > 0; left--) {
    size_t length = damage(frame, fill(frame));
    if (sendto(fd, frame, length, 0, (struct sockaddr *)&to, sizeof to) < 0) return 1;
  }
  return close(fd);
}
