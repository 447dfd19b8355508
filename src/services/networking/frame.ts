/**
 * Ethernet frames with IPv4 and UDP inside (RFC 894, 791, 768): what is sent and received on an interface that has no
 * address yet. Whatever the network sends is read as if it wanted to do harm.
 */

import { type Ipv4, ipv4Bytes, ipv4Of } from "./ipv4.ts";

export const EtherType = { ipv4: 0x0800, arp: 0x0806 } as const;
export const hardwareBroadcast: readonly number[] = [255, 255, 255, 255, 255, 255];

const hardwareBytes = 6;
export const ethernetHeaderBytes = 14;
const ipHeaderBytes = 20;
const udpHeaderBytes = 8;
const udpProtocol = 17;
/** Hops that a packet may make. */
const timeToLive = 64;

export interface UdpPacket {
  source: Ipv4;
  destination: Ipv4;
  sourcePort: number;
  destinationPort: number;
  payload: Uint8Array;
}

export function encodeEthernet(
  to: ArrayLike<number>,
  from: ArrayLike<number>,
  etherType: number,
  body: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(ethernetHeaderBytes + body.length);
  frame.set(to, 0);
  frame.set(from, hardwareBytes);
  frame[12] = etherType >> 8;
  frame[13] = etherType & 255;
  frame.set(body, ethernetHeaderBytes);
  return frame;
}

/** What a frame of this type carries; null: it is of another, or cut off. */
export function decodeEthernet(frame: Uint8Array, etherType: number): Uint8Array | null {
  if (frame.length < ethernetHeaderBytes) return null;
  if ((((frame[12] as number) << 8) | (frame[13] as number)) !== etherType) return null;
  return frame.subarray(ethernetHeaderBytes);
}

/** An IPv4 packet with one UDP datagram. */
export function encodeUdp(packet: UdpPacket): Uint8Array {
  const udpBytes = udpHeaderBytes + packet.payload.length;
  const bytes = new Uint8Array(ipHeaderBytes + udpBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  view.setUint16(2, bytes.length);
  bytes[8] = timeToLive;
  bytes[9] = udpProtocol;
  bytes.set(ipv4Bytes(packet.source), 12);
  bytes.set(ipv4Bytes(packet.destination), 16);
  view.setUint16(10, checksum([bytes.subarray(0, ipHeaderBytes)]));
  view.setUint16(ipHeaderBytes, packet.sourcePort);
  view.setUint16(ipHeaderBytes + 2, packet.destinationPort);
  view.setUint16(ipHeaderBytes + 4, udpBytes);
  bytes.set(packet.payload, ipHeaderBytes + udpHeaderBytes);
  const sum = checksum([pseudoHeader(bytes, udpBytes), bytes.subarray(ipHeaderBytes)]);
  // Zero would mean: no checksum.
  view.setUint16(ipHeaderBytes + 6, sum === 0 ? 0xffff : sum);
  return bytes;
}

/**
 * The UDP datagram of an IPv4 packet; null: another protocol, a fragment, cut off, or damaged. `isSummed` false: the
 * sender is on this machine and left the checksum to a network card that never came (packet(7), TP_STATUS_CSUMNOTREADY).
 */
export function decodeUdp(bytes: Uint8Array, isSummed: boolean): UdpPacket | null {
  if (bytes.length < ipHeaderBytes || (bytes[0] as number) >> 4 !== 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = ((bytes[0] as number) & 15) * 4;
  const length = view.getUint16(2);
  // A frame may be padded behind the packet, never shorter than it.
  if (headerBytes < ipHeaderBytes || length < headerBytes + udpHeaderBytes || length > bytes.length) return null;
  const isFragment = (view.getUint16(6) & 0x3fff) !== 0;
  if (isFragment || bytes[9] !== udpProtocol || checksum([bytes.subarray(0, headerBytes)]) !== 0) return null;
  const udpBytes = view.getUint16(headerBytes + 4);
  if (udpBytes < udpHeaderBytes || udpBytes > length - headerBytes) return null;
  const datagram = bytes.subarray(headerBytes, headerBytes + udpBytes);
  const hasSum = view.getUint16(headerBytes + 6) !== 0;
  if (isSummed && hasSum && checksum([pseudoHeader(bytes, udpBytes), datagram]) !== 0) return null;
  return {
    source: ipv4Of(bytes.subarray(12)),
    destination: ipv4Of(bytes.subarray(16)),
    sourcePort: view.getUint16(headerBytes),
    destinationPort: view.getUint16(headerBytes + 2),
    payload: datagram.subarray(udpHeaderBytes),
  };
}

/** What UDP's checksum covers besides the datagram (RFC 768). */
function pseudoHeader(packet: Uint8Array, udpBytes: number): Uint8Array {
  const header = new Uint8Array(12);
  header.set(packet.subarray(12, 20));
  header[9] = udpProtocol;
  header[10] = udpBytes >> 8;
  header[11] = udpBytes & 255;
  return header;
}

/** RFC 1071; over what holds its own checksum it is 0. All parts but the last must be of even length. */
export function checksum(parts: Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += 2) sum += ((part[at] as number) << 8) | (part[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
