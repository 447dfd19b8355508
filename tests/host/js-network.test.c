// with: js.c lz4.c lzma.c js-memory.c js-value.c js-guard.c js-core.c js-loop.c js-file.c js-directory.c features.c js-socket.c hosts.c unix-socket.c js-service.c js-network.c on-terminal.c pty.c names.c sha256.c ledger-status.c journal.c ledger.c log-table.c test-hook.c engine
/*
 * Host calls of module service that speak to the network, in a network namespace of the test's own with nothing but a
 * loopback. Frames and names need root, or a user namespace.
 */
#include <errno.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "script.h"

static const struct js_module *const modules[] = {&js_core, &js_loop, &js_file, &js_socket, &js_service, NULL};

static void must(const char *text) {
  char *argv[] = {"test", NULL};
  script_must(modules, 1, argv, text);
}

/* RTM_GETLINK with NLM_F_DUMP: the first part of the kernel's answer describes an interface. */
static void test_netlink(void) {
  must(SCRIPT(
    const fd = host.netlinkOpen(0);
    check(fd > 2, true);
    check(host.receive(fd, 65536), -11);
    const request = new Uint8Array(32);
    new Uint16Array(request.buffer).set([32, 0, 18, 0x301]);
    check(host.netlinkSend(fd, request), 0);
    host.watch(fd, 1);
    host.poll(-1);
    const answer = host.receive(fd, 65536);
    check(new Uint16Array(answer.buffer)[2], 16);
    host.close(fd);
    check(host.netlinkSend(99, request), -9);
    throws(() => host.netlinkOpen(-1), "netlinkOpen: groups");
  ));
}

/* With RTMGRP_LINK the change of an interface comes by itself. */
static void test_netlink_group(void) {
  must(SCRIPT(
    const fd = host.netlinkOpen(1);
    host.watch(fd, 1);
    check(host.setLoopbackUp(), 0);
    host.poll(-1);
    check(new Uint16Array(host.receive(fd, 65536).buffer)[2], 16);
    host.close(fd);
  ));
}

/* The kernel itself sends UDP over the loopback, so a frame of it is what a packet socket sees. */
static void test_frames(void) {
  must(SCRIPT(
    const packets = host.packetOpen(1, 0x0800, 6800);
    check(packets > 2, true);
    check(host.packetReceive(packets), -11);
    const udp = host.udpOpen("lo", 6800);
    check(udp > 2, true);
    const other = host.udpOpen("lo", 6801);
    check(host.udpSend(udp, 0x7f000001, 6801, new Uint8Array([1])), 0);
    check(host.udpSend(other, 0x7f000001, 6800, new Uint8Array([7, 8, 9])), 0);
    host.watch(packets, 1);
    host.poll(-1);
    const { frame, isSummed } = host.packetReceive(packets);
    check(frame.subarray(12, 14), new Uint8Array([8, 0]));
    check(frame.subarray(-3), new Uint8Array([7, 8, 9]));
    check(isSummed, false);
    check(host.receive(udp, 100), new Uint8Array([7, 8, 9]));
    while (host.packetReceive(packets) !== -11) throw new Error("a frame to another port came through");
  ));
}

/* A frame that is sent whole comes out as it was put in; a fragment of a datagram does not pass the filter. */
static void test_whole_frame(void) {
  must(SCRIPT(
    const [from, to] = [host.packetOpen(1, 0x0806, 0), host.packetOpen(1, 0x0800, 68)];
    host.watch(from, 1);
    host.watch(to, 1);
    const frame = new Uint8Array(60);
    frame.set([8, 0, 0x45, 0, 0, 46, 0, 0, 0x20, 9, 64, 17], 12);
    frame.set([0, 67, 0, 68], 34);
    check(host.send(to, frame), 60);
    frame.set([0x20, 0], 20);
    check(host.send(to, frame), 60);
    host.poll(-1);
    const got = host.packetReceive(to);
    check(got.frame, frame);
    frame.set([8, 6], 12);
    check(host.send(from, frame), 60);
    host.poll(-1);
    check(host.packetReceive(from).frame, frame);
  ));
}

static void test_failures(void) {
  must(SCRIPT(
    check(host.packetOpen(99, 0x0800, 68), -19);
    check(host.packetReceive(99), -9);
    throws(() => host.packetOpen(0, 0x0800, 68), "packetOpen: index");
    check(host.udpOpen("nosuchdevice", 68), -19);
    check(host.udpSend(99, 1, 2, new Uint8Array(1)), -9);
    throws(() => host.udpSend(3, -1, 2, new Uint8Array(1)), "udpSend: address");
  ));
}

static void test_host_name(void) {
  struct utsname names;
  must(SCRIPT(check(host.setHostName("a-test"), 0); check(host.setHostName("x".repeat(65)), -22);));
  assert(uname(&names) == 0 && strcmp(names.nodename, "a-test") == 0);
}

int main(void) {
  test_netlink();
  int user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
  if (unshare(user | CLONE_NEWNET | CLONE_NEWUTS) < 0) {
    printf("no network namespace here: %s\n", strerror(errno));
    return 0;
  }
  test_netlink_group();
  test_frames();
  test_whole_frame();
  test_failures();
  test_host_name();
  return 0;
}
