/**
 * Which file system a device holds, with its label and UUID, from its first bytes. Places and numbers are those of the
 * kernel's headers: ext4.h, msdos_fs.h, erofs_fs.h, squashfs_fs.h, xfs_format.h. Pure.
 */

export interface Superblock {
  type: string;
  label: string;
  /** As blkid(8) writes it: lower case, with dashes; of FAT XXXX-XXXX. Empty: it has none. */
  uuid: string;
  /** ext4: an error was found while it was mounted, and no check has repaired it since. */
  hasErrors: boolean;
}

/** So many bytes from the begin of a device are looked at. */
export const superblockBytes = 4096;

export function readSuperblock(data: Uint8Array): Superblock | null {
  if (data.length < superblockBytes) return null;
  for (const read of [ext, erofs, squashfs, xfs, fat]) {
    const found = read(data);
    if (found !== null) return found;
  }
  return null;
}

function ext(data: Uint8Array): Superblock | null {
  const at = 1024;
  if (number16(data, at + 56) !== 0xef53) return null;
  const hasErrors = (number16(data, at + 58) & 2) !== 0;
  return { type: "ext4", label: textAt(data, at + 120, 16), uuid: uuidAt(data, at + 104), hasErrors };
}

function erofs(data: Uint8Array): Superblock | null {
  const at = 1024;
  if (number16(data, at) !== 0xe1e2 || number16(data, at + 2) !== 0xe0f5) return null;
  return { type: "erofs", label: textAt(data, at + 64, 16), uuid: uuidAt(data, at + 48), hasErrors: false };
}

function squashfs(data: Uint8Array): Superblock | null {
  return textAt(data, 0, 4) === "hsqs" ? { type: "squashfs", label: "", uuid: "", hasErrors: false } : null;
}

function xfs(data: Uint8Array): Superblock | null {
  if (textAt(data, 0, 4) !== "XFSB") return null;
  return { type: "xfs", label: textAt(data, 108, 12), uuid: uuidAt(data, 32), hasErrors: false };
}

/** The text FAT32, FAT16 or FAT12 is no proof, but with the signature at the sector's end nothing else has it. */
function fat(data: Uint8Array): Superblock | null {
  if (number16(data, 510) !== 0xaa55) return null;
  const at = textAt(data, 82, 5) === "FAT32" ? 67 : /^FAT1[26]/.test(textAt(data, 54, 5)) ? 39 : -1;
  if (at < 0) return null;
  const label = textAt(data, at + 4, 11).trimEnd();
  const id = [3, 2, 1, 0].map((byte) => hex(data[at + byte] ?? 0)).join("");
  const uuid = `${id.slice(0, 4)}-${id.slice(4)}`.toUpperCase();
  return { type: "vfat", label: label === "NO NAME" ? "" : label, uuid, hasErrors: false };
}

function number16(data: Uint8Array, at: number): number {
  return (data[at] ?? 0) | ((data[at + 1] ?? 0) << 8);
}

function textAt(data: Uint8Array, at: number, length: number): string {
  let text = "";
  for (let index = at; index < at + length && data[index] !== 0; index++) text += String.fromCharCode(data[index] ?? 0);
  return text;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function uuidAt(data: Uint8Array, at: number): string {
  const digits = Array.from(data.subarray(at, at + 16), hex).join("");
  if (/^0*$/.test(digits)) return "";
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
