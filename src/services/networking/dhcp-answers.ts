/** Which answers of servers a client takes, and how long it waits for one. Pure. */

import { type Lease, readLease } from "./dhcp-lease.ts";
import { addressOption, type DhcpMessage, MessageType, messageType, Option } from "./dhcp-message.ts";
import type { DhcpClient } from "./dhcp-state.ts";
import type { Ipv4 } from "./ipv4.ts";

/** What an offer offers; null: it is none, or none that can be used. */
export function offered(message: DhcpMessage): { address: Ipv4; server: Ipv4 } | null {
  if (messageType(message) !== MessageType.offer) return null;
  const lease = readLease(message);
  return lease === null ? null : { address: lease.address, server: lease.server };
}

/** The lease that was asked for, granted; null: it is not. */
export function acknowledged(client: DhcpClient, message: DhcpMessage): Lease | null {
  if (messageType(message) !== MessageType.acknowledge) return null;
  const lease = readLease(message);
  if (lease === null) return null;
  switch (client.phase) {
    case "requesting":
      return lease.address === client.wanted?.address && lease.server === client.wanted.server ? lease : null;
    case "rebooting":
    case "renewing":
    case "rebinding":
      return lease.address === client.lease?.lease.address ? lease : null;
    default:
      return null;
  }
}

/** Whether a server that has a say in it refuses the address. */
export function refused(client: DhcpClient, message: DhcpMessage): boolean {
  if (messageType(message) !== MessageType.refuse) return false;
  const server = addressOption(message, Option.server);
  switch (client.phase) {
    case "requesting":
      return server === client.wanted?.server;
    case "renewing":
      return server === client.lease?.lease.server;
    case "rebooting":
    case "rebinding":
      return server !== null;
    default:
      return false;
  }
}

/** RFC 2131, 4.1: 4, 8, 16, 32, then 64 seconds, each one second more or less by chance. */
export function retryMs(attempts: number, random: number): number {
  return 4000 * 2 ** Math.min(attempts - 1, 4) + (random % 2001) - 1000;
}
