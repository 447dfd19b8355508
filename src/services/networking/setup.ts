/** What an interface is to have, by the configuration or by a lease: addresses and routes. Pure. */

import type { InterfaceSettings } from "../../engine/builtin-settings.ts";
import type { Lease } from "./dhcp-lease.ts";
import { type Ipv4, ipv4Bytes, maskOf } from "./ipv4.ts";
import { type AddressChange, familyOf, type RouteChange } from "./link-requests.ts";

export interface Setup {
  addresses: AddressChange[];
  routes: RouteChange[];
  /** 0: left alone. */
  mtu: number;
}

export const noSetup: Setup = { addresses: [], routes: [], mtu: 0 };

/** Routes of the first interface in the configuration win; what is configured wins over what a server says. */
const metricStep = 100;
const leaseMetric = 50;

export function staticSetup(settings: InterfaceSettings, index: number, place: number): Setup {
  const { addresses, gateways, mtu } = settings;
  return {
    addresses: addresses.map(({ bytes, prefix }) => ({ index, address: bytes, prefix, validSeconds: null })),
    routes: gateways.map(({ bytes }) => ({
      index,
      destination: [],
      prefix: 0,
      gateway: bytes,
      isForeignGateway: !addresses.some((one) => isWithin(bytes, one.bytes, one.prefix)) && familyOf(bytes) === "ipv4",
      metric: metricStep * (place + 1),
      origin: "static",
      family: familyOf(bytes),
    })),
    mtu: mtu ?? 0,
  };
}

/** `validSeconds`: what is left of the lease; null: for ever. */
export function leaseSetup(lease: Lease, index: number, place: number, validSeconds: number | null): Setup {
  const { address, prefix, routes, mtu } = lease;
  const mask = maskOf(prefix);
  const isOnLink = (gateway: Ipv4): boolean => (gateway & mask) >>> 0 === (address & mask) >>> 0;
  const changes = routes.map((route): RouteChange => {
    const destination = (route.destination & maskOf(route.prefix)) >>> 0;
    return {
      index,
      destination: ipv4Bytes(destination),
      prefix: route.prefix,
      gateway: route.gateway === 0 ? [] : ipv4Bytes(route.gateway),
      isForeignGateway: route.gateway !== 0 && !isOnLink(route.gateway),
      metric: metricStep * (place + 1) + leaseMetric,
      origin: "dhcp",
      family: "ipv4",
    };
  });
  // A way to another network may lead over a gateway that itself needs a way of the list.
  changes.sort((a, b) => Number(a.gateway.length > 0) - Number(b.gateway.length > 0));
  return { addresses: [{ index, address: ipv4Bytes(address), prefix, validSeconds }], routes: changes, mtu };
}

export function joinSetups(one: Setup, other: Setup): Setup {
  return {
    addresses: [...one.addresses, ...other.addresses],
    routes: [...one.routes, ...other.routes],
    mtu: one.mtu || other.mtu,
  };
}

/** What `before` has and `after` has not. */
export function leftOver(before: Setup, after: Setup): Setup {
  const addressKey = ({ address, prefix }: AddressChange): string => `${address}/${prefix}`;
  const routeKey = ({ destination, prefix, gateway, metric }: RouteChange): string =>
    `${destination}/${prefix} ${gateway} ${metric}`;
  const addresses = new Set(after.addresses.map(addressKey));
  const routes = new Set(after.routes.map(routeKey));
  return {
    addresses: before.addresses.filter((one) => !addresses.has(addressKey(one))),
    routes: before.routes.filter((one) => !routes.has(routeKey(one))),
    mtu: 0,
  };
}

function isWithin(address: number[], network: number[], prefix: number): boolean {
  if (address.length !== network.length) return false;
  for (let bit = 0; bit < prefix; bit++) {
    const mask = 0x80 >> (bit & 7);
    if ((((address[bit >> 3] ?? 0) ^ (network[bit >> 3] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
