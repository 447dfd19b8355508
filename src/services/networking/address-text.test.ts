import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, hardwareText } from "./address-text.ts";

function v6(...groups: number[]): Uint8Array {
  return new Uint8Array(groups.flatMap((group) => [group >> 8, group & 255]));
}

test("addressText() writes four bytes with dots", () => {
  assert.equal(addressText(new Uint8Array([127, 0, 0, 1])), "127.0.0.1");
});

test("addressText() shortens sixteen bytes as RFC 5952 does", () => {
  const cases: [number[], string][] = [
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[0xfe80, 0, 0, 0, 0, 0, 0, 1], "fe80::1"],
    [[0x2001, 0xdb8, 0, 1, 1, 1, 1, 1], "2001:db8:0:1:1:1:1:1"],
    [[0x2001, 0, 0, 1, 0, 0, 0, 1], "2001:0:0:1::1"],
    [[0x2001, 0, 0, 1, 0, 0, 1, 1], "2001::1:0:0:1:1"],
    [[1, 2, 3, 4, 5, 6, 0, 0], "1:2:3:4:5:6::"],
  ];
  for (const [groups, text] of cases) assert.equal(addressText(v6(...groups)), text);
});

test("addressText() gives null for any other length", () => {
  for (const length of [0, 3, 5, 15, 17]) assert.equal(addressText(new Uint8Array(length)), null);
});

test("hardwareText() writes two digits a byte", () => {
  assert.equal(hardwareText(new Uint8Array([0, 0x1b, 255])), "00:1b:ff");
  assert.equal(hardwareText(new Uint8Array(0)), "");
});
