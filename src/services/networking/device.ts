/** One interface that the service is to set up: what it has by the configuration, and its DHCP client. */

import type { NetworkingInterface } from "../../control/networking-status.ts";
import type { InterfaceSettings } from "../../engine/builtin-settings.ts";
import { stepDhcp } from "./dhcp-client.ts";
import { DhcpPort } from "./dhcp-port.ts";
import {
  type DhcpClient,
  type DhcpEffect,
  type DhcpEvent,
  dueMs,
  endMs,
  type HeldLease,
  newClient,
} from "./dhcp-state.ts";
import type { Interface } from "./interfaces.ts";
import { broadcastAddress, ipv4Text } from "./ipv4.ts";
import {
  addressRequest,
  mtuRequest,
  removeAddressRequest,
  removeRouteRequest,
  routeRequest,
  upRequest,
} from "./link-requests.ts";
import type { NetlinkSocket } from "./netlink-socket.ts";
import type { ResolverSource } from "./resolv-conf.ts";
import { joinSetups, leaseSetup, leftOver, type Setup, staticSetup } from "./setup.ts";

/** What all devices share. */
export interface Surroundings {
  socket: NetlinkSocket;
  /** Host name for DHCP servers. */
  hostName: string;
  /** A lease of an earlier run. */
  keptLease: (link: Interface) => HeldLease | null;
  /** Something has changed that others see. */
  changed: () => void;
  /** The lease is another one, or gone. */
  leased: (device: Device) => void;
  tell: (line: string) => void;
}

const retryMs = 10_000;

export class Device {
  readonly settings: InterfaceSettings;
  /** null: there is none of this name. */
  link: Interface | null = null;
  client: DhcpClient | null = null;
  private readonly place: number;
  private readonly around: Surroundings;
  private port: DhcpPort | null = null;
  private isSetUp = false;
  /** What cannot be done, and when it is tried again. */
  private problem = "";
  private retryAtMs = Number.POSITIVE_INFINITY;

  constructor(settings: InterfaceSettings, place: number, around: Surroundings) {
    this.settings = settings;
    this.place = place;
    this.around = around;
  }

  /** The interface as it is now; null: it is gone. */
  look(link: Interface | null): void {
    const before = this.link;
    this.link = link;
    const isOther = before?.index !== link?.index || before?.hardwareAddress !== link?.hardwareAddress;
    if (isOther) this.forget();
    if (link === null) return;
    const isBack = before !== null && !before.hasCarrier && link.hasCarrier;
    // Routes go when an interface is set down.
    if (!this.isSetUp || isBack) this.setUp(link);
    if (!this.settings.dhcp || !link.isEthernet) return;
    if (this.client === null) {
      this.port = new DhcpPort(link);
      this.client = newClient(link.hardware, this.around.hostName, this.around.keptLease(link));
    }
    this.take({ kind: "carrier", isUp: link.hasCarrier });
  }

  /** What the interface has by us; for one that we have not looked at yet, what it will have, with a lease of before. */
  wanted(link: Interface): Setup {
    const { settings, place, around, client } = this;
    const held =
      client === null ? (settings.dhcp ? around.keptLease(link) : null) : client.isConfigured ? client.lease : null;
    const fixed = staticSetup(settings, link.index, place);
    return held === null ? fixed : joinSetups(fixed, leaseSetup(held.lease, link.index, place, null));
  }

  /** When it is to be woken, by the clock that goes on during sleep. */
  get dueMs(): number {
    return Math.min(this.retryAtMs, this.client === null ? Number.POSITIVE_INFINITY : dueMs(this.client));
  }

  wake(): void {
    const nowMs = host.now().bootMs;
    if (this.retryAtMs <= nowMs && this.link !== null) this.setUp(this.link);
    for (const event of this.port?.receive(this.client?.candidate?.lease.address ?? null) ?? []) this.take(event);
    if (this.client !== null && dueMs(this.client) <= nowMs) this.take({ kind: "time" });
  }

  /** Whether it has all that it is to have. */
  get isReady(): boolean {
    if (this.link === null || !this.isSetUp || this.problem !== "") return false;
    return !this.settings.dhcp || this.client?.isConfigured === true;
  }

  get resolver(): ResolverSource {
    const lease = this.client?.isConfigured === true ? this.client.lease?.lease : undefined;
    return { dns: [...this.settings.dns, ...(lease?.dns ?? []).map(ipv4Text)], search: lease?.search ?? [] };
  }

