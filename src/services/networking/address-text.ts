/** Addresses as people write them. */

/** Four bytes: dotted; sixteen: as RFC 5952 wants it. null: neither. */
export function addressText(bytes: Uint8Array): string | null {
  if (bytes.length === 4) return bytes.join(".");
  return bytes.length === 16 ? addressText6(bytes) : null;
}

export function hardwareText(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

function addressText6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(((bytes[at] as number) << 8) | (bytes[at + 1] as number));
  const zeros = longestZeros(groups);
  const texts = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return texts.join(":");
  const before = texts.slice(0, zeros.start).join(":");
  const after = texts.slice(zeros.start + zeros.length).join(":");
  return `${before}::${after}`;
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (let at = 0; at <= groups.length; at++) {
    if (groups[at] === 0) continue;
    if (at - start > best.length) best = { start, length: at - start };
    start = at + 1;
  }
  return best;
}
