/** ARP for IPv4 over Ethernet (RFC 826): the probe whether somebody has an address, and the announcement (RFC 5227). */

import { type Ipv4, ipv4Bytes, ipv4Of } from "./ipv4.ts";

export interface ArpPacket {
  operation: "request" | "reply";
  senderHardware: number[];
  sender: Ipv4;
  target: Ipv4;
}

const packetBytes = 28;
/** Ethernet, IPv4, lengths of their addresses. */
const kind = [0, 1, 8, 0, 6, 4];

export function encodeArp(packet: ArpPacket): Uint8Array {
  const bytes = new Uint8Array(packetBytes);
  bytes.set(kind);
  bytes[7] = packet.operation === "request" ? 1 : 2;
  bytes.set(packet.senderHardware, 8);
  bytes.set(ipv4Bytes(packet.sender), 14);
  bytes.set(ipv4Bytes(packet.target), 24);
  return bytes;
}

/** null: not a whole one, or about something else than IPv4 over Ethernet. */
export function decodeArp(bytes: Uint8Array): ArpPacket | null {
  if (bytes.length < packetBytes || kind.some((byte, at) => bytes[at] !== byte) || bytes[6] !== 0) return null;
  const operation = bytes[7] === 1 ? "request" : bytes[7] === 2 ? "reply" : null;
  if (operation === null) return null;
  return {
    operation,
    senderHardware: [...bytes.subarray(8, 14)],
    sender: ipv4Of(bytes.subarray(14)),
    target: ipv4Of(bytes.subarray(24)),
  };
}

/** Whether somebody else has the address that we probe for, or probes for it at the same time (RFC 5227, 2.1.1). */
export function isConflict(packet: ArpPacket, address: Ipv4, ownHardware: readonly number[]): boolean {
  if (packet.senderHardware.every((byte, at) => byte === ownHardware[at])) return false;
  const probesToo = packet.operation === "request" && packet.sender === 0 && packet.target === address;
  return packet.sender === address || probesToo;
}
