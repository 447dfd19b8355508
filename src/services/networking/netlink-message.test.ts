import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeAttributes,
  decodeMessages,
  encodeMessage,
  errorOf,
  type NetlinkMessage,
  NetlinkType,
} from "./netlink-message.ts";

const body = fc.uint8Array({ maxLength: 40 });

test("decodeMessages() reads back what encodeMessage() wrote, several in one datagram", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ type: fc.nat(65535), flags: fc.nat(65535), sequence: fc.nat(), body }), { maxLength: 5 }),
      (messages) => {
        const parts = messages.map((message) => {
          const bytes = encodeMessage(message);
          const padded = new Uint8Array((bytes.length + 3) & ~3);
          padded.set(bytes);
          return padded;
        });
        const decoded = decodeMessages(Uint8Array.from(parts.flatMap((part) => [...part])));
        const plain = (list: NetlinkMessage[]): unknown =>
          list.map((message) => ({ ...message, body: [...message.body] }));
        assert.deepEqual(plain(decoded ?? []), plain(messages));
      },
    ),
  );
});

test("decodeMessages() and decodeAttributes() end on any bytes, and stay within them", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const message of decodeMessages(bytes) ?? []) {
        assert.ok(message.body.length <= bytes.length - 16);
        decodeAttributes(message.body);
      }
      for (const value of decodeAttributes(bytes)?.values() ?? []) assert.ok(value.length <= bytes.length - 4);
    }),
    { numRuns: 2000 },
  );
});

test("decodeMessages() refuses a length that is too short, too long, or cut off", () => {
  const good = encodeMessage({ type: 16, flags: 0, sequence: 1, body: new Uint8Array(4) });
  for (const length of [0, 15, 21, 0xffffffff]) {
    const bad = Uint8Array.from(good);
    new DataView(bad.buffer).setUint32(0, length, true);
    assert.equal(decodeMessages(bad), null, `length ${length}`);
  }
  assert.equal(decodeMessages(good.subarray(0, 19)), null);
  assert.equal(decodeMessages(good.subarray(0, 15)), null);
});

test("decodeAttributes() refuses a length of zero, which would never end", () => {
  assert.equal(decodeAttributes(new Uint8Array([0, 0, 1, 0])), null);
});

test("decodeAttributes() takes the encoding bits off a type", () => {
  assert.deepEqual([...(decodeAttributes(new Uint8Array([4, 0, 3, 0x80]))?.keys() ?? [])], [3]);
});

test("errorOf() is the positive errno, null when it is missing", () => {
  const message = { type: NetlinkType.error, flags: 0, sequence: 1, body: new Uint8Array([255, 255, 255, 255]) };
  assert.equal(errorOf(message), 1);
  assert.equal(errorOf({ ...message, body: new Uint8Array(3) }), null);
});
