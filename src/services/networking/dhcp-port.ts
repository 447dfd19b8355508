/**
 * The sockets of one interface's DHCP client, open only while they are needed: a packet socket while there is no address,
 * UDP while there is one, and one for ARP while an address is probed for.
 */

import { Poll } from "../../contract.ts";
import { decodeArp, encodeArp, isConflict } from "./arp.ts";
import { type DhcpMessage, decodeDhcp, encodeDhcp, DhcpPort as Port } from "./dhcp-message.ts";
import type { DhcpEvent, Phase } from "./dhcp-state.ts";
import { decodeEthernet, decodeUdp, EtherType, encodeEthernet, encodeUdp, hardwareBroadcast } from "./frame.ts";
import type { Interface } from "./interfaces.ts";
import { anyAddress, broadcastAddress, type Ipv4 } from "./ipv4.ts";

type Kind = "packet" | "udp" | "arp";

const needs: Record<Phase, Kind | null> = {
  "no-carrier": null,
  waiting: null,
  bound: null,
  selecting: "packet",
  requesting: "packet",
  rebooting: "packet",
  probing: "arp",
  renewing: "udp",
  rebinding: "udp",
};
/** Packets that are looked at in one turn: whoever floods us must not keep the others waiting. */
const packetsMax = 32;
const datagramBytes = 4096;

export class DhcpPort {
  private readonly link: Interface;
  private readonly sockets = new Map<Kind, number>();
  /** Of the last socket that could not be opened; 0: all could. */
  error = 0;

  constructor(link: Interface) {
    this.link = link;
  }

  /** Opens what the phase needs and closes the rest. */
  settle(phase: Phase): void {
    const need = needs[phase];
    for (const [kind, fd] of this.sockets) {
      if (kind === need) continue;
      host.close(fd);
      this.sockets.delete(kind);
    }
    if (need !== null) this.open(need);
  }

  close(): void {
    this.settle("no-carrier");
  }

  /** From no address, to everybody. A message that is lost here is sent again, as one that the network lost. */
  sendFrame(message: DhcpMessage): void {
    const packet = encodeUdp({
      source: anyAddress,
      destination: broadcastAddress,
      sourcePort: Port.client,
      destinationPort: Port.server,
      payload: encodeDhcp(message),
    });
    this.post("packet", encodeEthernet(hardwareBroadcast, this.link.hardware, EtherType.ipv4, packet));
  }

  /** From the leased address. */
  sendDatagram(message: DhcpMessage, to: Ipv4): void {
    const fd = this.open("udp");
    if (fd >= 0) host.udpSend(fd, to, Port.server, encodeDhcp(message));
  }

  probe(address: Ipv4): void {
    this.postArp(anyAddress, address);
  }

  /** Tells the neighbours who has the address now (RFC 5227, 2.3). */
  announce(address: Ipv4): void {
    this.postArp(address, address);
  }

  /** What has come since the last time. `probed`: the address that is probed for, or null. */
  receive(probed: Ipv4 | null): DhcpEvent[] {
    const events: DhcpEvent[] = [];
    for (const [kind, fd] of this.sockets) {
      for (let count = 0; count < packetsMax; count++) {
        const event = kind === "udp" ? readDatagram(fd) : this.readFrame(fd, kind, probed);
        if (event === "empty") break;
        if (event !== null) events.push(event);
      }
    }
    return events;
  }

  private postArp(sender: Ipv4, target: Ipv4): void {
    const { hardware } = this.link;
    const packet = encodeArp({ operation: "request", senderHardware: hardware, sender, target });
    this.post("arp", encodeEthernet(hardwareBroadcast, hardware, EtherType.arp, packet));
  }

  private post(kind: "packet" | "arp", frame: Uint8Array): void {
    const fd = this.open(kind);
    if (fd >= 0) host.send(fd, frame);
  }

  private open(kind: Kind): number {
    const known = this.sockets.get(kind);
    if (known !== undefined) return known;
    const { index, name } = this.link;
    let fd: number;
    if (kind === "udp") fd = host.udpOpen(name, Port.client);
    else if (kind === "arp") fd = host.packetOpen(index, EtherType.arp, 0);
    else fd = host.packetOpen(index, EtherType.ipv4, Port.client);
    this.error = Math.min(fd, 0);
    if (fd < 0) return fd;
    host.watch(fd, Poll.in);
    this.sockets.set(kind, fd);
    return fd;
  }

  private readFrame(fd: number, kind: Kind, probed: Ipv4 | null): DhcpEvent | null | "empty" {
    const received = host.packetReceive(fd);
    if (typeof received === "number") return "empty";
    if (kind === "arp") {
      const body = decodeEthernet(received.frame, EtherType.arp);
      const packet = body === null ? null : decodeArp(body);
      const isTaken = packet !== null && probed !== null && isConflict(packet, probed, this.link.hardware);
      return isTaken ? { kind: "conflict" } : null;
    }
    const body = decodeEthernet(received.frame, EtherType.ipv4);
    const packet = body === null ? null : decodeUdp(body, received.isSummed);
    return packet?.destinationPort === Port.client ? messageEvent(packet.payload) : null;
  }
}

function readDatagram(fd: number): DhcpEvent | null | "empty" {
  const received = host.receive(fd, datagramBytes);
  return typeof received === "number" ? "empty" : messageEvent(received);
}

function messageEvent(bytes: Uint8Array): DhcpEvent | null {
  const message = decodeDhcp(bytes);
  return message === null ? null : { kind: "message", message };
}
