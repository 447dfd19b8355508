import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeAddress, decodeInterface, describe, linksRequest } from "./interfaces.ts";
import { NetlinkType } from "./netlink-message.ts";

/* As a kernel of version 6.18 sent them on a little-endian machine; the attributes in between are left out. */
function attribute(type: number, ...bytes: number[]): number[] {
  const length = bytes.length + 4;
  return [length, 0, type, 0, ...bytes, ...new Array((4 - (length & 3)) & 3).fill(0)];
}

function link(flags: number, ...attributes: number[]): Parameters<typeof decodeInterface>[0] {
  const fixed = [0, 0, 4, 3, 1, 0, 0, 0, flags & 255, flags >> 8, flags >> 16, 0, 0, 0, 0, 0];
  return { type: NetlinkType.newLink, flags: 2, sequence: 1, body: new Uint8Array([...fixed, ...attributes]) };
}

const loName = attribute(3, 0x6c, 0x6f, 0);

test("decodeInterface() reads name, hardware address, MTU and flags", () => {
  const message = link(0x10049, ...loName, ...attribute(4, 0, 0, 1, 0), ...attribute(1, 0, 0, 0, 0, 0, 0));
  assert.deepEqual(decodeInterface(message), {
    index: 1,
    name: "lo",
    isUp: true,
    hasCarrier: true,
    isLoopback: true,
    isEthernet: false,
    isVirtual: false,
    hardware: [0, 0, 0, 0, 0, 0],
    hardwareAddress: "00:00:00:00:00:00",
    mtu: 65536,
  });
});

test("decodeInterface() tells Ethernet from others, what has a carrier, and what software made", () => {
  const read = (flags: number, ...more: number[]) => {
    const message = link(flags, ...loName, ...attribute(1, 2, 0, 0, 0, 0, 1), ...more);
    message.body.set([1, 0], 2);
    return decodeInterface(message);
  };
  assert.equal(read(0x1)?.isEthernet, true);
  assert.deepEqual(
    [0x1, 0x41, 0x10001, 0x10041, 0x10040].map((flags) => read(flags)?.hasCarrier),
    [false, false, false, true, false],
  );
  assert.equal(read(0x1)?.isVirtual, false);
  assert.equal(read(0x1, ...attribute(18, 8, 0, 1, 0, 118, 101, 116, 104))?.isVirtual, true);
});

test("decodeInterface() gives null without a name, and for what is cut off", () => {
  assert.equal(decodeInterface(link(0x49)), null);
  const whole = link(0x49, ...loName);
  for (const length of [0, 15, 19]) {
    assert.equal(decodeInterface({ ...whole, body: whole.body.subarray(0, length) }), null, `${length} bytes`);
  }
  assert.equal(decodeInterface({ ...whole, type: NetlinkType.newAddress }), null);
});

test("decodeInterface() does not let a name act on a terminal", () => {
  assert.equal(decodeInterface(link(0, ...attribute(3, 0x1b, 0x61, 0)))?.name, "?a");
});

test("decodeInterface() takes an MTU of a wrong size for none", () => {
  assert.equal(decodeInterface(link(0, ...loName, ...attribute(4, 1)))?.mtu, 0);
});

function address(...attributes: number[]): Parameters<typeof decodeAddress>[0] {
  const body = new Uint8Array([2, 8, 128, 254, 1, 0, 0, 0, ...attributes]);
  return { type: NetlinkType.newAddress, flags: 2, sequence: 1, body };
}

test("decodeAddress() prefers the local address to the other end's", () => {
  const message = address(...attribute(1, 10, 0, 0, 2), ...attribute(2, 10, 0, 0, 1));
  assert.deepEqual(decodeAddress(message), { index: 1, text: "10.0.0.1/8" });
  assert.deepEqual(decodeAddress(address(...attribute(1, 127, 0, 0, 1))), { index: 1, text: "127.0.0.1/8" });
});

test("decodeAddress() gives null without an address, for a wrong size, and for what is cut off", () => {
  assert.equal(decodeAddress(address()), null);
  assert.equal(decodeAddress(address(...attribute(1, 127, 0, 0))), null);
  assert.equal(decodeAddress({ ...address(), body: new Uint8Array(7) }), null);
});

test("linksRequest() asks for a dump", () => {
  assert.deepEqual([...linksRequest(1).subarray(0, 16)], [32, 0, 0, 0, 18, 0, 1, 3, 1, 0, 0, 0, 0, 0, 0, 0]);
});

test("describe() writes one line an interface, with its own addresses", () => {
  const none = { isLoopback: false, isEthernet: false, isVirtual: false, hasCarrier: false, hardware: [] };
  const lo = { ...none, index: 1, name: "lo", isUp: true, hardwareAddress: "00:00:00:00:00:00", mtu: 65536 };
  const tunnel = { ...none, index: 2, name: "tunl0", isUp: false, hardwareAddress: "", mtu: 1480 };
  const addresses = [
    { index: 1, text: "127.0.0.1/8" },
    { index: 1, text: "::1/128" },
  ];
  assert.deepEqual(describe([lo, tunnel], addresses), [
    "Interface lo    hardware=00:00:00:00:00:00 mtu=65536 state=up addresses=127.0.0.1/8,::1/128",
    "Interface tunl0 hardware=none mtu=1480 state=down addresses=none",
  ]);
  assert.deepEqual(describe([], []), []);
});
