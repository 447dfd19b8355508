import assert from "node:assert/strict";
import { test } from "node:test";
import { blockOf } from "./modules.ts";

/** Magic, flags, size class, check of the header. */
const head = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x50, 0xfb];

test("blockOf() takes the block out of a frame", () => {
  assert.deepEqual([...blockOf(Uint8Array.from([...head, 2, 0, 0, 0, 0x10, 97, 0, 0, 0, 0]))], [0x10, 97]);
});

test("blockOf() refuses what is not one packed block", () => {
  const bad = {
    "a block that is not packed": [...head, 2, 0, 0, 0x80, 0x10, 97, 0, 0, 0, 0],
    "two blocks": [...head, 1, 0, 0, 0, 0x10, 1, 0, 0, 0, 0x10, 0, 0, 0, 0],
    "another magic": [1, ...head.slice(1), 2, 0, 0, 0, 0x10, 97, 0, 0, 0, 0],
    "a frame with sums": [...head.slice(0, 4), 0x64, ...head.slice(5), 2, 0, 0, 0, 0x10, 97, 0, 0, 0, 0],
    "a frame that is cut": [...head, 9, 0, 0, 0, 0x10, 97, 0, 0, 0, 0],
  };
  for (const [name, bytes] of Object.entries(bad))
    assert.throws(() => blockOf(Uint8Array.from(bytes)), /no frame of one packed block|Offset is outside/, name);
});
