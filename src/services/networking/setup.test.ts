import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease } from "./dhcp-lease.ts";
import { ipv4Of } from "./ipv4.ts";
import { leaseSetup, leftOver, staticSetup } from "./setup.ts";

const settings = { name: "eth0", dhcp: false, dns: [], mtu: null, optional: false };
const lease: Lease = {
  address: ipv4Of([10, 0, 0, 9]),
  prefix: 24,
  server: 1,
  routes: [{ destination: 0, prefix: 0, gateway: ipv4Of([10, 0, 0, 1]) }],
  dns: [],
  search: [],
  mtu: 1400,
  hostName: "",
  seconds: 100,
  renewSeconds: 50,
  rebindSeconds: 87,
};

function network(bytes: number[], prefix: number) {
  return { text: "", bytes, prefix };
}

test("staticSetup() knows whether a gateway is in a network of the interface", () => {
  const foreign = (address: number[], prefix: number, gateway: number[]) =>
    staticSetup({ ...settings, addresses: [network(address, prefix)], gateways: [{ text: "", bytes: gateway }] }, 2, 0)
      .routes[0]?.isForeignGateway;
  assert.equal(foreign([10, 0, 0, 9], 24, [10, 0, 0, 1]), false);
  assert.equal(foreign([10, 0, 0, 9], 24, [10, 0, 1, 1]), true);
  assert.equal(foreign([10, 0, 0, 9], 23, [10, 0, 1, 1]), false);
  assert.equal(foreign([10, 0, 0, 9], 25, [10, 0, 0, 129]), true);
  assert.equal(foreign([10, 0, 0, 9], 32, [10, 0, 0, 1]), true);
});

test("routes of the first interface win, and the configuration's over a server's", () => {
  const gateways = [{ text: "", bytes: [10, 0, 0, 1] }];
  const metric = (place: number) =>
    staticSetup({ ...settings, addresses: [], gateways }, 2, place).routes[0]?.metric ?? 0;
  const leased = (place: number) => leaseSetup(lease, 2, place, null).routes[0]?.metric ?? 0;
  const order = [metric(0), leased(0), metric(1), leased(1)];
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.equal(new Set(order).size, 4);
});

test("leaseSetup() puts the ways on the link first, and clears bits of the host from destinations", () => {
  const routes = [
    { destination: ipv4Of([172, 16, 9, 9]), prefix: 16, gateway: ipv4Of([10, 9, 9, 9]) },
    { destination: ipv4Of([10, 9, 9, 9]), prefix: 32, gateway: 0 },
  ];
  const setup = leaseSetup({ ...lease, routes }, 2, 0, 99);
  assert.deepEqual(
    setup.routes.map(({ destination, gateway, isForeignGateway }) => [destination, gateway, isForeignGateway]),
    [
      [[10, 9, 9, 9], [], false],
      [[172, 16, 0, 0], [10, 9, 9, 9], true],
    ],
  );
  assert.deepEqual(setup.addresses, [{ index: 2, address: [10, 0, 0, 9], prefix: 24, validSeconds: 99 }]);
});

test("leftOver() is what is no longer there; the same lease leaves nothing", () => {
  const before = leaseSetup(lease, 2, 0, 100);
  assert.deepEqual(leftOver(before, leaseSetup(lease, 2, 0, 50)), { addresses: [], routes: [], mtu: 0 });
  const moved = leaseSetup({ ...lease, address: ipv4Of([10, 0, 0, 8]), routes: [] }, 2, 0, 50);
  assert.deepEqual(leftOver(before, moved), { addresses: before.addresses, routes: before.routes, mtu: 0 });
});
