/**
 * The service at work: all interfaces that it sets up, woken by the kernel's news of links, by packets and by time. What
 * it has set up stays when it ends, so that its restart disturbs no connection.
 */

import { Clock, Poll } from "../../contract.ts";
import type { InterfaceSettings, NetworkingSettings } from "../../engine/builtin-settings.ts";
import { isEnd, tell, tellReady, watchSignals } from "../service-life.ts";
import { textOf } from "../text-file.ts";
import { Device, removeSetup } from "./device.ts";
import { ServiceFiles } from "./files.ts";
import { describe, type Interface } from "./interfaces.ts";
import type { KeptLeases } from "./lease-file.ts";
import type { NetlinkSocket } from "./netlink-socket.ts";
import { resolvConf } from "./resolv-conf.ts";
import { noSetup, type Setup } from "./setup.ts";
import { staleSetups } from "./setup-record.ts";

const askEveryMs = 30_000;

/** RTMGRP_LINK of rtnetlink(7). */
const linkGroup = 1;
const newsBytes = 65_536;
const eagain = 11;
const enobufs = 105;
const hostNamePath = "/proc/sys/kernel/hostname";
const noHostNames = ["", "(none)", "localhost"];

/** Takes away what an earlier configuration has brought and this one does not want. */
export function removeStale(files: ServiceFiles, socket: NetlinkSocket, wanted: (link: Interface) => Setup): void {
  const record = files.readSetups();
  const links = record.size === 0 ? 0 : socket.links();
  if (typeof links === "number") return;
  for (const stale of staleSetups(record, links, wanted)) removeSetup(socket, stale);
  files.writeSetups(new Map());
}

export class Network {
  private readonly settings: NetworkingSettings;
  private readonly socket: NetlinkSocket;
  private readonly files = new ServiceFiles();
  private readonly kept: KeptLeases;
  private readonly devices: Device[] = [];
  private readonly news: number;
  private readonly signals: number;
  private isReady = false;
  /** When gonit is told next that it takes longer; on the clock that counts suspend. */
  private askAtMs = 0;
  private hasChanged = true;
  private readonly shown = new Map<string, string>();

  constructor(settings: NetworkingSettings, socket: NetlinkSocket) {
    this.settings = settings;
    this.socket = socket;
    this.signals = watchSignals([]);
    this.news = host.netlinkOpen(linkGroup);
    if (this.news >= 0) host.watch(this.news, Poll.in);
    this.kept = this.files.readLeases();
    if (settings.hostname !== "") this.nameHost(settings.hostname);
    for (const one of settings.interfaces) this.manage(one);
  }

  /**
   * Nobody knows how long a cable or a server takes: the start's time limit is put off as long as something is waited
   * for. When to do so again.
   */
  private askForTime(): number {
    if (this.isReady) return Number.POSITIVE_INFINITY;
    const { bootMs } = host.now();
    if (bootMs < this.askAtMs) return this.askAtMs;
    const waitsFor = this.devices.filter((device) => !device.settings.optional && !device.isReady);
    const names = waitsFor.map((device) => device.settings.name).join(", ");
    tell(`EXTEND_TIMEOUT_USEC=${3 * askEveryMs * 1000}\nSTATUS=waits for ${names}\n`);
    this.askAtMs = bootMs + askEveryMs;
    return this.askAtMs;
  }

  run(): never {
    this.clean();
    this.look();
    for (;;) {
      this.settle();
      const dueMs = Math.min(this.askForTime(), ...this.devices.map((device) => device.dueMs));
      host.setTimer(Clock.boot, Number.isFinite(dueMs) ? dueMs : -1);
      host.poll(-1);
      for (let signal = host.readSignal(this.signals); signal !== 0; signal = host.readSignal(this.signals)) {
        if (isEnd(signal)) host.exit(0);
      }
      if (this.readNews()) this.look();
      for (const device of this.devices) device.wake();
    }
  }

  private clean(): void {
    const links = this.socket.links();
    if (this.settings.automatic && typeof links !== "number") this.manageFirst(links);
    removeStale(this.files, this.socket, (link) => this.deviceOf(link)?.wanted(link) ?? noSetup);
  }

  private deviceOf({ name }: Interface): Device | undefined {
    return this.devices.find(({ settings }) => settings.name === name);
  }

