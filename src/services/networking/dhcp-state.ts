/** The state of a DHCP client, what can happen to it, and what it wants done (src/services/networking/dhcp-client.ts). */

import type { Lease } from "./dhcp-lease.ts";
import type { DhcpMessage } from "./dhcp-message.ts";
import type { Ipv4 } from "./ipv4.ts";

export type Phase =
  | "no-carrier"
  | "selecting"
  | "requesting"
  | "rebooting"
  | "probing"
  | "bound"
  | "renewing"
  | "rebinding"
  | "waiting";

export interface HeldLease {
  lease: Lease;
  /** When the request was sent that brought it: its time counts from there. */
  sinceMs: number;
}

export interface DhcpClient {
  phase: Phase;
  hardwareAddress: number[];
  /** Sent to the server; empty: none. */
  hostName: string;
  transaction: number;
  /** When this exchange with the server began, and its last message was sent. */
  startedMs: number;
  sentMs: number;
  /** Messages sent in it. */
  attempts: number;
  /** When the phase has something to do again; Infinity: never. */
  retryAtMs: number;
  /** What is asked for, or probed for. */
  wanted: { address: Ipv4; server: Ipv4 } | null;
  /** Granted, and not used before nobody else answers for its address. */
  candidate: HeldLease | null;
  lease: HeldLease | null;
  /** Whether the interface has it; not so with one from a file. */
  isConfigured: boolean;
  /** Refusals and conflicts in a row. */
  setbacks: number;
}

export type DhcpEvent =
  | { kind: "carrier"; isUp: boolean }
  | { kind: "message"; message: DhcpMessage }
  /** Somebody has the address that was probed for. */
  | { kind: "conflict" }
  /** dueMs() has come. */
  | { kind: "time" };

export type DhcpEffect =
  /** To everybody, or to one server from the leased address. */
  | { kind: "send"; to: Ipv4 | "everybody"; message: DhcpMessage }
  | { kind: "probe"; address: Ipv4 }
  /** In place of `before`. */
  | { kind: "configure"; held: HeldLease; before: Lease | null }
  | { kind: "remove"; lease: Lease }
  | { kind: "announce"; address: Ipv4 }
  | { kind: "tell"; text: string };

export interface Moment {
  nowMs: number;
  /** 0 to 2^32 - 1. */
  random: number;
}

export interface Step {
  client: DhcpClient;
  effects: DhcpEffect[];
}

/** `lease`: one of an earlier run that has not ended yet, to be asked for again. */
export function newClient(hardwareAddress: number[], hostName: string, lease: HeldLease | null): DhcpClient {
  return {
    phase: "no-carrier",
    hardwareAddress,
    hostName,
    transaction: 0,
    startedMs: 0,
    sentMs: 0,
    attempts: 0,
    retryAtMs: Number.POSITIVE_INFINITY,
    wanted: null,
    candidate: null,
    lease,
    isConfigured: false,
    setbacks: 0,
  };
}

/** When the client is to be woken by `time`; Infinity: only by another event. */
export function dueMs(client: DhcpClient): number {
  return Math.min(client.retryAtMs, endMs(client.lease));
}

/** When a lease ends; Infinity without one, or for ever. */
export function endMs(held: HeldLease | null): number {
  if (held === null || held.lease.seconds === null) return Number.POSITIVE_INFINITY;
  return held.sinceMs + held.lease.seconds * 1000;
}
