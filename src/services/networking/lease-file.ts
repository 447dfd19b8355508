/**
 * Leases over restarts, of the service and of the machine. The clock that leases are counted by begins anew with each
 * boot; then the wall clock must do, which may be wrong: a lease that seems to come from the future is not used. Pure.
 */

import type { Lease, LeaseRoute } from "./dhcp-lease.ts";
import { endMs, type HeldLease } from "./dhcp-state.ts";
import { isHostAddress } from "./ipv4.ts";

export interface Clocks {
  /** What the kernel calls this boot (boot_id); empty where it cannot be read. */
  boot: string;
  bootMs: number;
  wallMs: number;
}

/** By the interface's name. */
export type KeptLeases = Map<string, { hardwareAddress: string; held: HeldLease }>;

const version = 1;

export function leaseFileText(leases: KeptLeases, { boot, bootMs, wallMs }: Clocks): string {
  const entries = [...leases].map(([name, { hardwareAddress, held }]) => {
    const sinceWallMs = Math.round(wallMs - (bootMs - held.sinceMs));
    return [name, { hardwareAddress, lease: held.lease, sinceMs: held.sinceMs, sinceWallMs }];
  });
  return `${JSON.stringify({ version, boot, leases: Object.fromEntries(entries) })}\n`;
}

/** The leases that have not ended; none of a file that is damaged, or of another version. */
export function readLeaseFile(text: string, clocks: Clocks): KeptLeases {
  const kept: KeptLeases = new Map();
  const file = parse(text);
  if (!isObject(file) || file.version !== version || !isObject(file.leases)) return kept;
  const isSameBoot = clocks.boot !== "" && file.boot === clocks.boot;
  for (const [name, entry] of Object.entries(file.leases)) {
    if (!isObject(entry) || typeof entry.hardwareAddress !== "string" || !isLease(entry.lease)) continue;
    if (typeof entry.sinceMs !== "number" || typeof entry.sinceWallMs !== "number") continue;
    const ageMs = isSameBoot ? clocks.bootMs - entry.sinceMs : clocks.wallMs - entry.sinceWallMs;
    const held = { lease: entry.lease, sinceMs: clocks.bootMs - ageMs };
    if (ageMs >= 0 && endMs(held) > clocks.bootMs) kept.set(name, { hardwareAddress: entry.hardwareAddress, held });
  }
  return kept;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The file is ours, but a disk may have lost a part of it. */
function isLease(value: unknown): value is Lease {
  if (!isObject(value)) return false;
  const isNumber = (field: string): boolean => typeof value[field] === "number";
  const { address, dns, search, routes, seconds } = value;
  if (typeof address !== "number" || !isHostAddress(address) || !["prefix", "server", "mtu"].every(isNumber))
    return false;
  if (!isNumber("renewSeconds") || !isNumber("rebindSeconds")) return false;
  if (seconds !== null && typeof seconds !== "number") return false;
  if (typeof value.hostName !== "string" || !Array.isArray(dns) || !Array.isArray(search)) return false;
  if (!dns.every((one) => typeof one === "number") || !search.every((one) => typeof one === "string")) return false;
  return Array.isArray(routes) && routes.every(isRoute);
}

function isRoute(value: unknown): value is LeaseRoute {
  return isObject(value) && ["destination", "prefix", "gateway"].every((field) => typeof value[field] === "number");
}
