import assert from "node:assert/strict";
import { test } from "node:test";
import { type ArpPacket, decodeArp, encodeArp, isConflict } from "./arp.ts";
import { ipv4Of } from "./ipv4.ts";

const own = [2, 0, 0, 0, 0, 1];
const other = [2, 0, 0, 0, 0, 2];
const address = ipv4Of([10, 0, 0, 9]);
const packet: ArpPacket = { operation: "request", senderHardware: own, sender: 0, target: address };

test("decodeArp() reads what encodeArp() wrote, and nothing that is cut off or of another kind", () => {
  const bytes = encodeArp(packet);
  assert.deepEqual(decodeArp(bytes), packet);
  assert.deepEqual(decodeArp(encodeArp({ ...packet, operation: "reply" }))?.operation, "reply");
  for (let length = 0; length < bytes.length; length++) assert.equal(decodeArp(bytes.subarray(0, length)), null);
  for (let at = 0; at < 8; at++) {
    const damaged = bytes.slice();
    damaged[at] = 9;
    assert.equal(decodeArp(damaged), null, `byte ${at}`);
  }
});

test("isConflict() sees whoever has the address or probes for it, but not ourselves", () => {
  const from = (part: Partial<ArpPacket>): boolean =>
    isConflict({ ...packet, senderHardware: other, ...part }, address, own);
  assert.equal(from({ operation: "reply", sender: address, target: 0 }), true);
  assert.equal(from({ sender: address, target: 1 }), true);
  assert.equal(from({ sender: 0 }), true);
  assert.equal(from({ sender: ipv4Of([10, 0, 0, 1]) }), false);
  assert.equal(from({ sender: 0, target: ipv4Of([10, 0, 0, 1]) }), false);
  assert.equal(isConflict(packet, address, own), false);
});
