/*
 * A disk that boots by itself, on UEFI firmware and on a BIOS: GPT, a boot partition, the root file system as ext4. Built in
 * plain files: sfdisk needs neither root nor a loop device.
 */
import { closeSync, openSync, readFileSync, readSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Failure, mustRun } from "../run.ts";
import { bootPartition } from "./boot-partition.ts";
import { cpioArchive } from "./cpio.ts";
import { makeExt4 } from "./ext4.ts";
import { uuidFor, type WriteInput, type Writer } from "./writer.ts";

const MIB = 1024 * 1024;
const SECTOR = 512;
const FIRST_SECTOR = MIB / SECTOR;
/** Type of a root file system for x86-64 (UAPI.2 Discoverable Partitions). */
const ROOT_TYPE = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
/** What a BIOS runs: it starts the partition with the attribute LegacyBIOSBootable. */
const BIOS_CODE = "/usr/lib/syslinux/mbr/gptmbr.bin";
const BIOS_CODE_MAX = 440;

/** Copies a file into another at an offset; blocks of zeros stay holes. */
function copyInto(source: string, target: number, offset: number): void {
  const file = openSync(source, "r");
  const block = Buffer.alloc(MIB);
  const zeros = Buffer.alloc(MIB);
  for (let at = 0; ; ) {
    const length = readSync(file, block, 0, MIB, at);
    if (length === 0) break;
    if (block.compare(zeros, 0, length, 0, length) !== 0) writeSync(target, block, 0, length, offset + at);
    at += length;
  }
  closeSync(file);
}

async function partition(input: WriteInput, path: string, bootMib: number, rootMib: number): Promise<void> {
  const { folder, identity } = input;
  writeFileSync(path, "");
  truncateSync(path, (1 + bootMib + rootMib + 1) * MIB);
  const sectors = (mib: number): number => (mib * MIB) / SECTOR;
  const line = (start: number, mib: number, rest: string): string => `start=${start}, size=${sectors(mib)}, ${rest}`;
  const id = (purpose: string): string => uuidFor(identity, purpose);
  const lines = [
    "label: gpt",
    `label-id: ${id("disk")}`,
    line(FIRST_SECTOR, bootMib, `type=uefi, name=boot, uuid=${id("boot")}, attrs=LegacyBIOSBootable`),
    line(FIRST_SECTOR + sectors(bootMib), rootMib, `type=${ROOT_TYPE}, name=root, uuid=${id("root")}`),
  ];
  const script = join(folder, "sfdisk");
  writeFileSync(script, `${lines.join("\n")}\n`);
  const words = ["-c", 'sfdisk -q --no-reread --no-tell-kernel "$1" < "$2"', "sh", path, script];
  await mustRun(`partition ${path}`, "sh", words);
}

export const writeDisk: Writer = async (input, path) => {
  const { folder, kernel, bootEntries, cmdline: own, identity, seconds } = input;
  if (kernel === undefined) throw new Failure("cannot write a disk that boots: there is no kernel");
  const root = join(folder, "root.ext4");
  await makeExt4(input, root);
  const initrd = join(folder, "boot.cpio");
  writeFileSync(initrd, cpioArchive(bootEntries, seconds));
  const where = `root=UUID=${uuidFor(identity, "ext4")} rw init=/system/gonit`;
  const cmdline = `console=tty0 console=ttyS0 ${where} ${own}`.trim();
  const boot = await bootPartition(input, { kernel, initrd, cmdline }, FIRST_SECTOR);
  await partition(input, path, boot.mib, statSync(root).size / MIB);
  const file = openSync(path, "r+");
  const code = readFileSync(BIOS_CODE);
  writeSync(file, code, 0, Math.min(code.length, BIOS_CODE_MAX), 0);
  copyInto(boot.path, file, MIB);
  copyInto(root, file, (1 + boot.mib) * MIB);
  closeSync(file);
  return { medium: "firmware" };
};
