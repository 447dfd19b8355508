/**
 * Messages of netlink(7): a header, a body of the kind, attributes behind it. All numbers are in the machine's
 * own byte order, all parts are aligned to four bytes. Bytes come from the kernel, and are read as if they did not.
 */

export const NetlinkType = {
  error: 2,
  done: 3,
  newLink: 16,
  deleteLink: 17,
  getLink: 18,
  newAddress: 20,
  deleteAddress: 21,
  getAddress: 22,
  newRoute: 24,
  deleteRoute: 25,
} as const;
export const NetlinkFlag = {
  request: 1,
  multi: 2,
  acknowledge: 4,
  dumpInterrupted: 16,
  replace: 0x100,
  dump: 0x300,
  create: 0x400,
} as const;

export interface NetlinkMessage {
  type: number;
  flags: number;
  sequence: number;
  body: Uint8Array;
}

const headerBytes = 16;
const attributeHeaderBytes = 4;
/** The upper two bits of an attribute's type say how it is encoded. */
const attributeTypeMask = 0x3fff;

/** Whether this machine stores the low byte first; all common ones do. */
export const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeMessage(message: NetlinkMessage): Uint8Array {
  const bytes = new Uint8Array(headerBytes + message.body.length);
  const view = viewOf(bytes);
  view.setUint32(0, bytes.length, isLittleEndian);
  view.setUint16(4, message.type, isLittleEndian);
  view.setUint16(6, message.flags, isLittleEndian);
  view.setUint32(8, message.sequence, isLittleEndian);
  bytes.set(message.body, headerBytes);
  return bytes;
}

/** All messages of one datagram. null: it is damaged, and nothing of it is to be believed. */
export function decodeMessages(datagram: Uint8Array): NetlinkMessage[] | null {
  const view = viewOf(datagram);
  const messages: NetlinkMessage[] = [];
  let at = 0;
  while (at < datagram.length) {
    if (datagram.length - at < headerBytes) return null;
    const length = view.getUint32(at, isLittleEndian);
    if (length < headerBytes || length > datagram.length - at) return null;
    messages.push({
      type: view.getUint16(at + 4, isLittleEndian),
      flags: view.getUint16(at + 6, isLittleEndian),
      sequence: view.getUint32(at + 8, isLittleEndian),
      body: datagram.subarray(at + headerBytes, at + length),
    });
    at += aligned(length);
  }
  return messages;
}

/** Attributes by type, those behind a body's fixed part; the last of a type counts. null: damaged. */
export function decodeAttributes(bytes: Uint8Array): Map<number, Uint8Array> | null {
  const view = viewOf(bytes);
  const attributes = new Map<number, Uint8Array>();
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < attributeHeaderBytes) return null;
    const length = view.getUint16(at, isLittleEndian);
    if (length < attributeHeaderBytes || length > bytes.length - at) return null;
    const type = view.getUint16(at + 2, isLittleEndian) & attributeTypeMask;
    attributes.set(type, bytes.subarray(at + attributeHeaderBytes, at + length));
    at += aligned(length);
  }
  return attributes;
}

/** Attributes one behind the other, each filled up to four bytes. A number is one of 32 bits. */
export function encodeAttributes(attributes: [type: number, value: ArrayLike<number> | number][]): Uint8Array {
  const parts = attributes.map(([type, value]) => {
    const payload = typeof value === "number" ? wordBytes([value]) : value;
    const bytes = new Uint8Array(aligned(attributeHeaderBytes + payload.length));
    const view = viewOf(bytes);
    view.setUint16(0, attributeHeaderBytes + payload.length, isLittleEndian);
    view.setUint16(2, type, isLittleEndian);
    bytes.set(payload, attributeHeaderBytes);
    return bytes;
  });
  return joined(parts);
}

/** Numbers of 32 bits in the machine's order. */
export function wordBytes(words: number[]): Uint8Array {
  return new Uint8Array(new Uint32Array(words).buffer);
}

export function joined(parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** The errno of an error or done message, positive; 0: success. null: the message is too short. */
export function errorOf(message: NetlinkMessage): number | null {
  if (message.body.length < 4) return null;
  return -viewOf(message.body).getInt32(0, isLittleEndian);
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
