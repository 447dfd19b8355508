/* What an ELF file says of itself (elf(5)): whether it is static, which loader and libraries it needs, its sections. */
import { readFileSync } from "node:fs";

const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
const PT_LOAD = 1;

export interface ElfFacts {
  /** The kernel starts a dynamic loader for it. */
  interpreter: boolean;
  dynamic: boolean;
}

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

interface Header {
  word(at: number): number;
  u16(at: number): number;
  u32(at: number): number;
  wide: boolean;
}

export function isElf(bytes: Buffer): boolean {
  return bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46;
}

function headerOf(bytes: Buffer): Header {
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const word = (at: number): number =>
    wide ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : u32(at);
  return { word, u16, u32, wide };
}

function segmentsOf({ word, u16, u32, wide }: Header): Segment[] {
  const table = word(wide ? 32 : 28);
  const size = u16(wide ? 54 : 42);
  const count = u16(wide ? 56 : 44);
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * size;
    const [offset, address, length] = wide ? [at + 8, at + 16, at + 32] : [at + 4, at + 8, at + 16];
    return { type: u32(at), offset: word(offset), address: word(address), size: word(length) };
  });
}

export function elfFacts(path: string): ElfFacts {
  const bytes = readFileSync(path);
  if (!isElf(bytes)) throw new Error(`${path} is not an ELF file`);
  const types = segmentsOf(headerOf(bytes)).map((segment) => segment.type);
  return { interpreter: types.includes(PT_INTERP), dynamic: types.includes(PT_DYNAMIC) };
}

function textAt(bytes: Buffer, at: number): string {
  return bytes.toString("utf8", at, bytes.indexOf(0, at));
}

export interface ElfNeeds {
  /** A program has one. */
  loader: string | undefined;
  /** Names of libraries. */
  libraries: string[];
  /** Folders in which it has its libraries looked for; `$ORIGIN` is its own. */
  folders: string[];
}

/** What a dynamic file needs to be loaded. */
export function elfNeeds(bytes: Buffer): ElfNeeds {
  const header = headerOf(bytes);
  const segments = segmentsOf(header);
  const interpreter = segments.find((segment) => segment.type === PT_INTERP);
  const loader = interpreter === undefined ? undefined : textAt(bytes, interpreter.offset);
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC);
  if (dynamic === undefined) return { loader, libraries: [], folders: [] };
  const step = header.wide ? 8 : 4;
  const names: number[] = [];
  const paths: number[] = [];
  let table = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 2 * step) {
    const tag = header.word(at);
    if (tag === DT_NEEDED) names.push(header.word(at + step));
    if (tag === DT_RPATH || tag === DT_RUNPATH) paths.push(header.word(at + step));
    if (tag === DT_STRTAB) table = header.word(at + step);
  }
  const load = segments.find((one) => one.type === PT_LOAD && table >= one.address && table < one.address + one.size);
  const base = load === undefined ? table : table - load.address + load.offset;
  const text = (at: number): string => textAt(bytes, base + at);
  return { loader, libraries: names.map(text), folders: paths.flatMap((path) => text(path).split(":")) };
}

/** The contents of a section; undefined when there is none of this name. */
export function elfSection(bytes: Buffer, name: string): Buffer | undefined {
  const { word, u16, u32, wide } = headerOf(bytes);
  const table = word(wide ? 40 : 32);
  const size = u16(wide ? 58 : 46);
  const count = u16(wide ? 60 : 48);
  const place = (index: number): [number, number] => {
    const at = table + index * size;
    return wide ? [word(at + 24), word(at + 32)] : [word(at + 16), word(at + 20)];
  };
  const [names] = place(u16(wide ? 62 : 50));
  for (let index = 0; index < count; index++) {
    if (textAt(bytes, names + u32(table + index * size)) !== name) continue;
    const [offset, length] = place(index);
    return bytes.subarray(offset, offset + length);
  }
  return undefined;
}
