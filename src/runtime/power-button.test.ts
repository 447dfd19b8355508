import assert from "node:assert/strict";
import { test } from "node:test";
import { hasBit, isPowerButton, isPress } from "./power-button.ts";

/** As /sys/class/input/event*\/device/capabilities/key shows them. */
const powerButton = "10000000000000 0\n";
const keyboard = "402000000 3803078f800d001 feffffdfffefffff fffffffffffffffe\n";

function event(type: number, code: number, value: number): Uint8Array {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint16(16, type, true);
  view.setUint16(18, code, true);
  view.setInt32(20, value, true);
  return bytes;
}

test("hasBit() reads words of 64 bits, the highest first", () => {
  assert.equal(hasBit(powerButton, 116), true);
  assert.equal(hasBit(powerButton, 115), false);
  assert.equal(hasBit("1", 0), true);
  assert.equal(hasBit("0", 116), false);
});

test("isPowerButton() leaves keyboards alone", () => {
  assert.equal(isPowerButton(powerButton), true);
  assert.equal(isPowerButton(keyboard), false);
  assert.equal(isPowerButton("0"), false);
});

test("isPress() finds the key going down among other events", () => {
  const press = event(1, 116, 1);
  assert.equal(isPress(press), true);
  assert.equal(isPress(event(1, 116, 0)), false);
  assert.equal(isPress(event(1, 30, 1)), false);
  assert.equal(isPress(Uint8Array.from([...event(0, 0, 0), ...press])), true);
  assert.equal(isPress(press.subarray(0, 23)), false);
});
