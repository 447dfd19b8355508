import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../../tests/properties.ts";
import { decodeAddress, decodeInterface } from "./interfaces.ts";
import {
  addressRequest,
  mtuRequest,
  type RouteChange,
  removeAddressRequest,
  removeRouteRequest,
  routeRequest,
  upRequest,
} from "./link-requests.ts";
import { decodeAttributes, decodeMessages, encodeAttributes, type NetlinkMessage } from "./netlink-message.ts";

function only(bytes: Uint8Array): NetlinkMessage {
  const messages = decodeMessages(bytes) ?? [];
  assert.equal(messages.length, 1);
  return messages[0] as NetlinkMessage;
}

/** Type, flags, fixed part and attributes, as a test can read them. */
function shown(bytes: Uint8Array, fixedBytes: number): unknown {
  const { type, flags, body } = only(bytes);
  const attributes = decodeAttributes(body.subarray(fixedBytes)) ?? new Map<number, Uint8Array>();
  const list = [...attributes].map(([code, value]) => [code, [...value]]);
  return { type, flags, fixed: [...body.subarray(0, fixedBytes)], attributes: Object.fromEntries(list) };
}

test("upRequest() sets the flag `up` and no other; mtuRequest() sets none", () => {
  assert.deepEqual(shown(upRequest(7, 3), 16), {
    type: 16,
    flags: 5,
    fixed: [0, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0],
    attributes: {},
  });
  assert.deepEqual(shown(mtuRequest(7, 3, 1400), 16), {
    type: 16,
    flags: 5,
    fixed: [0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    attributes: { 4: [120, 5, 0, 0] },
  });
});

test("addressRequest() gives address, broadcast address and time; the kernel takes a float of seconds for none", () => {
  const one = { index: 2, address: [10, 1, 2, 3], prefix: 20, validSeconds: 99.5 };
  assert.deepEqual(shown(addressRequest(1, one), 8), {
    type: 20,
    flags: 0x505,
    fixed: [2, 20, 0, 0, 2, 0, 0, 0],
    attributes: {
      1: [10, 1, 2, 3],
      2: [10, 1, 2, 3],
      4: [10, 1, 15, 255],
      6: [99, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    },
  });
});

test("addressRequest() of one for ever, of IPv6 and of a network of two has no broadcast address", () => {
  const v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const found = shown(addressRequest(1, { index: 2, address: v6, prefix: 64, validSeconds: null }), 8) as {
    fixed: number[];
    attributes: Record<string, number[]>;
  };
  assert.deepEqual(found.fixed, [10, 64, 0, 0, 2, 0, 0, 0]);
  assert.deepEqual(Object.keys(found.attributes), ["1", "2", "6"]);
  assert.deepEqual(found.attributes[6]?.slice(0, 8), new Array(8).fill(255));
  const two = only(addressRequest(1, { index: 2, address: [10, 0, 0, 1], prefix: 31, validSeconds: null }));
  assert.equal(decodeAttributes(two.body.subarray(8))?.has(4), false);
});

test("removeAddressRequest() names the address", () => {
  assert.deepEqual(shown(removeAddressRequest(1, { index: 2, address: [10, 1, 2, 3], prefix: 20 }), 8), {
    type: 21,
    flags: 5,
    fixed: [2, 20, 0, 0, 2, 0, 0, 0],
    attributes: { 2: [10, 1, 2, 3] },
  });
});

const defaultRoute: RouteChange = {
  index: 2,
  destination: [],
  prefix: 0,
  gateway: [10, 0, 0, 1],
  isForeignGateway: false,
  metric: 100,
  origin: "dhcp",
  family: "ipv4",
};

test("routeRequest() of everything names the gateway, interface and metric", () => {
  assert.deepEqual(shown(routeRequest(1, defaultRoute), 12), {
    type: 24,
    flags: 0x505,
    fixed: [2, 0, 0, 0, 254, 16, 0, 1, 0, 0, 0, 0],
    attributes: { 4: [2, 0, 0, 0], 5: [10, 0, 0, 1], 6: [100, 0, 0, 0] },
  });
});

test("routeRequest() to a network on the link has the link's scope; a foreign gateway is said to be on the link", () => {
  const route: RouteChange = { ...defaultRoute, destination: [10, 9, 0, 0], prefix: 16, gateway: [], origin: "static" };
  assert.deepEqual(shown(routeRequest(1, route), 12), {
    type: 24,
    flags: 0x505,
    fixed: [2, 16, 0, 0, 254, 4, 253, 1, 0, 0, 0, 0],
    attributes: { 1: [10, 9, 0, 0], 4: [2, 0, 0, 0], 6: [100, 0, 0, 0] },
  });
  assert.deepEqual(
    [...only(routeRequest(1, { ...defaultRoute, isForeignGateway: true })).body.subarray(8, 12)],
    [4, 0, 0, 0],
  );
  assert.equal(only(removeRouteRequest(1, defaultRoute)).type, 25);
});

test("decodeAttributes() gives back what encodeAttributes() wrote", () => {
  const attribute = fc.tuple(
    fc.integer({ min: 1, max: 100 }),
    fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 9 }),
  );
  assertProperty(
    fc.property(fc.uniqueArray(attribute, { selector: ([type]) => type }), (attributes) => {
      const found = decodeAttributes(encodeAttributes(attributes));
      assert.deepEqual(
        [...(found ?? [])].map(([type, value]) => [type, [...value]]),
        attributes,
      );
    }),
    { runs: 300 },
  );
});

test("no datagram does harm: decoders give null, or what is wholly inside of it", () => {
  const whole = addressRequest(1, { index: 2, address: [10, 1, 2, 3], prefix: 20, validSeconds: null });
  const damaged = fc
    .tuple(fc.nat(whole.length), fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 4 }))
    .map(([length, changes]) => {
      const bytes = whole.slice(0, length);
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  assertProperty(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 80 })), (datagram) => {
      for (const message of decodeMessages(datagram) ?? []) {
        decodeInterface(message);
        decodeAddress(message);
        decodeAttributes(message.body);
      }
    }),
    { runs: 5000 },
  );
});
