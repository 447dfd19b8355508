/**
 * A DHCPv4 client for one interface (RFC 2131, figure 5) as a pure function: an event goes in, a new state and what is to
 * be done come out. It waits for a carrier and never gives up.
 *
 *   no-carrier → selecting → requesting → probing → bound → renewing → rebinding → selecting
 *              ↘ rebooting (a lease is known: is it still ours?) ↗
 *   waiting: after a refusal or a conflict, before it begins again
 *
 * A lease that was once granted is used until it ends, the server refuses it, or another takes its place: not a lost
 * carrier, not a silent server, not a restart takes it away. So `lease` is apart from the phase, and its end is looked
 * at before everything else. All times are milliseconds of the clock that goes on while the machine sleeps.
 */

import { acknowledged, offered, refused, retryMs } from "./dhcp-answers.ts";
import type { Lease } from "./dhcp-lease.ts";
import type { DhcpMessage } from "./dhcp-message.ts";
import { type ClientMessage, clientMessage } from "./dhcp-requests.ts";
import {
  type DhcpClient,
  type DhcpEffect,
  type DhcpEvent,
  endMs,
  type HeldLease,
  type Moment,
  type Phase,
  type Step,
} from "./dhcp-state.ts";
import type { Ipv4 } from "./ipv4.ts";

const probes = 2;
const probeMs = 150;
const requestsMax = 4;
const rebootRequestsMax = 2;
/** RFC 2131, 3.1: at least ten seconds after a conflict. */
const conflictDelayMs = 10_000;
const refusalDelayMs = 1000;
const setbackDelayMsMax = 300_000;
/** An answer may come when half of a short lease is over. */
const renewDelayMsMin = 1000;

export function stepDhcp(before: DhcpClient, event: DhcpEvent, moment: Moment): Step {
  const run = new Run({ ...before }, moment);
  run.takeAwayEnded();
  switch (event.kind) {
    case "carrier":
      run.carrier(event.isUp);
      break;
    case "message":
      run.message(event.message);
      break;
    case "conflict":
      run.conflict();
      break;
    case "time":
      run.time();
      break;
  }
  return { client: run.client, effects: run.effects };
}

/** One step: works on a copy of the state and collects the effects. */
class Run {
  readonly client: DhcpClient;
  readonly effects: DhcpEffect[] = [];
  private readonly moment: Moment;

  constructor(client: DhcpClient, moment: Moment) {
    this.client = client;
    this.moment = moment;
  }

  takeAwayEnded(): void {
    const { client } = this;
    if (client.lease === null || this.moment.nowMs < endMs(client.lease)) return;
    this.tell("the lease has ended");
    this.dropLease();
    if (["bound", "renewing", "rebinding", "rebooting"].includes(client.phase)) this.discover();
  }

  carrier(isUp: boolean): void {
    const { client } = this;
    if (isUp === (client.phase !== "no-carrier")) return;
    client.candidate = null;
    if (!isUp) this.enter("no-carrier", Number.POSITIVE_INFINITY);
    else if (client.lease !== null) this.reboot();
    else this.discover();
  }

  time(): void {
    const { client, moment } = this;
    if (moment.nowMs < client.retryAtMs) return;
    switch (client.phase) {
      case "selecting":
        this.send("discover");
        break;
      case "waiting":
        this.discover();
        break;
      case "requesting":
        if (client.attempts < requestsMax) this.send("select");
        else this.discover();
        break;
      case "rebooting":
        if (client.attempts < rebootRequestsMax) this.send("reboot");
        else this.goOnWithoutAnswer();
        break;
      case "probing":
        this.probe();
        break;
      case "bound":
        this.renew();
        break;
      case "renewing":
        if (moment.nowMs < this.rebindAtMs()) this.send("renew");
        else this.rebind();
        break;
      case "rebinding":
        this.send("rebind");
        break;
      case "no-carrier":
        break;
    }
  }

  message(message: DhcpMessage): void {
    const { client } = this;
    if (!this.isForUs(message)) return;
    if (client.phase === "selecting") {
      const wanted = offered(message);
      if (wanted === null) return;
      client.wanted = wanted;
      this.enter("requesting", 0);
      this.send("select");
      return;
    }
    if (refused(client, message)) this.refusal();
    else {
      const lease = acknowledged(client, message);
      if (lease !== null) this.grant({ lease, sinceMs: client.sentMs });
    }
  }

  conflict(): void {
    const { client } = this;
    if (client.phase !== "probing" || client.candidate === null) return;
    const { address, server } = client.candidate.lease;
    this.post("everybody", { kind: "decline", address, server });
    this.tell("another machine has the address: it is declined");
    client.candidate = null;
    if (client.lease?.lease.address === address) this.dropLease();
    this.setBack(conflictDelayMs);
  }

  private isForUs({ operation, transaction, hardwareAddress }: DhcpMessage): boolean {
    const { client } = this;
    const isOurs = hardwareAddress.every((byte, at) => byte === client.hardwareAddress[at]);
    return operation === 2 && transaction === client.transaction && isOurs;
  }

  private refusal(): void {
    const { client } = this;
    const isRetried = client.setbacks > 0;
    this.tell("the server refuses the address");
    this.dropLease();
    // Once at once: a machine that was carried to another network is to work there soon.
    if (isRetried) this.setBack(refusalDelayMs);
    else {
      client.setbacks++;
      this.discover();
    }
  }