  private manage(settings: InterfaceSettings): void {
    const hostname = this.settings.hostname === "" ? textOf(hostNamePath) : this.settings.hostname;
    const around = {
      socket: this.socket,
      hostName: noHostNames.includes(hostname) ? "" : hostname,
      keptLease: (link: Interface) => {
        const kept = this.kept.get(link.name);
        return kept?.hardwareAddress === link.hardwareAddress ? kept.held : null;
      },
      changed: () => {
        this.hasChanged = true;
      },
      leased: (device: Device) => this.leased(device),
      tell: (line: string) => host.print(1, `${line}\n`),
    };
    this.devices.push(new Device(settings, this.devices.length, around));
  }

  /** Whether something has happened to links. Lost news (ENOBUFS) are news. */
  private readNews(): boolean {
    let any = false;
    if (this.news < 0) return false;
    for (;;) {
      const datagram = host.receive(this.news, newsBytes);
      if (datagram === -eagain) return any;
      any = true;
      // ENOBUFS is told once; any other error would be told for ever.
      if (typeof datagram === "number" && datagram !== -enobufs) return any;
    }
  }

  private look(): void {
    const links = this.socket.links();
    if (typeof links === "number") return;
    if (this.settings.automatic && this.devices.length === 0) this.manageFirst(links);
    for (const device of this.devices) {
      device.look(links.find(({ name }) => name === device.settings.name) ?? null);
    }
    this.hasChanged = true;
  }

  /** The first Ethernet device that is real; wireless ones have no carrier before somebody else has set them up. */
  private manageFirst(links: Interface[]): void {
    const first = links
      .filter(({ isEthernet, isVirtual }) => isEthernet && !isVirtual)
      .find(({ name }) => typeof host.stat(`/sys/class/net/${name}/wireless`) === "number");
    if (first === undefined) return;
    const nothing = { addresses: [], gateways: [], dns: [], mtu: null, optional: false };
    this.manage({ name: first.name, dhcp: true, ...nothing });
  }

  private leased({ settings, link, client }: Device): void {
    this.hasChanged = true;
    if (link === null || client === null) return;
    const held = client.isConfigured ? client.lease : null;
    if (held === null && !this.kept.has(settings.name)) return;
    if (held === null) this.kept.delete(settings.name);
    else this.kept.set(settings.name, { hardwareAddress: link.hardwareAddress, held });
    this.files.writeLeases(this.kept);
    const name = held?.lease.hostName ?? "";
    if (name !== "" && noHostNames.includes(textOf(hostNamePath))) this.nameHost(name);
  }

  private nameHost(name: string): void {
    const error = host.setHostName(name);
    if (error < 0) host.print(2, `cannot set the host name ${name}: ${host.errnoText(error)}\n`);
  }

  /** After all that a turn has brought: what others are to see of it. */
  private settle(): void {
    if (!this.hasChanged) return;
    this.hasChanged = false;
    const { dns, search } = this.settings;
    const resolver = [{ dns, search }, ...this.devices.map((device) => device.resolver)];
    const text = resolvConf(resolver);
    if (text !== null) this.files.writeResolvConf(text);
    this.show();
    const { devices } = this;
    this.files.writeSetups(
      new Map(devices.flatMap((one) => (one.link === null ? [] : [[one.settings.name, one.wanted(one.link)]]))),
    );
    const { bootMs, wallMs } = host.now();
    this.files.writeStatus({
      pid: host.pid(),
      interfaces: this.devices.map((device) => device.status(bootMs, wallMs)),
      resolver: { dns: resolver.flatMap((one) => one.dns), search: resolver.flatMap((one) => one.search) },
      hostname: textOf(hostNamePath),
    });
    if (this.isReady || !this.devices.every((device) => device.settings.optional || device.isReady)) return;
    this.isReady = true;
    tell("STATUS=\n");
    tellReady();
  }

  /** A line for each interface that is set up, and not as it was told last. */
  private show(): void {
    const [links, addresses] = [this.socket.links(), this.socket.addresses()];
    if (typeof links === "number" || typeof addresses === "number") return;
    const lines = describe(links, addresses);
    for (const [at, { name }] of links.entries()) {
      const line = lines[at] as string;
      const isOurs = this.devices.some((device) => device.settings.name === name && device.isReady);
      if (!isOurs || this.shown.get(name) === line) continue;
      this.shown.set(name, line);
      host.print(1, `${line}\n`);
    }
  }
}
