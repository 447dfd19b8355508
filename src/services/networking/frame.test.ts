import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../../tests/properties.ts";
import { checksum, decodeEthernet, decodeUdp, EtherType, encodeEthernet, encodeUdp } from "./frame.ts";
import { ipv4Of } from "./ipv4.ts";

const packet = {
  source: ipv4Of([192, 0, 2, 1]),
  destination: ipv4Of([192, 0, 2, 9]),
  sourcePort: 67,
  destinationPort: 68,
  payload: new Uint8Array([1, 2, 3]),
};

test("checksum() is that of the example in RFC 1071", () => {
  assert.equal(checksum([new Uint8Array([0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7])]), 0x220d);
});

test("encodeUdp() writes a header that the kernel would write too", () => {
  // From a capture: 192.0.2.1 to 192.0.2.9, no options, TTL 64.
  const bytes = encodeUdp(packet);
  assert.deepEqual([...bytes.subarray(0, 10)], [0x45, 0, 0, 31, 0, 0, 0, 0, 64, 17]);
  assert.equal(checksum([bytes.subarray(0, 20)]), 0);
});

test("decodeUdp() reads what encodeUdp() wrote, padded as short frames are", () => {
  const padded = new Uint8Array(60);
  padded.set(encodeUdp(packet));
  assert.deepEqual(decodeUdp(padded, true), packet);
});

test("decodeUdp() refuses a packet with any one byte changed, or cut off anywhere", () => {
  const bytes = encodeUdp(packet);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at] = (damaged[at] as number) ^ 0x5a;
    assert.equal(decodeUdp(damaged, true), null, `byte ${at}`);
    assert.equal(decodeUdp(bytes.subarray(0, at), true), null, `cut at ${at}`);
  }
});

test("decodeUdp() takes a checksum that is not there, or not yet, for right", () => {
  const bytes = encodeUdp(packet);
  bytes[30] = 9;
  assert.equal(decodeUdp(bytes, true), null);
  assert.deepEqual(decodeUdp(bytes, false)?.payload, new Uint8Array([1, 2, 9]));
  bytes.fill(0, 26, 28);
  assert.deepEqual(decodeUdp(bytes, true)?.payload, new Uint8Array([1, 2, 9]));
});

test("decodeUdp() refuses fragments and other protocols", () => {
  const resummed = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const bytes = encodeUdp(packet);
    change(bytes);
    bytes.fill(0, 10, 12);
    const sum = checksum([bytes.subarray(0, 20)]);
    bytes.set([sum >> 8, sum & 255], 10);
    return bytes;
  };
  assert.notEqual(
    decodeUdp(
      resummed(() => {}),
      true,
    ),
    null,
  );
  assert.equal(
    decodeUdp(
      resummed((bytes) => bytes.set([0x20, 0], 6)),
      true,
    ),
    null,
  );
  assert.equal(
    decodeUdp(
      resummed((bytes) => bytes.set([0, 1], 6)),
      true,
    ),
    null,
  );
  assert.equal(
    decodeUdp(
      resummed((bytes) => bytes.fill(6, 9, 10)),
      true,
    ),
    null,
  );
});

test("decodeEthernet() gives what a frame carries, of the wanted type only", () => {
  const frame = encodeEthernet([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1], EtherType.arp, new Uint8Array([7]));
  assert.deepEqual([...frame], [1, 2, 3, 4, 5, 6, 6, 5, 4, 3, 2, 1, 8, 6, 7]);
  assert.deepEqual(decodeEthernet(frame, EtherType.arp), new Uint8Array([7]));
  assert.equal(decodeEthernet(frame, EtherType.ipv4), null);
  assert.equal(decodeEthernet(frame.subarray(0, 13), EtherType.arp), null);
});

test("decodeUdp() and decodeEthernet() survive any bytes", () => {
  assertProperty(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.boolean(), (bytes, isSummed) => {
      if (bytes.length > 0) bytes[0] = 0x45;
      decodeEthernet(bytes, EtherType.ipv4);
      const found = decodeUdp(bytes, isSummed);
      if (found !== null) assert.ok(found.payload.length <= bytes.length - 28);
    }),
    { runs: 3000 },
  );
});
