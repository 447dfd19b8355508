import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DhcpWorld, hardwareAddress } from "../../../tests/networking/dhcp-world.ts";
import { assertProperty } from "../../../tests/properties.ts";
import type { DhcpMessage } from "./dhcp-message.ts";
import { ipv4Bytes } from "./ipv4.ts";

/** Lost, late and doubled packets, from a list of numbers. */
function badNetwork(delays: number[][]): { delays(): number[] } {
  let at = 0;
  return { delays: () => delays[at++ % delays.length] ?? [] };
}

type Order =
  | { kind: "carrier"; isUp: boolean }
  | { kind: "silent"; isSilent: boolean }
  | { kind: "move"; to: number }
  | { kind: "take"; address: number }
  | { kind: "hostile"; type: number; option: number; value: number[]; isOurs: boolean };

const address = fc.integer({ min: 0, max: 0xffff_ffff });
const order: fc.Arbitrary<Order> = fc.oneof(
  fc.record({ kind: fc.constant("carrier" as const), isUp: fc.boolean() }),
  fc.record({ kind: fc.constant("silent" as const), isSilent: fc.boolean() }),
  fc.record({ kind: fc.constant("move" as const), to: fc.integer({ min: 0x0a000002, max: 0x0a0000f0 }) }),
  fc.record({ kind: fc.constant("take" as const), address: fc.integer({ min: 0x0a000002, max: 0x0a000012 }) }),
  fc.record({
    kind: fc.constant("hostile" as const),
    type: fc.integer({ min: 0, max: 9 }),
    option: fc.constantFrom(1, 3, 51, 54, 58, 59, 121),
    value: fc.oneof(address.map(ipv4Bytes), fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 9 })),
    isOurs: fc.boolean(),
  }),
);

function follow(world: DhcpWorld, one: Order): void {
  switch (one.kind) {
    case "carrier":
      world.carrier(one.isUp);
      break;
    case "silent":
      world.server.isSilent = one.isSilent;
      break;
    case "move":
      world.server.address = one.to;
      break;
    case "take":
      world.taken.add(one.address);
      break;
    case "hostile":
      world.inject(hostile(world, one));
  }
}

function hostile(world: DhcpWorld, { type, option, value, isOurs }: Extract<Order, { kind: "hostile" }>): DhcpMessage {
  const options = new Map([
    [53, new Uint8Array([type])],
    [54, new Uint8Array([6, 6, 6, 6])],
    [51, new Uint8Array([0, 0, 0, 30])],
    [option, new Uint8Array(value)],
  ]);
  const transaction = isOurs ? world.client.transaction : 7;
  const yourAddress = 0x06060606;
  return { operation: 2, transaction, seconds: 0, clientAddress: 0, yourAddress, hardwareAddress, options };
}

const delays = fc.array(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 3 }), {
  minLength: 1,
  maxLength: 20,
});
const history = fc.array(fc.tuple(order, fc.integer({ min: 0, max: 2000 })), { maxLength: 30 });

test("whatever happens, a client sends little, uses no lease after its end, and has one when all is well again", () => {
  let messages = 0;
  let hours = 0;
  assertProperty(
    fc.property(delays, history, fc.integer({ min: 5, max: 5000 }), (lateness, orders, leaseSeconds) => {
      // The world throws where a lease is used after its end, or a step would come due at once again.
      const world = new DhcpWorld(badNetwork(lateness));
      world.server.leaseSeconds = leaseSeconds;
      world.carrier(true);
      for (const [one, seconds] of orders) {
        follow(world, one);
        world.run(seconds);
      }
      // A renewal each 2 seconds of the shortest lease is the most that a server can make us do, and orders come on top.
      assert.ok(world.sent <= world.nowMs / 1000 + 40 + 20 * orders.length, `${world.sent} messages`);
      messages += world.sent;
      hours += world.nowMs / 3_600_000;
      world.network = { delays: () => [1] };
      world.taken.clear();
      world.server.isSilent = false;
      world.carrier(true);
      world.run(6000);
      assert.notEqual(world.configured, null, world.trace.slice(-20).join("\n"));
      assert.equal(world.configured?.address, world.server.address);
    }),
    { runs: 200 },
  );
  console.log(`figures: DHCP: 200 random histories, ${Math.round(hours)} hours, ${messages} messages`);
});
