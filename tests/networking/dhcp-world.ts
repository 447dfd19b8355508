/** A client of DHCP in virtual time, with a server and a network that a test can make as bad as it likes. */

import { stepDhcp } from "../../src/services/networking/dhcp-client.ts";
import type { Lease } from "../../src/services/networking/dhcp-lease.ts";
import {
  addressOption,
  type DhcpMessage,
  decodeDhcp,
  encodeDhcp,
  messageType,
} from "../../src/services/networking/dhcp-message.ts";
import {
  type DhcpClient,
  type DhcpEffect,
  type DhcpEvent,
  dueMs,
  endMs,
  type HeldLease,
  newClient,
} from "../../src/services/networking/dhcp-state.ts";
import { type Ipv4, ipv4Bytes, ipv4Of, ipv4Text } from "../../src/services/networking/ipv4.ts";

export const serverAddress = ipv4Of([10, 0, 0, 1]);
export const hardwareAddress = [2, 0, 0, 0, 0, 7];

/** One that keeps to RFC 2131, 4.3, with a single address to give. */
export class Server {
  leaseSeconds = 1000;
  /** Silent: it is off, or the message does not reach it. */
  isSilent = false;
  /** What it gives; a client that asks for another one is refused. */
  address = ipv4Of([10, 0, 0, 9]);
  declined: Ipv4[] = [];
  /** Every message that reached it. */
  readonly heard: DhcpMessage[] = [];

  answer(message: DhcpMessage): DhcpMessage | null {
    if (this.isSilent) return null;
    this.heard.push(message);
    const type = messageType(message);
    const asked = addressOption(message, 50) ?? message.clientAddress;
    if (type === 4) {
      this.declined.push(asked);
      this.address++;
    }
    if (type === 1) return this.reply(message, 2);
    const chosen = addressOption(message, 54);
    if (type !== 3 || (chosen !== null && chosen !== serverAddress)) return null;
    return this.reply(message, asked === this.address ? 5 : 6);
  }

  private reply(message: DhcpMessage, type: number): DhcpMessage {
    const { leaseSeconds } = this;
    const options = new Map([
      [53, new Uint8Array([type])],
      [54, new Uint8Array(ipv4Bytes(serverAddress))],
    ]);
    if (type !== 6) {
      options.set(1, new Uint8Array([255, 255, 255, 0]));
      options.set(51, new Uint8Array(ipv4Bytes(leaseSeconds)));
    }
    return { ...message, operation: 2, yourAddress: type === 6 ? 0 : this.address, options };
  }
}

/** What becomes of a packet: lost, late, doubled. */
export interface Network {
  delays(): number[];
}

export const goodNetwork: Network = { delays: () => [1] };

interface Arrival {
  atMs: number;
  bytes: Uint8Array;
  to: "server" | "client";
}

export class DhcpWorld {
  nowMs = 1000;
  client: DhcpClient;
  readonly server = new Server();
  network: Network;
  /** Addresses that another machine answers for. */
  readonly taken = new Set<Ipv4>();
  /** What the interface has. */
  configured: Lease | null = null;
  /** All that happened, as texts with the second. */
  readonly trace: string[] = [];
  sent = 0;
  private isUp = false;
  private arrivals: Arrival[] = [];
  private conflictAtMs = Number.POSITIVE_INFINITY;
  private random = 1;

  constructor(network: Network = goodNetwork, lease: HeldLease | null = null) {
    this.network = network;
    this.client = newClient(hardwareAddress, "test", lease);
  }

  carrier(isUp: boolean): void {
    this.isUp = isUp;
    if (!isUp) this.arrivals = [];
    this.take({ kind: "carrier", isUp });
  }

  /** Lets time pass, in the order in which things come due. */
  run(seconds: number): void {
    const endsMs = this.nowMs + seconds * 1000;
    for (;;) {
      const arrival = this.arrivals.reduce<Arrival | null>((a, b) => (a === null || b.atMs < a.atMs ? b : a), null);
      const nextMs = Math.min(dueMs(this.client), arrival?.atMs ?? Number.POSITIVE_INFINITY, this.conflictAtMs);
      if (nextMs > endsMs) break;
      this.nowMs = Math.max(this.nowMs, nextMs);
      if (arrival !== null && arrival.atMs <= this.nowMs) this.arrive(arrival);
      else if (this.conflictAtMs <= this.nowMs) {
        this.conflictAtMs = Number.POSITIVE_INFINITY;
        this.take({ kind: "conflict" });
      } else this.take({ kind: "time" });
    }
    this.nowMs = endsMs;
  }

  /** The interface's address; empty: it has none. */
  address(): string {
    return this.configured === null ? "" : ipv4Text(this.configured.address);
  }

  /** A packet that somebody else made up. */
  inject(message: DhcpMessage): void {
    this.take({ kind: "message", message });
  }

  private arrive(arrival: Arrival): void {
    this.arrivals.splice(this.arrivals.indexOf(arrival), 1);
    const message = decodeDhcp(arrival.bytes);
    if (message === null) throw new Error("our own message is no DHCP");
    if (arrival.to === "client") {
      this.take({ kind: "message", message });
      return;
    }
    const answer = this.server.answer(message);
    if (answer !== null) this.travel(answer, "client");
  }

  private travel(message: DhcpMessage, to: "server" | "client"): void {
    if (!this.isUp) return;
    const bytes = encodeDhcp(message);
    for (const delay of this.network.delays()) this.arrivals.push({ atMs: this.nowMs + delay, bytes, to });
  }

  private take(event: DhcpEvent): void {
    // Numerical Recipes' generator: any one does.
    this.random = (Math.imul(this.random, 1664525) + 1013904223) >>> 0;
    const { client, effects } = stepDhcp(this.client, event, { nowMs: this.nowMs, random: this.random });
    this.client = client;
    for (const effect of effects) this.perform(effect);
    if (this.configured !== null && this.nowMs >= endMs(client.lease)) throw new Error("a lease is used after its end");
    if (event.kind === "time" && dueMs(client) <= this.nowMs)
      throw new Error(`${client.phase} would come due again and again`);
  }

  private perform(effect: DhcpEffect): void {
    switch (effect.kind) {
      case "send":
        this.sent++;
        this.note(`send ${nameOf(effect.message)} to ${effect.to === "everybody" ? effect.to : ipv4Text(effect.to)}`);
        this.travel(effect.message, "server");
        break;
      case "probe":
        if (this.taken.has(effect.address)) this.conflictAtMs = this.nowMs + 1;
        break;
      case "configure":
        if (effect.before?.address !== effect.held.lease.address || this.configured === null)
          this.note(`configure ${ipv4Text(effect.held.lease.address)}`);
        this.configured = effect.held.lease;
        break;
      case "remove":
        if (this.configured?.address === effect.lease.address) this.configured = null;
        this.note(`remove ${ipv4Text(effect.lease.address)}`);
        break;
      case "announce":
        break;
      case "tell":
        this.note(effect.text);
    }
  }

  private note(text: string): void {
    this.trace.push(`${Math.round(this.nowMs / 1000) - 1}s ${text}`);
  }
}

function nameOf(message: DhcpMessage): string {
  const type = messageType(message);
  if (type !== 3) return type === 1 ? "discover" : type === 4 ? "decline" : `type ${type}`;
  const asked = addressOption(message, 50);
  if (message.clientAddress !== 0) return `request of ${ipv4Text(message.clientAddress)} in use`;
  return `request ${asked === null ? "nothing" : ipv4Text(asked)}${addressOption(message, 54) === null ? " again" : ""}`;
}
