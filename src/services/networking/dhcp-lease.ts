/** What a server's acknowledgement means for an interface: the lease. Pure; nothing in it is believed that can do harm. */

import { addressOption, type DhcpMessage, Option, secondsOption } from "./dhcp-message.ts";
import { decodeSearch, domainName } from "./domain-name.ts";
import { classPrefix, type Ipv4, ipv4Of, isHostAddress, prefixOf } from "./ipv4.ts";

export interface LeaseRoute {
  destination: Ipv4;
  prefix: number;
  /** 0: directly on the link. */
  gateway: Ipv4;
}

export interface Lease {
  address: Ipv4;
  prefix: number;
  server: Ipv4;
  routes: LeaseRoute[];
  dns: Ipv4[];
  search: string[];
  /** 0: the interface's own. */
  mtu: number;
  /** Empty: the server names none. */
  hostName: string;
  /** null: for ever. */
  seconds: number | null;
  renewSeconds: number;
  rebindSeconds: number;
}

const forever = 0xffff_ffff;
/** A server that leases for less would have us ask all the time. */
const secondsMin = 10;
/** Below this IPv4 does not work (RFC 791); 576 is what every host must take. */
const mtuMin = 576;
const dnsMax = 8;
const routesMax = 64;

/** null: it lacks what a lease must have, or its address is none that a machine can have. */
export function readLease(message: DhcpMessage): Lease | null {
  const address = message.yourAddress;
  const server = addressOption(message, Option.server);
  const leaseTime = secondsOption(message, Option.leaseTime);
  if (!isHostAddress(address) || server === null || leaseTime === null) return null;
  const mask = addressOption(message, Option.mask);
  const prefix = mask === null ? classPrefix(address) : prefixOf(mask);
  if (prefix === null || prefix === 0) return null;
  return {
    address,
    prefix,
    server,
    routes: routesOf(message),
    dns: addresses(message.options.get(Option.nameServer)).slice(0, dnsMax),
    search: searchOf(message),
    mtu: mtuOf(message),
    hostName: domainName(message.options.get(Option.hostName)) ?? "",
    ...timesOf(message, leaseTime),
  };
}

/** T1 and T2 as the server says, where they make sense, else by RFC 2131, 4.4.5. */
function timesOf(message: DhcpMessage, leaseTime: number): Pick<Lease, "seconds" | "renewSeconds" | "rebindSeconds"> {
  if (leaseTime === forever) return { seconds: null, renewSeconds: 0, rebindSeconds: 0 };
  const seconds = Math.max(leaseTime, secondsMin);
  const renew = secondsOption(message, Option.renewTime) ?? 0;
  const rebind = secondsOption(message, Option.rebindTime) ?? 0;
  const isSensible = renew >= secondsMin / 2 && renew < rebind && rebind < seconds;
  if (isSensible) return { seconds, renewSeconds: renew, rebindSeconds: rebind };
  return { seconds, renewSeconds: seconds * 0.5, rebindSeconds: seconds * 0.875 };
}

function addresses(bytes: Uint8Array | undefined): Ipv4[] {
  const found: Ipv4[] = [];
  for (let at = 0; bytes !== undefined && at + 4 <= bytes.length; at += 4) {
    const address = ipv4Of(bytes.subarray(at, at + 4));
    if (isHostAddress(address) && !found.includes(address)) found.push(address);
  }
  return found;
}

/** Option 121 stands for option 3 as well (RFC 3442); the first router counts. */
function routesOf(message: DhcpMessage): LeaseRoute[] {
  const classless = classlessRoutes(message.options.get(Option.classlessRoutes));
  if (classless !== null) return classless;
  const [gateway] = addresses(message.options.get(Option.router));
  return gateway === undefined ? [] : [{ destination: 0, prefix: 0, gateway }];
}

/** null: the option is not there, or damaged. */
function classlessRoutes(bytes: Uint8Array | undefined): LeaseRoute[] | null {
  if (bytes === undefined || bytes.length < 5) return null;
  const routes: LeaseRoute[] = [];
  let at = 0;
  while (at < bytes.length) {
    const prefix = bytes[at++] as number;
    const significant = Math.ceil(prefix / 8);
    if (prefix > 32 || bytes.length - at < significant + 4 || routes.length === routesMax) return null;
    const destination = ipv4Of(bytes.subarray(at, at + significant));
    at += significant;
    routes.push({ destination, prefix, gateway: ipv4Of(bytes.subarray(at, at + 4)) });
    at += 4;
  }
  return routes.filter(({ gateway }) => gateway === 0 || isHostAddress(gateway));
}

function searchOf(message: DhcpMessage): string[] {
  const list = decodeSearch(message.options.get(Option.search));
  if (list.length > 0) return list;
  const domain = domainName(message.options.get(Option.domain));
  return domain === null ? [] : [domain];
}

function mtuOf({ options }: DhcpMessage): number {
  const value = options.get(Option.mtu);
  const mtu = value?.length === 2 ? ((value[0] as number) << 8) | (value[1] as number) : 0;
  return mtu >= mtuMin ? mtu : 0;
}
