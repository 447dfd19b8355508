/** Names of hosts and domains that a server sent. They go into resolv.conf, so nothing but a name may come through. */

const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
const nameBytesMax = 253;
const namesMax = 6;
/** Pointers are followed backwards only, so this is reached by no list that is in order. */
const labelsMax = 128;

/** A name in plain text, with or without a dot or zeros at its end; null: it is none. */
export function domainName(bytes: Uint8Array | undefined): string | null {
  if (bytes === undefined) return null;
  const text = String.fromCharCode(...bytes).replace(/\.?\0*$/, "");
  return isName(text) ? text : null;
}

function isName(text: string): boolean {
  return text.length > 0 && text.length <= nameBytesMax && text.split(".").every((part) => label.test(part));
}

/** Names in the form of DNS, with its compression (RFC 3397); empty where anything in it is wrong. */
export function decodeSearch(bytes: Uint8Array | undefined): string[] {
  const names: string[] = [];
  let at = 0;
  while (bytes !== undefined && at < bytes.length) {
    const read = readName(bytes, at);
    if (read === null || !isName(read.name)) return [];
    if (!names.includes(read.name) && names.length < namesMax) names.push(read.name);
    at = read.end;
  }
  return names;
}

/** One name, and where the next one begins; null: cut off, or a pointer that does not point back. */
function readName(bytes: Uint8Array, start: number): { name: string; end: number } | null {
  const labels: string[] = [];
  let at = start;
  let end = 0;
  let lowest = start;
  while (labels.length < labelsMax) {
    const length = bytes[at];
    if (length === undefined) return null;
    if (length === 0) return { name: labels.join("."), end: end === 0 ? at + 1 : end };
    if (length >= 0xc0) {
      const target = ((length & 0x3f) << 8) | (bytes[at + 1] ?? 0xff);
      if (target >= lowest) return null;
      if (end === 0) end = at + 2;
      lowest = target;
      at = target;
      continue;
    }
    if (length > 63 || at + 1 + length > bytes.length) return null;
    labels.push(String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return null;
}
