import assert from "node:assert/strict";
import { test } from "node:test";
import { readSuperblock } from "./superblock.ts";

function device(parts: Record<number, string | number[]>): Uint8Array {
  const bytes = new Uint8Array(4096);
  for (const [at, part] of Object.entries(parts)) {
    bytes.set(typeof part === "string" ? Buffer.from(part, "latin1") : part, Number(at));
  }
  return bytes;
}

const uuid = [0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8];
const uuidText = "12345678-9abc-def0-0102-030405060708";

test("readSuperblock() knows ext4 with its label, its UUID, and errors that were found", () => {
  const parts = { [1024 + 56]: [0x53, 0xef], [1024 + 58]: [1, 0], [1024 + 104]: uuid, [1024 + 120]: "data" };
  assert.deepEqual(readSuperblock(device(parts)), { type: "ext4", label: "data", uuid: uuidText, hasErrors: false });
  assert.equal(readSuperblock(device({ ...parts, [1024 + 58]: [3, 0] }))?.hasErrors, true);
  const full = readSuperblock(device({ ...parts, [1024 + 120]: "sixteen-letters!x" }));
  assert.equal(full?.label, "sixteen-letters!");
});

test("readSuperblock() knows erofs, squashfs, xfs and FAT", () => {
  const erofs = readSuperblock(device({ 1024: [0xe2, 0xe1, 0xf5, 0xe0], [1024 + 48]: uuid, [1024 + 64]: "root" }));
  assert.deepEqual([erofs?.type, erofs?.label, erofs?.uuid], ["erofs", "root", uuidText]);
  assert.equal(readSuperblock(device({ 0: "hsqs" }))?.type, "squashfs");
  const xfs = readSuperblock(device({ 0: "XFSB", 32: uuid, 108: "big" }));
  assert.deepEqual([xfs?.type, xfs?.label, xfs?.uuid], ["xfs", "big", uuidText]);
  const fat32 = { 510: [0x55, 0xaa], 67: [0x78, 0x56, 0x34, 0x12], 71: "BOOT       ", 82: "FAT32   " };
  const fat = readSuperblock(device(fat32));
  assert.deepEqual([fat?.type, fat?.label, fat?.uuid], ["vfat", "BOOT", "1234-5678"]);
  assert.equal(readSuperblock(device({ ...fat32, 71: "NO NAME    " }))?.label, "");
  assert.equal(readSuperblock(device({ 510: [0x55, 0xaa], 54: "FAT16   ", 43: "SMALL      " }))?.label, "SMALL");
});

test("readSuperblock() finds nothing in an empty device, a partition table, or a few bytes", () => {
  assert.equal(readSuperblock(device({})), null);
  assert.equal(readSuperblock(device({ 510: [0x55, 0xaa] })), null);
  assert.equal(readSuperblock(new Uint8Array(100)), null);
});
