/* Host calls of module service that speak to the network: netlink, frames, and UDP on one interface. None of them waits. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "js.h"

/* The largest frame that an interface of the usual 1,500 bytes delivers, and some that are larger: what is cut off is
 * no DHCP or ARP. */
#define FRAME_MAX 4096

/* Closes a socket that could not be made as wanted; -errno of what went wrong. */
static int give_up(int fd) {
  int error = errno;
  close(fd);
  return -error;
}

static int send_all(int fd, const struct js_bytes *bytes, const void *address, socklen_t size) {
  ssize_t sent;
  do sent = sendto(fd, bytes->data, bytes->length, MSG_DONTWAIT | MSG_NOSIGNAL, address, size);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : (size_t)sent == bytes->length ? 0 : -EMSGSIZE;
}

JS_BINDING(host_netlink_open) {
  struct sockaddr_nl address = {.nl_family = AF_NETLINK};
  int64_t groups;
  if (js_integer(ctx, argv[0], "netlinkOpen: groups", 0, UINT32_MAX, &groups) < 0) return JS_EXCEPTION;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return JS_NewInt32(ctx, -errno);
  address.nl_groups = (uint32_t)groups;
  return JS_NewInt32(ctx, bind(fd, (struct sockaddr *)&address, sizeof address) == 0 ? fd : give_up(fd));
}

JS_BINDING(host_netlink_send) {
  int32_t fd;
  struct js_bytes bytes;
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  if (js_int(ctx, argv[0], "netlinkSend: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[1], "netlinkSend: message", &bytes) < 0) return JS_EXCEPTION;
  int result = send_all(fd, &bytes, &kernel, sizeof kernel);
  js_bytes_free(ctx, &bytes);
  return JS_NewInt32(ctx, result);
}

/* Lets only whole IPv4 datagrams of UDP to this port through, so that a busy interface does not wake us. */
static int filter_udp(int fd, uint32_t port) {
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),             /* EtherType */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0800, 0, 8),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),             /* protocol */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 6),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),             /* place of a fragment */
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 4, 0),
      BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),            /* X = bytes of the IPv4 header */
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),             /* destination port */
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* The protocol comes with bind(2), after the filter: nothing is received before that. */
static int packet_open(int index, uint16_t ether_type, uint32_t udp_port) {
  int on = 1;
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ether_type), .sll_ifindex = index};
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (udp_port != 0 && filter_udp(fd, udp_port) < 0) return give_up(fd);
  if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0) return give_up(fd);
  return bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? give_up(fd) : fd;
}

JS_BINDING(host_packet_open) {
  int64_t index, ether_type, udp_port;
  if (js_integer(ctx, argv[0], "packetOpen: index", 1, INT32_MAX, &index) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "packetOpen: etherType", 1, 65535, &ether_type) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "packetOpen: udpPort", 0, 65535, &udp_port) < 0) return JS_EXCEPTION;
  return JS_NewInt32(ctx, packet_open((int)index, (uint16_t)ether_type, (uint32_t)udp_port));
}

static int is_summed(struct msghdr *message) {
  for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL; part = CMSG_NXTHDR(message, part)) {
    struct tpacket_auxdata auxiliary;
    if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA) continue;
    memcpy(&auxiliary, CMSG_DATA(part), sizeof auxiliary);
    return (auxiliary.tp_status & TP_STATUS_CSUMNOTREADY) == 0;
  }
  return 1;
}

JS_BINDING(host_packet_receive) {
  int32_t fd;
  uint8_t frame[FRAME_MAX];
  union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))]; } control;
  struct iovec vector = {.iov_base = frame, .iov_len = sizeof frame};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  if (js_int(ctx, argv[0], "packetReceive: fd", &fd) < 0) return JS_EXCEPTION;
  ssize_t got;
  do got = recvmsg(fd, &message, MSG_DONTWAIT);
  while (got < 0 && errno == EINTR);
  if (got < 0) return JS_NewInt32(ctx, -errno);
  JSValue result = JS_NewObject(ctx);
  js_set(ctx, result, "frame", js_new_bytes(ctx, frame, (size_t)got));
  js_set(ctx, result, "isSummed", JS_NewBool(ctx, is_summed(&message)));
  return result;
}

static int udp_open(const char *device, uint16_t port) {
  int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) < 0)
    return give_up(fd);
  return bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ? give_up(fd) : fd;
}

JS_BINDING(host_udp_open) {
  const char *device;
  int64_t port;
  if (js_integer(ctx, argv[1], "udpOpen: port", 0, 65535, &port) < 0) return JS_EXCEPTION;
  if (js_string(ctx, argv[0], "udpOpen: device", &device) < 0) return JS_EXCEPTION;
  int fd = udp_open(device, (uint16_t)port);
  JS_FreeCString(ctx, device);
  return JS_NewInt32(ctx, fd);
}

JS_BINDING(host_udp_send) {
  int32_t fd;
  int64_t address, port;
  struct js_bytes bytes;
  if (js_int(ctx, argv[0], "udpSend: fd", &fd) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[1], "udpSend: address", 0, UINT32_MAX, &address) < 0) return JS_EXCEPTION;
  if (js_integer(ctx, argv[2], "udpSend: port", 0, 65535, &port) < 0) return JS_EXCEPTION;
  if (js_bytes(ctx, argv[3], "udpSend: data", &bytes) < 0) return JS_EXCEPTION;
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                           .sin_addr.s_addr = htonl((uint32_t)address)};
  int result = send_all(fd, &bytes, &to, sizeof to);
  js_bytes_free(ctx, &bytes);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_set_host_name) {
  const char *name;
  if (js_string(ctx, argv[0], "setHostName: name", &name) < 0) return JS_EXCEPTION;
  int result = sethostname(name, strlen(name)) < 0 ? -errno : 0;
  JS_FreeCString(ctx, name);
  return JS_NewInt32(ctx, result);
}

JS_BINDING(host_set_loopback_up) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return JS_NewInt32(ctx, -errno);
  int result = ioctl(fd, SIOCGIFFLAGS, &request) < 0 ? -errno : 0;
  if (result == 0 && (request.ifr_flags & IFF_UP) == 0) {
    request.ifr_flags |= IFF_UP;
    result = ioctl(fd, SIOCSIFFLAGS, &request) < 0 ? -errno : 0;
  }
  close(fd);
  return JS_NewInt32(ctx, result);
}
