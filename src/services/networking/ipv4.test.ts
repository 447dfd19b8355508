import assert from "node:assert/strict";
import { test } from "node:test";
import { classPrefix, ipv4Bytes, ipv4Of, ipv4Text, isHostAddress, maskOf, prefixOf } from "./ipv4.ts";

test("ipv4Of() and ipv4Bytes() are each other's opposite, also above 128.0.0.0", () => {
  for (const bytes of [
    [0, 0, 0, 0],
    [10, 0, 2, 15],
    [192, 168, 255, 1],
    [255, 255, 255, 255],
  ]) {
    assert.deepEqual(ipv4Bytes(ipv4Of(bytes)), bytes);
    assert.equal(ipv4Text(ipv4Of(bytes)), bytes.join("."));
  }
});

test("prefixOf() knows every mask, and refuses what is none", () => {
  for (let prefix = 0; prefix <= 32; prefix++) assert.equal(prefixOf(maskOf(prefix)), prefix);
  assert.equal(maskOf(24), ipv4Of([255, 255, 255, 0]));
  for (const mask of [ipv4Of([255, 0, 255, 0]), 1, ipv4Of([127, 255, 255, 255])]) assert.equal(prefixOf(mask), null);
});

test("isHostAddress() refuses what no machine can have", () => {
  for (const bytes of [
    [0, 0, 0, 0],
    [0, 1, 2, 3],
    [127, 0, 0, 1],
    [224, 0, 0, 1],
    [255, 255, 255, 255],
  ])
    assert.equal(isHostAddress(ipv4Of(bytes)), false, bytes.join("."));
  assert.equal(isHostAddress(ipv4Of([10, 0, 0, 1])), true);
  assert.equal(isHostAddress(ipv4Of([223, 255, 255, 1])), true);
});

test("classPrefix() goes by the class", () => {
  assert.deepEqual(
    [10, 172, 192].map((first) => classPrefix(ipv4Of([first, 0, 0, 1]))),
    [8, 16, 24],
  );
});
