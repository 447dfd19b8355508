import assert from "node:assert/strict";
import { test } from "node:test";
import { DetachKeys, parseDetachKeys } from "./detach-keys.ts";

const ctrlP = 16;
const ctrlQ = 17;

test("parseDetachKeys() reads control keys and characters, and nothing else", () => {
  assert.deepEqual(parseDetachKeys(null), [ctrlP, ctrlQ]);
  assert.deepEqual(parseDetachKeys("ctrl-a,d"), [1, 100]);
  assert.deepEqual(parseDetachKeys("Ctrl-],ctrl-@"), [29, 0]);
  for (const wrong of ["", "ctrl-1", "ab", "ctrl-a,", "é"]) assert.equal(parseDetachKeys(wrong), null, wrong);
});

/** What goes on of pieces that are typed one after the other, and whether the last one left. */
function typed(keys: number[], ...pieces: number[][]): { bytes: number[]; detached: boolean } {
  const detach = new DetachKeys(keys);
  const bytes: number[] = [];
  let detached = false;
  for (const piece of pieces) {
    const taken = detach.take(Uint8Array.from(piece));
    bytes.push(...taken.bytes);
    ({ detached } = taken);
  }
  return { bytes, detached };
}

test("keys are held back while they may be the beginning, and passed on when they are not", () => {
  const keys = [ctrlP, ctrlQ];
  assert.deepEqual(typed(keys, [97, 98]), { bytes: [97, 98], detached: false });
  assert.deepEqual(typed(keys, [97, ctrlP, ctrlQ, 98]), { bytes: [97], detached: true });
  assert.deepEqual(typed(keys, [ctrlP], [ctrlQ]), { bytes: [], detached: true });
  assert.deepEqual(typed(keys, [ctrlP], [97]), { bytes: [ctrlP, 97], detached: false });
  assert.deepEqual(typed(keys, [ctrlP, ctrlP, ctrlQ]), { bytes: [ctrlP], detached: true });
  assert.deepEqual(typed(keys, [ctrlQ, ctrlP]), { bytes: [ctrlQ], detached: false });
  assert.deepEqual(typed([1, 1, 2], [1, 1, 1, 2]), { bytes: [1], detached: true });
  assert.deepEqual(typed([1, 2, 1, 3], [1, 2, 1, 2, 1, 3]), { bytes: [1, 2], detached: true });
});
