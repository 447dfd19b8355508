/* What a program's ELF header says (elf(5)): whether it is static. */
import { readFileSync } from "node:fs";

const PT_INTERP = 3;
const PT_DYNAMIC = 2;

export interface ElfFacts {
  /** The kernel starts a dynamic loader for it. */
  interpreter: boolean;
  dynamic: boolean;
}

export function elfFacts(path: string): ElfFacts {
  const bytes = readFileSync(path);
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) throw new Error(`${path} is not an ELF file`);
  const wide = bytes[4] === 2;
  const little = bytes[5] === 1;
  const u16 = (at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const word = (at: number): number =>
    wide ? Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at)) : u32(at);
  const table = word(wide ? 32 : 28);
  const size = u16(wide ? 54 : 42);
  const count = u16(wide ? 56 : 44);
  const types = Array.from({ length: count }, (_, index) => u32(table + index * size));
  return { interpreter: types.includes(PT_INTERP), dynamic: types.includes(PT_DYNAMIC) };
}
