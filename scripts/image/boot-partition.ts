/*
 * The partition from which firmware boots, FAT32: for UEFI one program where it is looked for; for a BIOS syslinux, which
 * loads the same kernel and initramfs as files. Built in a plain file with mkfs.fat, mtools and syslinux, without root.
 */
import { copyFileSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "../run.ts";
import { unifiedKernel } from "./unified-kernel.ts";
import { uuidFor, type WriteInput } from "./writer.ts";

const MIB = 1024 * 1024;
/** FAT32 has at least 65,525 clusters; with one sector each that is 32 MiB. */
const MIB_MIN = 34;

function syslinuxConfiguration(cmdline: string): string {
  return `SERIAL 0 115200
DEFAULT gonit
PROMPT 0
LABEL gonit
  LINUX /vmlinuz
  INITRD /boot.cpio
  APPEND ${cmdline}
`;
}

/** Writes the partition into the input's folder; its path and its size in MiB. `sector`: where it will begin on the disk. */
export async function bootPartition(
  input: WriteInput,
  files: { kernel: string; initrd: string; cmdline: string },
  sector: number,
): Promise<{ path: string; mib: number }> {
  const { folder, identity, seconds } = input;
  const kernel = join(folder, "vmlinuz");
  copyFileSync(files.kernel, kernel);
  const configuration = join(folder, "syslinux.cfg");
  writeFileSync(configuration, syslinuxConfiguration(files.cmdline));
  const contents: [source: string, place: string][] = [
    [await unifiedKernel(input, files), "::/EFI/BOOT/BOOTX64.EFI"],
    [kernel, "::/vmlinuz"],
    [files.initrd, "::/boot.cpio"],
    [configuration, "::/syslinux.cfg"],
  ];
  for (const [source] of contents) utimesSync(source, seconds, seconds);
  const held = contents.reduce((sum, [source]) => sum + statSync(source).size, 0);
  const mib = Math.max(MIB_MIN, Math.ceil((held * 1.05) / MIB) + 2);
  const path = join(folder, "boot-partition");
  writeFileSync(path, "");
  truncateSync(path, mib * MIB);
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC", SOURCE_DATE_EPOCH: `${seconds}`, MTOOLS_SKIP_CHECK: "1" };
  const run = (command: string, ...words: string[]): Promise<string> =>
    mustRun("write the boot partition", command, words, { env });
  const serial = uuidFor(identity, "boot partition").slice(0, 8);
  const format = ["-F", "32", "-s", "1", "-h", `${sector}`, "--invariant", "-i", serial, "-n", "GONIT-BOOT"];
  await run("mkfs.fat", ...format, path);
  await run("mmd", "-i", path, "::/EFI", "::/EFI/BOOT");
  for (const [source, place] of contents) await run("mcopy", "-i", path, "-m", source, place);
  await run("syslinux", "--install", path);
  await run("fsck.fat", "-n", path);
  return { path, mib };
}
