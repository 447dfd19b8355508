/** Internet addresses in the forms of inet_pton(3): bytes of a text. */

/** Four or sixteen bytes; null: no address. */
export function parseAddress(text: string): number[] | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): number[] | null {
  const parts = text.split(".");
  const isRight = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return isRight ? parts.map(Number) : null;
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const [front, back] = [groupsOf(halves[0] as string, halves.length === 1), groupsOf(halves[1] ?? "", true)];
  if (front === null || back === null) return null;
  const missing = 16 - front.length - back.length;
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null;
  return [...front, ...new Array<number>(missing).fill(0), ...back];
}

/** Groups of four digits; the last one may be an IPv4 address where the text ends. */
function groupsOf(text: string, isLast: boolean): number[] | null {
  const bytes: number[] = [];
  if (text === "") return bytes;
  const groups = text.split(":");
  for (const [at, group] of groups.entries()) {
    const v4 = isLast && at === groups.length - 1 && group.includes(".") ? parseIpv4(group) : null;
    if (v4 !== null) bytes.push(...v4);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return null;
  }
  return bytes;
}

/** An address with the length of its network's prefix behind a slash; null: not so. */
export function parseNetwork(text: string): { bytes: number[]; prefix: number } | null {
  const [address = "", length = "", more] = text.split("/");
  const bytes = parseAddress(address);
  if (bytes === null || more !== undefined || !/^\d{1,3}$/.test(length)) return null;
  const prefix = Number(length);
  return prefix >= 1 && prefix <= bytes.length * 8 ? { bytes, prefix } : null;
}