  private setBack(delayMs: number): void {
    const { client, moment } = this;
    const delay = Math.min(delayMs * 2 ** client.setbacks, setbackDelayMsMax);
    client.setbacks = Math.min(client.setbacks + 1, 16);
    this.enter("waiting", moment.nowMs + delay);
  }

  private grant(held: HeldLease): void {
    const { client } = this;
    const isOurs = client.isConfigured && client.lease?.lease.address === held.lease.address;
    client.candidate = held;
    if (isOurs) {
      this.bind();
      return;
    }
    this.enter("probing", 0);
    this.probe();
  }

  /** RFC 5227 wants to wait for seconds; a machine that starts has no such time, and a neighbour answers in less. */
  private probe(): void {
    const { client, moment } = this;
    if (client.candidate === null || client.attempts >= probes) {
      this.bind();
      return;
    }
    client.attempts++;
    client.retryAtMs = moment.nowMs + probeMs;
    this.effects.push({ kind: "probe", address: client.candidate.lease.address });
  }

  private bind(): void {
    const { client } = this;
    const held = client.candidate ?? client.lease;
    if (held === null) return;
    if (this.moment.nowMs >= endMs(held)) {
      // The answer was longer on its way than the lease is.
      this.discover();
      return;
    }
    const before = client.lease?.lease ?? null;
    const isNew = !client.isConfigured || before?.address !== held.lease.address;
    client.candidate = null;
    client.lease = held;
    client.setbacks = 0;
    this.use(before);
    if (isNew) this.effects.push({ kind: "announce", address: held.lease.address });
    const soonestMs = this.moment.nowMs + renewDelayMsMin;
    this.enter("bound", held.lease.seconds === null ? Number.POSITIVE_INFINITY : Math.max(this.renewAtMs(), soonestMs));
  }

  private use(before: Lease | null): void {
    const { client } = this;
    if (client.lease === null) return;
    client.isConfigured = true;
    this.effects.push({ kind: "configure", held: client.lease, before });
  }

  /** Nobody says that the lease is not ours any more; whoever offers one now may replace it. */
  private goOnWithoutAnswer(): void {
    const { client } = this;
    if (client.lease !== null && !client.isConfigured) this.use(null);
    this.tell("no server answers: the lease is used until it ends");
    this.discover();
  }

  private dropLease(): void {
    const { client } = this;
    if (client.lease !== null) this.effects.push({ kind: "remove", lease: client.lease.lease });
    client.lease = null;
    client.isConfigured = false;
  }

  private discover(): void {
    this.enter("selecting", 0);
    this.begin();
    this.send("discover");
  }

  private reboot(): void {
    this.enter("rebooting", 0);
    this.begin();
    this.send("reboot");
  }

  private renew(): void {
    this.begin();
    if (this.moment.nowMs >= this.rebindAtMs()) {
      this.rebind();
      return;
    }
    this.enter("renewing", 0);
    this.send("renew");
  }

  private rebind(): void {
    this.enter("rebinding", 0);
    this.send("rebind");
  }

  private enter(phase: Phase, retryAtMs: number): void {
    this.client.phase = phase;
    this.client.attempts = 0;
    this.client.retryAtMs = retryAtMs;
  }

  /** A new exchange. */
  private begin(): void {
    this.client.transaction = this.moment.random;
    this.client.startedMs = this.moment.nowMs;
  }

  private send(kind: "discover" | "select" | "reboot" | "renew" | "rebind"): void {
    const { client, moment } = this;
    const message = this.compose(kind);
    if (message === null) return;
    const to = kind === "renew" && client.lease !== null ? client.lease.lease.server : "everybody";
    client.attempts++;
    client.sentMs = moment.nowMs;
    client.retryAtMs = moment.nowMs + this.patienceMs(kind);
    this.post(to, message);
  }

  private patienceMs(kind: string): number {
    const { client, moment } = this;
    if (kind === "renew") return patienceUntil(moment.nowMs, client.startedMs, this.rebindAtMs());
    if (kind === "rebind") return patienceUntil(moment.nowMs, this.rebindAtMs(), endMs(client.lease));
    return retryMs(client.attempts, moment.random);
  }

  private compose(kind: "discover" | "select" | "reboot" | "renew" | "rebind"): ClientMessage | null {
    const { wanted, lease } = this.client;
    if (kind === "discover") return { kind, address: lease?.lease.address ?? null };
    if (kind === "select") return wanted === null ? null : { kind, ...wanted };
    return lease === null ? null : { kind, address: lease.lease.address };
  }

  private post(to: Ipv4 | "everybody", what: ClientMessage): void {
    const { client, moment } = this;
    const seconds = Math.floor((moment.nowMs - client.startedMs) / 1000);
    this.effects.push({ kind: "send", to, message: clientMessage(what, { ...client, seconds }) });
  }

  private renewAtMs(): number {
    const held = this.client.lease;
    return held === null ? 0 : held.sinceMs + held.lease.renewSeconds * 1000;
  }

  private rebindAtMs(): number {
    const held = this.client.lease;
    return held === null ? 0 : held.sinceMs + held.lease.rebindSeconds * 1000;
  }

  private tell(text: string): void {
    this.effects.push({ kind: "tell", text });
  }
}

const patienceMsMin = 60_000;

/** RFC 2131, 4.4.5: half of what is left, but a minute; in a short lease still four times. */
function patienceUntil(nowMs: number, startMs: number, limitMs: number): number {
  const left = Math.max(limitMs - nowMs, 0);
  return Math.min(left, Math.max(left / 2, Math.min(patienceMsMin, (limitMs - startMs) / 4)));
}