  status(nowBootMs: number, nowWallMs: number): NetworkingInterface {
    const { settings, link, client } = this;
    const held = client?.isConfigured === true ? client.lease : null;
    const wallMs = (bootMs: number): number => Math.round(nowWallMs + bootMs - nowBootMs);
    return {
      name: settings.name,
      isReady: this.isReady,
      optional: settings.optional,
      problem: this.problem,
      link: link === null ? null : { hardware: link.hardwareAddress, mtu: link.mtu, carrier: link.hasCarrier },
      addresses: settings.addresses.map(({ text }) => text),
      dhcp: client === null ? null : client.phase,
      lease:
        held === null
          ? null
          : {
              address: `${ipv4Text(held.lease.address)}/${held.lease.prefix}`,
              server: ipv4Text(held.lease.server),
              gateway:
                held.lease.routes.filter(({ prefix }) => prefix === 0).map(({ gateway }) => ipv4Text(gateway))[0] ??
                null,
              endWallMs: held.lease.seconds === null ? null : wallMs(endMs(held)),
            },
      dns: this.resolver.dns,
      search: this.resolver.search,
    };
  }

  private forget(): void {
    this.port?.close();
    this.port = null;
    this.client = null;
    this.isSetUp = false;
    this.problem = "";
    this.retryAtMs = Number.POSITIVE_INFINITY;
  }

  private setUp(link: Interface): void {
    const up = link.isUp ? 0 : this.around.socket.change((sequence) => upRequest(sequence, link.index));
    const error = up === 0 ? this.apply(staticSetup(this.settings, link.index, this.place)) : up;
    this.isSetUp = error === 0;
    this.retryAtMs = error === 0 ? Number.POSITIVE_INFINITY : host.now().bootMs + retryMs;
    this.complain(error === 0 ? "" : `cannot set ${link.name} up: ${host.errnoText(error)}`);
    if (this.settings.dhcp && !link.isEthernet)
      this.complain(`cannot ask a DHCP server on ${link.name}: it is no Ethernet`);
    this.around.changed();
  }

  private take(event: DhcpEvent): void {
    if (this.client === null || this.port === null) return;
    const { random, now } = host;
    const { client, effects } = stepDhcp(this.client, event, { nowMs: now().bootMs, random: random() });
    if (client.phase !== this.client.phase) this.around.changed();
    this.client = client;
    this.port.settle(client.phase);
    for (const effect of effects) this.perform(effect, this.port);
    this.port.settle(client.phase);
    if (this.port.error < 0)
      this.complain(`cannot ask a DHCP server on ${this.settings.name}: ${host.errnoText(this.port.error)}`);
  }

  private perform(effect: DhcpEffect, port: DhcpPort): void {
    switch (effect.kind) {
      case "send":
        if (effect.to !== "everybody") port.sendDatagram(effect.message, effect.to);
        else if (effect.message.clientAddress !== 0) port.sendDatagram(effect.message, broadcastAddress);
        else port.sendFrame(effect.message);
        break;
      case "probe":
        port.probe(effect.address);
        break;
      case "announce":
        port.announce(effect.address);
        break;
      case "tell":
        this.around.tell(`${this.settings.name}: ${effect.text}`);
        break;
      case "configure":
        this.configure(effect);
        break;
      case "remove":
        removeSetup(this.around.socket, leaseSetup(effect.lease, this.link?.index ?? 0, this.place, null));
        this.around.leased(this);
    }
  }

  private configure({ held, before }: Extract<DhcpEffect, { kind: "configure" }>): void {
    const index = this.link?.index ?? 0;
    const end = endMs(held);
    const validSeconds = Number.isFinite(end) ? (end - host.now().bootMs) / 1000 : null;
    const setup = leaseSetup(held.lease, index, this.place, validSeconds);
    if (this.settings.mtu !== null) setup.mtu = 0;
    const error = this.apply(setup);
    this.complain(error === 0 ? "" : `cannot give ${this.settings.name} its address: ${host.errnoText(error)}`);
    if (before !== null) removeSetup(this.around.socket, leftOver(leaseSetup(before, index, this.place, null), setup));
    this.around.leased(this);
  }

  /** 0, or the first positive errno. */
  private apply({ addresses, routes, mtu }: Setup): number {
    const { socket } = this.around;
    const { link } = this;
    let error = 0;
    const put = (request: (sequence: number) => Uint8Array): void => {
      const result = socket.change(request);
      if (error === 0) error = result;
    };
    if (link !== null && mtu !== 0 && mtu !== link.mtu) put((sequence) => mtuRequest(sequence, link.index, mtu));
    for (const one of addresses) put((sequence) => addressRequest(sequence, one));
    for (const one of routes) put((sequence) => routeRequest(sequence, one));
    return error;
  }

  /** Once, until it is another problem. */
  private complain(problem: string): void {
    if (problem === this.problem) return;
    if (problem !== "") this.around.tell(problem);
    this.problem = problem;
    this.around.changed();
  }
}

/** What is gone already need not be taken away. */
export function removeSetup(socket: NetlinkSocket, { addresses, routes }: Setup): void {
  for (const one of routes) socket.change((sequence) => removeRouteRequest(sequence, one));
  for (const one of addresses) socket.change((sequence) => removeAddressRequest(sequence, one));
}
