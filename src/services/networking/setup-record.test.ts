import assert from "node:assert/strict";
import { test } from "node:test";
import type { Interface } from "./interfaces.ts";
import { noSetup, type Setup } from "./setup.ts";
import { readSetupRecord, setupRecordText, staleSetups } from "./setup-record.ts";

function setup(...hosts: number[]): Setup {
  return {
    addresses: hosts.map((one) => ({ index: 2, address: [10, 0, 0, one], prefix: 24, validSeconds: null })),
    routes: [],
    mtu: 0,
  };
}

const record = new Map([["eth0", setup(5, 6)]]);
const text = setupRecordText(record, "boot-1");
const eth0 = { index: 7, name: "eth0" } as Interface;

test("readSetupRecord() gives back what was written in this boot, and nothing else", () => {
  assert.deepEqual(readSetupRecord(text, "boot-1"), record);
  assert.equal(readSetupRecord(text, "boot-2").size, 0);
  assert.equal(readSetupRecord(setupRecordText(record, ""), "").size, 0);
  for (let length = 0; length < text.length - 1; length++)
    assert.equal(readSetupRecord(text.slice(0, length), "boot-1").size, 0);
  for (const bad of ["null", "[]", '{"boot":"boot-1"}', '{"boot":"boot-1","interfaces":{"a":null}}'])
    assert.equal(readSetupRecord(bad, "boot-1").size, 0, bad);
});

test("staleSetups() is what nobody wants any more, on the interface that has the name now", () => {
  const stale = staleSetups(record, [eth0, { ...eth0, name: "eth1" }], () => setup(6));
  assert.deepEqual(stale, [
    { addresses: [{ index: 7, address: [10, 0, 0, 5], prefix: 24, validSeconds: null }], routes: [], mtu: 0 },
  ]);
  assert.deepEqual(
    staleSetups(record, [], () => noSetup),
    [],
  );
});
