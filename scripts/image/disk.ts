/*
 * A disk that a UEFI machine boots by itself: GPT, an EFI system partition with one unified kernel image (the kernel, its
 * command line and a loader in one EFI program, from systemd's stub), and the root file system as ext4. Built in plain
 * files: sfdisk, mkfs.fat and mtools need neither root nor a loop device.
 */
import { closeSync, openSync, readSync, statSync, truncateSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Failure, mustRun } from "../run.ts";
import { makeExt4 } from "./ext4.ts";
import { uuidFor, type WriteInput, type Writer } from "./writer.ts";

const MIB = 1024 * 1024;
const SECTOR = 512;
const STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
/** Type of a root file system for x86-64 (UAPI.2 Discoverable Partitions). */
const ROOT_TYPE = "4f68bce3-e8cd-4db1-96e7-fbcaf984b709";
/** FAT32 has at least 65,525 clusters; with one sector each that is 32 MiB. */
const ESP_MIB_MIN = 34;

/** Where the sections of the image are loaded; the kernel is last, so that it has all the room. */
const SECTIONS: [name: string, address: string][] = [
  [".osrel", "0x20000"],
  [".cmdline", "0x30000"],
  [".linux", "0x2000000"],
];

/** objcopy writes the time into the PE header, and a sum over it that firmware does not look at. Both become 0. */
function withoutTime(path: string): void {
  const file = openSync(path, "r+");
  const offset = Buffer.alloc(4);
  readSync(file, offset, 0, 4, 0x3c);
  const header = offset.readUInt32LE();
  for (const field of [8, 88]) writeSync(file, Buffer.alloc(4), 0, 4, header + field);
  closeSync(file);
}

async function unifiedKernel({ folder, entries, kernel }: WriteInput, cmdline: string): Promise<string> {
  if (kernel === undefined) throw new Failure("cannot write a disk that boots: there is no kernel");
  const release = entries.find((entry) => entry.path === "etc/os-release");
  const osrel = join(folder, "osrel");
  writeFileSync(osrel, release?.kind === "file" ? release.content() : "");
  const words = join(folder, "cmdline");
  writeFileSync(words, cmdline);
  const sources = [osrel, words, kernel];
  const sections = SECTIONS.flatMap(([name, address], index) => [
    "--add-section",
    `${name}=${sources[index]}`,
    "--change-section-vma",
    `${name}=${address}`,
  ]);
  const path = join(folder, "uki.efi");
  await mustRun("join kernel and command line", "objcopy", [...sections, STUB, path]);
  withoutTime(path);
  return path;
}

/** A FAT file system with the program where firmware looks for it. */
async function systemPartition(input: WriteInput, program: string, mib: number): Promise<string> {
  const { folder, identity, seconds } = input;
  const path = join(folder, "esp");
  writeFileSync(path, "");
  truncateSync(path, mib * MIB);
  utimesSync(program, seconds, seconds);
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC", SOURCE_DATE_EPOCH: `${seconds}`, MTOOLS_SKIP_CHECK: "1" };
  const run = (command: string, ...words: string[]): Promise<string> =>
    mustRun("write the EFI system partition", command, words, { env });
  const serial = uuidFor(identity, "esp").slice(0, 8);
  await run("mkfs.fat", "-F", "32", "-s", "1", "--invariant", "-i", serial, "-n", "GONIT-ESP", path);
  await run("mmd", "-i", path, "::/EFI", "::/EFI/BOOT");
  await run("mcopy", "-i", path, "-m", program, "::/EFI/BOOT/BOOTX64.EFI");
  await run("fsck.fat", "-n", path);
  return path;
}

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

async function partition(input: WriteInput, path: string, espMib: number, rootMib: number): Promise<void> {
  const { folder, identity } = input;
  writeFileSync(path, "");
  truncateSync(path, (1 + espMib + rootMib + 1) * MIB);
  const sectors = (mib: number): number => (mib * MIB) / SECTOR;
  const lines = [
    "label: gpt",
    `label-id: ${uuidFor(identity, "disk")}`,
    `start=${sectors(1)}, size=${sectors(espMib)}, type=uefi, name=esp, uuid=${uuidFor(identity, "esp")}`,
    `start=${sectors(1 + espMib)}, size=${sectors(rootMib)}, type=${ROOT_TYPE}, name=root, uuid=${rootPartition(input)}`,
  ];
  const script = join(folder, "sfdisk");
  writeFileSync(script, `${lines.join("\n")}\n`);
  await mustRun(`partition ${path}`, "sh", [
    "-c",
    'sfdisk -q --no-reread --no-tell-kernel "$1" < "$2"',
    "sh",
    path,
    script,
  ]);
}

function rootPartition({ identity }: WriteInput): string {
  return uuidFor(identity, "root partition");
}

export const writeDisk: Writer = async (input, path) => {
  const root = join(input.folder, "root.ext4");
  await makeExt4(input, root);
  const where = `root=PARTUUID=${rootPartition(input)} rw init=/system/gonit`;
  const program = await unifiedKernel(input, `console=tty0 console=ttyS0 ${where} ${input.cmdline}`.trim());
  const espMib = Math.max(ESP_MIB_MIN, Math.ceil((statSync(program).size * 1.1) / MIB) + 2);
  const esp = await systemPartition(input, program, espMib);
  await partition(input, path, espMib, statSync(root).size / MIB);
  const file = openSync(path, "r+");
  copyInto(esp, file, MIB);
  copyInto(root, file, (1 + espMib) * MIB);
  closeSync(file);
  return { medium: "uefi" };
};
