/*
 * Archives in the "newc" format of cpio, which the kernel unpacks as initramfs. The format's description is
 * Documentation/driver-api/early-userspace/buffer-format.rst of the kernel: a header of 13 numbers with 8 hexadecimal
 * digits each, the name, the data; name and data are padded to 4 bytes; an entry named TRAILER!!! ends it.
 *
 * The archive depends on nothing but the entries: inode numbers count, everything belongs to the owner that an entry names.
 */
import { type Entry, modeOf } from "./tree.ts";

const MAGIC = "070701";
const TRAILER = "TRAILER!!!";
/** Readers of archives work in blocks; the kernel does not mind the zeros. */
const BLOCK = 512;

interface Header {
  inode: number;
  mode: number;
  uid: number;
  gid: number;
  links: number;
  seconds: number;
  size: number;
  device: readonly [major: number, minor: number];
  name: Buffer;
}

function padding(length: number, unit: number): Buffer {
  return Buffer.alloc((unit - (length % unit)) % unit);
}

function headerBytes(header: Header): Buffer[] {
  const [major, minor] = header.device;
  const { inode, mode, uid, gid, links, seconds, size, name } = header;
  const numbers = [inode, mode, uid, gid, links, seconds, size, 0, 0, major, minor, name.length + 1, 0];
  const text = MAGIC + numbers.map((number) => number.toString(16).padStart(8, "0")).join("");
  const bytes = Buffer.concat([Buffer.from(text, "latin1"), name, Buffer.alloc(1)]);
  return [bytes, padding(bytes.length, 4)];
}

function dataOf(entry: Entry): Buffer {
  if (entry.kind === "file") return entry.content();
  return entry.kind === "link" ? Buffer.from(entry.target) : Buffer.alloc(0);
}

function entryBytes(entry: Entry, inode: number, seconds: number): Buffer[] {
  const data = dataOf(entry);
  if (data.length > 0xffffffff) throw new Error(`${entry.path} has ${data.length} bytes: cpio holds 4 GiB at most`);
  const header = {
    inode,
    mode: modeOf(entry),
    uid: entry.uid,
    gid: entry.gid,
    links: entry.kind === "folder" ? 2 : 1,
    seconds,
    size: data.length,
    device: entry.kind === "device" ? ([entry.major, entry.minor] as const) : ([0, 0] as const),
    name: Buffer.from(entry.path),
  };
  return [...headerBytes(header), data, padding(data.length, 4)];
}

/** Entries, with folders before what is in them, as one archive. `seconds` (since 1970) is every entry's time. */
export function cpioArchive(entries: readonly Entry[], seconds: number): Buffer {
  const parts = entries.flatMap((entry, index) => entryBytes(entry, index + 1, seconds));
  const name = Buffer.from(TRAILER);
  const trailer = { inode: 0, mode: 0, uid: 0, gid: 0, links: 1, seconds: 0, size: 0, device: [0, 0] as const, name };
  parts.push(...headerBytes(trailer));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, padding(length, BLOCK)]);
}
