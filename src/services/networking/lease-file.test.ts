import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { assertProperty } from "../../../tests/properties.ts";
import type { Lease } from "./dhcp-lease.ts";
import { ipv4Of } from "./ipv4.ts";
import { type Clocks, type KeptLeases, leaseFileText, readLeaseFile } from "./lease-file.ts";

const lease: Lease = {
  address: ipv4Of([10, 0, 0, 9]),
  prefix: 24,
  server: 1,
  routes: [{ destination: 0, prefix: 0, gateway: 5 }],
  dns: [7],
  search: ["a.b"],
  mtu: 0,
  hostName: "",
  seconds: 100,
  renewSeconds: 50,
  rebindSeconds: 87,
};
const clocks: Clocks = { boot: "boot-1", bootMs: 50_000, wallMs: 1_000_000 };
const kept: KeptLeases = new Map([
  ["eth0", { hardwareAddress: "02:00:00:00:00:01", held: { lease, sinceMs: 40_000 } }],
]);
const text = leaseFileText(kept, clocks);

test("readLeaseFile() gives back what was written, later in the same boot, whatever the wall clock says", () => {
  assert.deepEqual(readLeaseFile(text, { ...clocks, bootMs: 139_999, wallMs: 5 }), kept);
  assert.equal(readLeaseFile(text, { ...clocks, bootMs: 140_000 }).size, 0);
});

test("readLeaseFile() goes by the wall clock after another boot, unless it stands before the lease", () => {
  const later = (boot: string, wallMs: number) => readLeaseFile(text, { boot, bootMs: 3000, wallMs }).get("eth0")?.held;
  // 10 s old when it was written, 20 s later now.
  assert.equal(later("boot-2", 1_020_000)?.sinceMs, 3000 - 30_000);
  assert.equal(later("boot-2", 1_090_000), undefined);
  assert.equal(later("boot-2", 900_000), undefined);
  assert.equal(later("", 1_020_000)?.sinceMs, 3000 - 30_000);
});

test("readLeaseFile() takes a lease for ever", () => {
  const held = { lease: { ...lease, seconds: null }, sinceMs: 0 };
  const written = leaseFileText(new Map([["a", { hardwareAddress: "x", held }]]), clocks);
  assert.equal(readLeaseFile(written, { ...clocks, bootMs: 1e15 }).size, 1);
});

test("readLeaseFile() takes nothing from a damaged file", () => {
  for (let length = 0; length < text.length - 1; length++)
    assert.equal(readLeaseFile(text.slice(0, length), clocks).size, 0);
  const path = [
    "version",
    "leases",
    "lease",
    "address",
    "prefix",
    "server",
    "routes",
    "dns",
    "search",
    "seconds",
    "sinceMs",
  ];
  const wrong = fc.oneof(fc.constant(null), fc.string(), fc.constant([null]), fc.constant({}), fc.constant(-1.5));
  assertProperty(
    fc.property(fc.constantFrom(...path), wrong, (field, value) => {
      const damaged = text.replace(
        new RegExp(`"${field}":(\\[[^\\]]*\\]|\\{.*?\\}|"[^"]*"|[^,}]*)`),
        () => `"${field}":${JSON.stringify(value)}`,
      );
      for (const { held } of readLeaseFile(damaged, clocks).values()) {
        assert.equal(typeof held.lease.address, "number");
        assert.ok(Array.isArray(held.lease.routes) && Array.isArray(held.lease.dns));
      }
    }),
    { runs: 500 },
  );
});
