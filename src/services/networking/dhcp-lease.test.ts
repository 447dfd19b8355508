import assert from "node:assert/strict";
import { test } from "node:test";
import { type Lease, readLease } from "./dhcp-lease.ts";
import { ipv4Of } from "./ipv4.ts";

const usual: [number, number[]][] = [
  [1, [255, 255, 255, 0]],
  [51, [0, 0, 0, 100]],
  [54, [10, 0, 2, 2]],
];

function lease(more: [number, number[]][], address = [10, 0, 2, 15]): Lease | null {
  const options = new Map([...usual, ...more].map(([code, value]) => [code, new Uint8Array(value)]));
  const hardwareAddress = [2, 0, 0, 0, 0, 1];
  const message = { operation: 2, transaction: 1, seconds: 0, clientAddress: 0, hardwareAddress, options };
  return readLease({ ...message, yourAddress: ipv4Of(address) });
}

function text(value: string): number[] {
  return [...value].map((letter) => letter.charCodeAt(0));
}

test("readLease() takes T1 and T2 from the lease's time where the server names none", () => {
  assert.deepEqual(lease([]), {
    address: ipv4Of([10, 0, 2, 15]),
    prefix: 24,
    server: ipv4Of([10, 0, 2, 2]),
    routes: [],
    dns: [],
    search: [],
    mtu: 0,
    hostName: "",
    seconds: 100,
    renewSeconds: 50,
    rebindSeconds: 87.5,
  });
});

test("readLease() keeps the server's T1 and T2 only when T1 < T2 < the lease", () => {
  const times = (renew: number, rebind: number) => {
    const found = lease([
      [58, [0, 0, 0, renew]],
      [59, [0, 0, 0, rebind]],
    ]);
    return [found?.renewSeconds, found?.rebindSeconds];
  };
  assert.deepEqual(times(20, 70), [20, 70]);
  for (const [renew, rebind] of [
    [70, 20],
    [0, 70],
    [20, 100],
    [50, 50],
  ] as const)
    assert.deepEqual(times(renew, rebind), [50, 87.5]);
});

test("readLease() bounds a lease from below, and knows the one for ever", () => {
  assert.equal(lease([[51, [0, 0, 0, 0]]])?.seconds, 10);
  assert.equal(lease([[51, [255, 255, 255, 255]]])?.seconds, null);
});

test("readLease() refuses an address that no machine can have, and what lacks server, time or a right mask", () => {
  for (const address of [
    [0, 0, 0, 0],
    [127, 0, 0, 1],
    [224, 0, 0, 1],
    [255, 255, 255, 255],
  ])
    assert.equal(lease([], address), null);
  for (const code of [51, 54]) assert.equal(lease([[code, [1]]]), null);
  assert.equal(lease([[1, [255, 0, 255, 0]]]), null);
  assert.equal(lease([[1, [0, 0, 0, 0]]]), null);
});

test("readLease() goes by the address's class without a mask", () => {
  assert.equal(lease([[1, []]])?.prefix, 8);
});

test("readLease() takes the first router, or the classless routes in its place", () => {
  const router: [number, number[]] = [3, [10, 0, 2, 2, 10, 0, 2, 3]];
  const gateway = ipv4Of([10, 0, 2, 2]);
  assert.deepEqual(lease([router])?.routes, [{ destination: 0, prefix: 0, gateway }]);
  const routes: [number, number[]] = [121, [0, 10, 0, 2, 2, 20, 172, 16, 16, 0, 0, 0, 0]];
  assert.deepEqual(lease([router, routes])?.routes, [
    { destination: 0, prefix: 0, gateway },
    { destination: ipv4Of([172, 16, 16, 0]), prefix: 20, gateway: 0 },
  ]);
  for (const damaged of [[33, 1, 2, 3, 4, 5, 6, 7, 8, 9], [24, 10, 0, 2, 10, 0, 2], []])
    assert.deepEqual(lease([router, [121, damaged]])?.routes.length, 1);
});

test("readLease() takes name servers, without what is none", () => {
  assert.deepEqual(lease([[6, [10, 0, 2, 3, 0, 0, 0, 0, 10, 0, 2, 3, 9]]])?.dns, [ipv4Of([10, 0, 2, 3])]);
});

test("readLease() lets nothing but names into the search list", () => {
  assert.deepEqual(lease([[15, text("example.org")]])?.search, ["example.org"]);
  assert.deepEqual(lease([[15, text("example.org.\0")]])?.search, ["example.org"]);
  for (const bad of ["a\nnameserver 6.6.6.6", "a b", "a..b", "", "-a", `${"a".repeat(64)}.b`])
    assert.deepEqual(lease([[15, text(bad)]])?.search, [], bad);
});

test("readLease() reads a compressed search list, and none that points forward or to itself", () => {
  const list = [3, ...text("eng"), 4, ...text("corp"), 0, 3, ...text("ops"), 0xc0, 4];
  assert.deepEqual(lease([[119, list]])?.search, ["eng.corp", "ops.corp"]);
  for (const bad of [[0xc0, 0], [1, 97, 0xc0, 0], [1, 97, 0xc0], [5, 97], [0], [1, 97, 0xc0, 9]])
    assert.deepEqual(
      lease([
        [119, bad],
        [15, text("b")],
      ])?.search,
      ["b"],
      `${bad}`,
    );
});

test("readLease() takes no MTU with which IPv4 does not work", () => {
  assert.equal(lease([[26, [5, 120]]])?.mtu, 1400);
  assert.equal(lease([[26, [0, 68]]])?.mtu, 0);
  assert.equal(lease([[26, [5]]])?.mtu, 0);
});
