/** Requests of rtnetlink(7) that change an interface: up, MTU, addresses, routes. Each is acknowledged. Pure. */

import {
  encodeAttributes,
  encodeMessage,
  isLittleEndian,
  joined,
  NetlinkFlag,
  NetlinkType,
  viewOf,
  wordBytes,
} from "./netlink-message.ts";

/** An address of four or sixteen bytes. */
export type AddressBytes = readonly number[];

export interface AddressChange {
  index: number;
  address: AddressBytes;
  prefix: number;
  /** The kernel itself takes it away then: not even our own death leaves an address that is another's. null: never. */
  validSeconds: number | null;
}

export interface RouteChange {
  index: number;
  /** Empty: everything. */
  destination: AddressBytes;
  prefix: number;
  /** Empty: directly on the link. */
  gateway: AddressBytes;
  /** Whether the gateway is outside of the interface's own networks. */
  isForeignGateway: boolean;
  /** Of two routes to the same place the one with the smaller number is taken. */
  metric: number;
  /** Who made it: RTPROT_* of rtnetlink(7). */
  origin: "dhcp" | "static";
  family: Family;
}

export type Family = "ipv4" | "ipv6";

const familyNumbers = { ipv4: 2, ipv6: 10 } as const;
const flagUp = 1;
const mtuAttribute = 4;
const AddressAttribute = { address: 1, local: 2, broadcast: 4, times: 6 } as const;
const RouteAttribute = { destination: 1, interface: 4, gateway: 5, metric: 6 } as const;
const forever = 0xffff_ffff;
const mainTable = 254;
const unicast = 1;
const linkScope = 253;
const onLink = 4;
const origins = { dhcp: 16, static: 4 } as const;

const change = NetlinkFlag.request | NetlinkFlag.acknowledge;
const put = change | NetlinkFlag.create | NetlinkFlag.replace;

export function familyOf(address: AddressBytes): Family {
  return address.length === 16 ? "ipv6" : "ipv4";
}

/** Sets one flag of one interface: up. */
export function upRequest(sequence: number, index: number): Uint8Array {
  return request(NetlinkType.newLink, change, sequence, linkBody(index, flagUp));
}

export function mtuRequest(sequence: number, index: number, mtu: number): Uint8Array {
  return request(NetlinkType.newLink, change, sequence, linkBody(index, 0), encodeAttributes([[mtuAttribute, mtu]]));
}

/** Gives an interface an address, or an address that it has another time. */
export function addressRequest(sequence: number, one: AddressChange): Uint8Array {
  const valid = one.validSeconds === null ? forever : Math.max(1, Math.floor(one.validSeconds));
  const attributes: [number, ArrayLike<number>][] = [
    [AddressAttribute.local, one.address],
    [AddressAttribute.address, one.address],
    [AddressAttribute.times, wordBytes([valid, valid, 0, 0])],
  ];
  const broadcast = broadcastOf(one);
  if (broadcast !== null) attributes.push([AddressAttribute.broadcast, broadcast]);
  return request(NetlinkType.newAddress, put, sequence, addressBody(one), encodeAttributes(attributes));
}

export function removeAddressRequest(sequence: number, one: Omit<AddressChange, "validSeconds">): Uint8Array {
  const attributes = encodeAttributes([[AddressAttribute.local, one.address]]);
  return request(NetlinkType.deleteAddress, change, sequence, addressBody(one), attributes);
}

export function routeRequest(sequence: number, route: RouteChange): Uint8Array {
  return request(NetlinkType.newRoute, put, sequence, routeBody(route), routeAttributes(route));
}

export function removeRouteRequest(sequence: number, route: RouteChange): Uint8Array {
  return request(NetlinkType.deleteRoute, change, sequence, routeBody(route), routeAttributes(route));
}

function request(
  type: number,
  flags: number,
  sequence: number,
  body: Uint8Array,
  attributes: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return encodeMessage({ type, flags, sequence, body: joined([body, attributes]) });
}

/** struct ifinfomsg. */
function linkBody(index: number, flags: number): Uint8Array {
  const body = new Uint8Array(16);
  const view = viewOf(body);
  view.setInt32(4, index, isLittleEndian);
  view.setUint32(8, flags, isLittleEndian);
  view.setUint32(12, flags, isLittleEndian);
  return body;
}

/** struct ifaddrmsg. */
function addressBody({ index, address, prefix }: { index: number; address: AddressBytes; prefix: number }): Uint8Array {
  const body = new Uint8Array(8);
  body[0] = familyNumbers[familyOf(address)];
  body[1] = prefix;
  viewOf(body).setUint32(4, index, isLittleEndian);
  return body;
}

/** The address with all bits of the host set; null where there is none: IPv6, and networks of one or two (RFC 3021). */
function broadcastOf({ address, prefix }: AddressChange): number[] | null {
  if (address.length !== 4 || prefix > 30) return null;
  return address.map((byte, at) => byte | (0xff >> Math.min(8, Math.max(0, prefix - 8 * at))));
}

/** struct rtmsg. */
function routeBody(route: RouteChange): Uint8Array {
  const body = new Uint8Array(12);
  body[0] = familyNumbers[route.family];
  body[1] = route.prefix;
  body[4] = mainTable;
  body[5] = origins[route.origin];
  body[6] = route.gateway.length === 0 && route.family === "ipv4" ? linkScope : 0;
  body[7] = unicast;
  viewOf(body).setUint32(8, route.isForeignGateway ? onLink : 0, isLittleEndian);
  return body;
}

function routeAttributes({ index, destination, prefix, gateway, metric }: RouteChange): Uint8Array {
  const attributes: [number, ArrayLike<number> | number][] = [[RouteAttribute.interface, index]];
  if (prefix > 0) attributes.push([RouteAttribute.destination, destination]);
  if (gateway.length > 0) attributes.push([RouteAttribute.gateway, gateway]);
  attributes.push([RouteAttribute.metric, metric]);
  return encodeAttributes(attributes);
}
