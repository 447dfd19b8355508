/**
 * DHCP messages (RFC 2131, figure 1) with their options (RFC 2132). Decoding never throws and never reads outside of the
 * message; what does not keep to the format is refused as a whole.
 */

import { type Ipv4, ipv4Bytes, ipv4Of } from "./ipv4.ts";

export const DhcpPort = { server: 67, client: 68 } as const;

export const MessageType = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  acknowledge: 5,
  refuse: 6,
  release: 7,
} as const;

export const Option = {
  pad: 0,
  mask: 1,
  router: 3,
  nameServer: 6,
  hostName: 12,
  domain: 15,
  mtu: 26,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  server: 54,
  parameters: 55,
  text: 56,
  sizeMax: 57,
  renewTime: 58,
  rebindTime: 59,
  clientId: 61,
  search: 119,
  classlessRoutes: 121,
  end: 255,
} as const;

export interface DhcpMessage {
  /** 1: a client's, 2: a server's. */
  operation: number;
  transaction: number;
  /** Since the client began, at most 65,535. */
  seconds: number;
  clientAddress: Ipv4;
  yourAddress: Ipv4;
  hardwareAddress: number[];
  /** By number; of an option that stands several times all parts, joined (RFC 3396). */
  options: Map<number, Uint8Array>;
}

const fixedBytes = 236;
const serverNameAt = 44;
const fileAt = 108;
const cookie = [99, 130, 83, 99];
/** Some relays and servers drop shorter ones, as BOOTP was (RFC 1542, 2.1). */
const messageBytesMin = 300;
const ethernet = 1;

export function encodeDhcp(message: DhcpMessage): Uint8Array {
  const options: number[] = [...cookie];
  for (const [code, value] of message.options) options.push(code, value.length, ...value);
  options.push(Option.end);
  const bytes = new Uint8Array(Math.max(messageBytesMin, fixedBytes + options.length));
  const view = new DataView(bytes.buffer);
  bytes[0] = message.operation;
  bytes[1] = ethernet;
  bytes[2] = message.hardwareAddress.length;
  view.setUint32(4, message.transaction);
  view.setUint16(8, Math.min(message.seconds, 0xffff));
  bytes.set(ipv4Bytes(message.clientAddress), 12);
  bytes.set(ipv4Bytes(message.yourAddress), 16);
  bytes.set(message.hardwareAddress, 28);
  bytes.set(options, fixedBytes);
  return bytes;
}

/** null: no whole DHCP message over Ethernet. */
export function decodeDhcp(bytes: Uint8Array): DhcpMessage | null {
  if (bytes.length < fixedBytes + cookie.length) return null;
  if (bytes[1] !== ethernet || bytes[2] !== 6) return null;
  if (cookie.some((byte, at) => bytes[fixedBytes + at] !== byte)) return null;
  const options = decodeOptions(bytes);
  if (options === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    operation: bytes[0] as number,
    transaction: view.getUint32(4),
    seconds: view.getUint16(8),
    clientAddress: ipv4Of(bytes.subarray(12)),
    yourAddress: ipv4Of(bytes.subarray(16)),
    hardwareAddress: [...bytes.subarray(28, 34)],
    options,
  };
}

/** The options' field, then the file's and the server name's where option 52 says that options go on there. */
function decodeOptions(bytes: Uint8Array): Map<number, Uint8Array> | null {
  const parts = new Map<number, number[]>();
  if (!readOptions(bytes.subarray(fixedBytes + cookie.length), parts)) return null;
  const overload = parts.get(Option.overload)?.[0] ?? 0;
  parts.delete(Option.overload);
  if ((overload & 1) !== 0 && !readOptions(bytes.subarray(fileAt, fixedBytes), parts)) return null;
  if ((overload & 2) !== 0 && !readOptions(bytes.subarray(serverNameAt, fileAt), parts)) return null;
  return new Map([...parts].map(([code, value]) => [code, new Uint8Array(value)]));
}

/** Whether the field keeps to the format. One that is full to its last byte needs no end. */
function readOptions(field: Uint8Array, parts: Map<number, number[]>): boolean {
  let at = 0;
  while (at < field.length) {
    const code = field[at++] as number;
    if (code === Option.end) return true;
    if (code === Option.pad) continue;
    const length = field[at++];
    if (length === undefined || length > field.length - at) return false;
    const value = parts.get(code);
    if (value === undefined) parts.set(code, [...field.subarray(at, at + length)]);
    else value.push(...field.subarray(at, at + length));
    at += length;
  }
  return true;
}

export function messageType({ options }: DhcpMessage): number {
  const value = options.get(Option.messageType);
  return value?.length === 1 ? (value[0] as number) : 0;
}

/** The address in an option; null: it is not there, or of another size. */
export function addressOption({ options }: DhcpMessage, code: number): Ipv4 | null {
  const value = options.get(code);
  return value?.length === 4 ? ipv4Of(value) : null;
}

/** The same for a number of seconds. */
export const secondsOption: (message: DhcpMessage, code: number) => number | null = addressOption;
