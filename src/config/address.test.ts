import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../tests/properties.ts";
import { parseAddress, parseNetwork } from "./address.ts";

test("parseAddress() gives the bytes of both kinds", () => {
  assert.deepEqual(parseAddress("192.0.2.1"), [192, 0, 2, 1]);
  assert.deepEqual(parseAddress("::"), new Array(16).fill(0));
  assert.deepEqual(parseAddress("2001:db8::1:2"), [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]);
  assert.deepEqual(parseAddress("::ffff:192.0.2.1"), [...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]);
  assert.deepEqual(parseAddress("1:2:3:4:5:6:7::"), [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0]);
});

test("parseAddress() takes what inet_pton(3) takes, and nothing else", () => {
  const text = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.string({ unit: fc.constantFrom(..."012f:.g/ "), maxLength: 24 }),
    fc
      .array(fc.constantFrom("0", "1", "ff", "", "10000", "1.2.3.4", "01.2.3.4"), { maxLength: 10 })
      .map((parts) => parts.join(":")),
  );
  assertProperty(
    fc.property(text, (one) => {
      assert.equal(parseAddress(one)?.length ?? 0, { 0: 0, 4: 4, 6: 16 }[isIP(one)], one);
    }),
    { runs: 3000 },
  );
});

test("parseNetwork() wants a prefix that fits", () => {
  assert.deepEqual(parseNetwork("10.0.0.9/8"), { bytes: [10, 0, 0, 9], prefix: 8 });
  assert.equal(parseNetwork("fd00::1/64")?.prefix, 64);
  for (const bad of [
    "10.0.0.9",
    "10.0.0.9/",
    "10.0.0.9/33",
    "10.0.0.9/0",
    "10.0.0.9/8/8",
    "fd00::1/129",
    "x/8",
    "10.0.0.9/-1",
  ])
    assert.equal(parseNetwork(bad), null, bad);
});
