/** IPv4 addresses as unsigned numbers of 32 bits: easy to compare, to mask and to keep in a file. */

export type Ipv4 = number;

export const anyAddress: Ipv4 = 0;
export const broadcastAddress: Ipv4 = 0xffff_ffff;

export function ipv4Text(address: Ipv4): string {
  return ipv4Bytes(address).join(".");
}

export function ipv4Bytes(address: Ipv4): number[] {
  return [address >>> 24, (address >>> 16) & 255, (address >>> 8) & 255, address & 255];
}

/** Of four bytes, the first the highest; a missing one counts as 0. */
export function ipv4Of(bytes: ArrayLike<number>): Ipv4 {
  return (((bytes[0] ?? 0) << 24) | ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)) >>> 0;
}

/** Whether a machine can have it: not 0.0.0.0/8, loopback, multicast or above (RFC 6890). */
export function isHostAddress(address: Ipv4): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224;
}

export function maskOf(prefix: number): Ipv4 {
  return prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
}

/** Length of the prefix that a mask describes; null: its ones are not all in front. */
export function prefixOf(mask: Ipv4): number | null {
  const prefix = Math.clz32(~mask);
  return maskOf(prefix) === mask ? prefix : null;
}

/** The prefix of a network that says none, by its class (RFC 791). */
export function classPrefix(address: Ipv4): number {
  const first = address >>> 24;
  return first < 128 ? 8 : first < 192 ? 16 : 24;
}
