import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../../tests/properties.ts";
import { readLease } from "./dhcp-lease.ts";
import { addressOption, type DhcpMessage, decodeDhcp, encodeDhcp, messageType, Option } from "./dhcp-message.ts";
import { ipv4Of } from "./ipv4.ts";

const optionsAt = 240;

function message(options: [number, number[]][] = []): DhcpMessage {
  return {
    operation: 2,
    transaction: 0xdeadbeef,
    seconds: 3,
    clientAddress: 0,
    yourAddress: ipv4Of([10, 0, 2, 15]),
    hardwareAddress: [2, 0, 0, 0, 0, 1],
    options: new Map(options.map(([code, value]) => [code, new Uint8Array(value)])),
  };
}

/** A message with these very bytes as its options, and in the fields for file and server name. */
function raw(options: number[], file: number[] = [], serverName: number[] = []): Uint8Array {
  const bytes = new Uint8Array(optionsAt + options.length);
  bytes.set(encodeDhcp(message()).subarray(0, optionsAt));
  bytes.set(options, optionsAt);
  bytes.set(serverName, 44);
  bytes.set(file, 108);
  return bytes;
}

test("decodeDhcp() reads what encodeDhcp() wrote, which is as long as BOOTP wants it", () => {
  const whole = message([
    [53, [2]],
    [54, [10, 0, 2, 2]],
  ]);
  const bytes = encodeDhcp(whole);
  assert.equal(bytes.length, 300);
  assert.deepEqual(decodeDhcp(bytes), whole);
  assert.equal(messageType(whole), 2);
  assert.equal(addressOption(whole, Option.server), ipv4Of([10, 0, 2, 2]));
});

test("decodeDhcp() skips pads, joins parts of an option, and needs no end in a full field", () => {
  const found = decodeDhcp(raw([0, 0, 15, 1, 97, 0, 15, 1, 98]));
  assert.deepEqual(found?.options.get(15), new Uint8Array([97, 98]));
});

test("decodeDhcp() goes on in the fields that option 52 names, and only there", () => {
  const file = [12, 1, 102, 255];
  const serverName = [15, 1, 115, 255];
  const codes = (overload: number): number[] => [
    ...(decodeDhcp(raw([52, 1, overload, 255], file, serverName))?.options.keys() ?? []),
  ];
  assert.deepEqual(codes(0), []);
  assert.deepEqual(codes(1), [12]);
  assert.deepEqual(codes(2), [15]);
  assert.deepEqual(codes(3), [12, 15]);
});

test("decodeDhcp() refuses options that run over the end of their field", () => {
  assert.equal(decodeDhcp(raw([53])), null);
  assert.equal(decodeDhcp(raw([53, 2, 1])), null);
  const full = new Array<number>(128).fill(0);
  full.splice(126, 2, 15, 40);
  assert.equal(decodeDhcp(raw([52, 1, 1, 255], full)), null);
});

test("decodeDhcp() refuses what is cut off, of other hardware, or without the cookie", () => {
  const bytes = encodeDhcp(message());
  for (const length of [0, 1, 235, 239]) assert.equal(decodeDhcp(bytes.subarray(0, length)), null);
  for (const at of [1, 2, 236, 239]) {
    const damaged = bytes.slice();
    damaged[at] = 77;
    assert.equal(decodeDhcp(damaged), null, `byte ${at}`);
  }
});

test("messageType() of a type of a wrong size is none", () => {
  assert.equal(messageType(message([[53, [2, 2]]])), 0);
  assert.equal(messageType(message()), 0);
});

const optionBytes = fc.array(
  fc.oneof(
    fc
      .tuple(
        fc.constantFrom(1, 3, 6, 12, 15, 26, 50, 51, 52, 53, 54, 58, 59, 119, 121, 0, 255),
        fc.uint8Array({ maxLength: 24 }),
      )
      .map(([code, value]) => [code, value.length, ...value]),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => [...bytes]),
  ),
  { maxLength: 12 },
);

test("decodeDhcp() and readLease() survive whatever a server sends", () => {
  assertProperty(
    fc.property(
      optionBytes,
      fc.uint8Array({ maxLength: 128 }),
      fc.uint8Array({ maxLength: 64 }),
      (parts, file, name) => {
        const found = decodeDhcp(raw(parts.flat(), [...file], [...name]));
        const lease = found === null ? null : readLease(found);
        if (lease === null) return;
        assert.ok(lease.prefix >= 1 && lease.prefix <= 32);
        assert.ok(lease.seconds === null || (lease.renewSeconds > 0 && lease.renewSeconds < lease.rebindSeconds));
        assert.ok(lease.seconds === null || lease.rebindSeconds < lease.seconds);
        for (const name of [...lease.search, lease.hostName]) assert.match(name, /^[A-Za-z0-9_.-]*$/);
      },
    ),
    { runs: 3000 },
  );
});

test("decodeDhcp() gives back any message that encodeDhcp() wrote", () => {
  const code = fc.integer({ min: 1, max: 254 }).filter((one) => one !== Option.overload);
  assertProperty(
    fc.property(fc.array(fc.tuple(code, fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 255 }))), (options) => {
      const whole = message(options as [number, number[]][]);
      assert.deepEqual(decodeDhcp(encodeDhcp(whole)), whole);
    }),
    { runs: 200 },
  );
});
