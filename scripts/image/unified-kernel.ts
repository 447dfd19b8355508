/*
 * A unified kernel image: kernel, command line and initramfs in one EFI program, by adding them as sections to systemd's
 * stub (UAPI.5).
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Failure, mustRun } from "../run.ts";
import type { WriteInput } from "./writer.ts";

const STUB = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";

/** Where the sections are loaded. The kernel is last, so that it has all the room. */
const ADDRESSES = { ".osrel": 0x20000, ".cmdline": 0x30000, ".initrd": 0x2000000, ".linux": 0x6000000 };

/** objcopy writes the time into the PE header, and a sum over it that firmware does not look at. Both become 0. */
function withoutTime(path: string): void {
  const file = openSync(path, "r+");
  const offset = Buffer.alloc(4);
  readSync(file, offset, 0, 4, 0x3c);
  const header = offset.readUInt32LE();
  for (const field of [8, 88]) writeSync(file, Buffer.alloc(4), 0, 4, header + field);
  closeSync(file);
}

/** Writes the program into the input's folder; its path. */
export async function unifiedKernel(
  input: WriteInput,
  files: { kernel: string; initrd: string; cmdline: string },
): Promise<string> {
  const { folder, entries } = input;
  const room = ADDRESSES[".linux"] - ADDRESSES[".initrd"];
  const release = entries.find((entry) => entry.path === "etc/os-release");
  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const sources: { [section in keyof typeof ADDRESSES]: string } = {
    ".osrel": write("osrel", release?.kind === "file" ? release.content() : ""),
    ".cmdline": write("cmdline", files.cmdline),
    ".initrd": files.initrd,
    ".linux": files.kernel,
  };
  if (input.bootEntries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.size : 0), 0) > room / 2) {
    throw new Failure(
      `cannot write a disk that boots: its initramfs is larger than ${room / 2} bytes; bring fewer modules`,
    );
  }
  const words = Object.entries(sources).flatMap(([name, source]) => [
    "--add-section",
    `${name}=${source}`,
    "--change-section-vma",
    `${name}=${ADDRESSES[name as keyof typeof ADDRESSES]}`,
  ]);
  const path = join(folder, "gonit.efi");
  await mustRun("join kernel, command line and initramfs", "objcopy", [...words, STUB, path]);
  withoutTime(path);
  return path;
}
