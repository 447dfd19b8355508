/** Network interfaces and their addresses as rtnetlink(7) tells them, and the requests that ask for them. */

import { addressText, hardwareText } from "./address-text.ts";
import {
  decodeAttributes,
  encodeMessage,
  isLittleEndian,
  NetlinkFlag,
  type NetlinkMessage,
  NetlinkType,
  viewOf,
} from "./netlink-message.ts";

export interface Interface {
  index: number;
  name: string;
  isUp: boolean;
  /** Up, and a cable, radio or other end that works. */
  hasCarrier: boolean;
  isLoopback: boolean;
  /** Ethernet, or what looks like it (wireless, too). */
  isEthernet: boolean;
  /** Made by software: a bridge, one end of a veth pair, a VLAN. */
  isVirtual: boolean;
  hardware: number[];
  /** As text; empty where it has none, such as a tunnel. */
  hardwareAddress: string;
  mtu: number;
}

export interface InterfaceAddress {
  index: number;
  /** address/prefix */
  text: string;
}

/** struct ifinfomsg and struct ifaddrmsg. */
const linkBytes = 16;
const addressBytes = 8;
const flagUp = 1;
const flagLoopback = 8;
/** IFF_RUNNING and IFF_LOWER_UP of netdevice(7). */
const flagsCarrier = 0x10040;
/** ARPHRD_ETHER of linux/if_arp.h. */
const ethernetType = 1;
const LinkAttribute = { address: 1, name: 3, mtu: 4, kind: 18 } as const;
const AddressAttribute = { address: 1, local: 2 } as const;

export function linksRequest(sequence: number): Uint8Array {
  return dumpRequest(NetlinkType.getLink, sequence, linkBytes);
}

export function addressesRequest(sequence: number): Uint8Array {
  return dumpRequest(NetlinkType.getAddress, sequence, addressBytes);
}

function dumpRequest(type: number, sequence: number, bodyBytes: number): Uint8Array {
  return encodeMessage({
    type,
    flags: NetlinkFlag.request | NetlinkFlag.dump,
    sequence,
    body: new Uint8Array(bodyBytes),
  });
}

/** null: not a whole description of an interface. */
export function decodeInterface(message: NetlinkMessage): Interface | null {
  if (message.type !== NetlinkType.newLink || message.body.length < linkBytes) return null;
  const attributes = decodeAttributes(message.body.subarray(linkBytes));
  const name = attributes?.get(LinkAttribute.name);
  if (attributes === null || name === undefined) return null;
  const view = viewOf(message.body);
  const flags = view.getUint32(8, isLittleEndian);
  const mtu = attributes.get(LinkAttribute.mtu);
  const hardware = attributes.get(LinkAttribute.address) ?? new Uint8Array(0);
  return {
    index: view.getInt32(4, isLittleEndian),
    name: nameText(name),
    isUp: (flags & flagUp) !== 0,
    hasCarrier: (flags & flagUp) !== 0 && (flags & flagsCarrier) === flagsCarrier,
    isLoopback: (flags & flagLoopback) !== 0,
    isEthernet: view.getUint16(2, isLittleEndian) === ethernetType && hardware.length === 6,
    isVirtual: attributes.has(LinkAttribute.kind),
    hardware: [...hardware],
    hardwareAddress: hardwareText(hardware),
    mtu: mtu !== undefined && mtu.length >= 4 ? viewOf(mtu).getUint32(0, isLittleEndian) : 0,
  };
}

/** null: not a whole description of an address. */
export function decodeAddress(message: NetlinkMessage): InterfaceAddress | null {
  if (message.type !== NetlinkType.newAddress || message.body.length < addressBytes) return null;
  const attributes = decodeAttributes(message.body.subarray(addressBytes));
  if (attributes === null) return null;
  // On a point-to-point link `address` is the other end's.
  const bytes = attributes.get(AddressAttribute.local) ?? attributes.get(AddressAttribute.address);
  const text = bytes === undefined ? null : addressText(bytes);
  if (text === null) return null;
  return {
    index: viewOf(message.body).getUint32(4, isLittleEndian),
    text: `${text}/${message.body[1]}`,
  };
}

/** A name is bytes up to a NUL; what could disturb a terminal is not shown. */
function nameText(bytes: Uint8Array): string {
  const characters: string[] = [];
  for (const byte of bytes) {
    if (byte === 0) break;
    characters.push(byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "?");
  }
  return characters.join("");
}

/** One line an interface, fields one below the other. */
export function describe(interfaces: Interface[], addresses: InterfaceAddress[]): string[] {
  const width = Math.max(0, ...interfaces.map(({ name }) => name.length));
  return interfaces.map((one) => {
    const own = addresses.filter(({ index }) => index === one.index).map(({ text }) => text);
    const hardware = one.hardwareAddress === "" ? "none" : one.hardwareAddress;
    const state = one.isUp ? "up" : "down";
    const shown = own.length === 0 ? "none" : own.join(",");
    return `Interface ${one.name.padEnd(width)} hardware=${hardware} mtu=${one.mtu} state=${state} addresses=${shown}`;
  });
}
