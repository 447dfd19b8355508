/* What the writers of the formats share. */
import { createHash } from "node:crypto";
import type { Boot } from "./manifest.ts";
import { type Entry, modeOf } from "./tree.ts";

export interface WriteInput {
  /** Everything in the image, a folder before what is in it. */
  entries: readonly Entry[];
  title: string;
  version: string;
  /** The time of every file, in seconds since 1970. */
  seconds: number;
  /** Hexadecimal, made from all that is in the image: whatever must be unique is made from it. */
  identity: string;
  /** Of a disk; null: from what it holds. */
  sizeBytes: number | null;
  /** Kernel command line of the configuration. */
  cmdline: string;
  /** Path of the kernel; undefined where no format boots. */
  kernel: string | undefined;
  /** What is in the initramfs that mounts a root file system (boot-initramfs.ts). */
  bootEntries: readonly Entry[];
  /** An empty folder for files of the writer's own. */
  folder: string;
}

/** Writes a file (`path`); how a machine boots it, undefined where none does. */
export type Writer = (input: WriteInput, path: string) => Promise<Boot | undefined>;

/** One hash for names, owners, modes and contents. */
export function identityOf(entries: readonly Entry[]): string {
  const hash = createHash("sha256");
  for (const entry of entries) {
    hash.update(`${entry.path}\0${modeOf(entry)} ${entry.uid} ${entry.gid}\0`);
    if (entry.kind === "link") hash.update(entry.target);
    if (entry.kind === "device") hash.update(`${entry.major} ${entry.minor}`);
    if (entry.kind === "file") hash.update(`${entry.size}\0`).update(entry.content());
  }
  return hash.digest("hex");
}

/** A UUID of version 8 (RFC 9562: bits of our own choice) from an image's identity and what it is for. */
export function uuidFor(identity: string, purpose: string): string {
  const digits = createHash("sha256").update(`${purpose} ${identity}`).digest("hex");
  const variant = (8 + (Number.parseInt(digits[16] ?? "0", 16) & 3)).toString(16);
  const parts = [digits.slice(0, 8), digits.slice(8, 12), `8${digits.slice(13, 16)}`, variant + digits.slice(17, 20)];
  return [...parts, digits.slice(20, 32)].join("-");
}

const BLOCK = 4096;
const MIB = 1024 * 1024;

/** Bytes for a file system: as asked for, or what the entries hold, a quarter more, and at least 16 MiB. */
export function sizeFor({ entries, sizeBytes }: WriteInput): number {
  if (sizeBytes !== null) return Math.ceil(sizeBytes / MIB) * MIB;
  const held = entries.reduce((sum, entry) => {
    return sum + (entry.kind === "file" ? Math.ceil(entry.size / BLOCK) * BLOCK : 0) + BLOCK;
  }, 0);
  return Math.max(16 * MIB, Math.ceil((held * 1.25 + 8 * MIB) / MIB) * MIB);
}
