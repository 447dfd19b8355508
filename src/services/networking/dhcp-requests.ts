/** The messages of a client (RFC 2131, table 5). Pure. */

import { type DhcpMessage, MessageType, Option } from "./dhcp-message.ts";
import { type Ipv4, ipv4Bytes } from "./ipv4.ts";

export type ClientMessage =
  /** With an address that the client would like to have. */
  | { kind: "discover"; address: Ipv4 | null }
  /** Takes an offer. */
  | { kind: "select"; address: Ipv4; server: Ipv4 }
  /** Asks whether the address is still ours; renew and rebind do so while it is in use. */
  | { kind: "reboot" | "renew" | "rebind"; address: Ipv4 }
  | { kind: "decline"; address: Ipv4; server: Ipv4 };

interface Sender {
  hardwareAddress: number[];
  hostName: string;
  transaction: number;
  seconds: number;
}

/** What is asked of the server; 121 stands before 3, as RFC 3442 wants. */
const parameters = [
  Option.mask,
  Option.classlessRoutes,
  Option.router,
  Option.nameServer,
  Option.hostName,
  Option.domain,
  Option.mtu,
  Option.leaseTime,
  Option.server,
  Option.renewTime,
  Option.rebindTime,
  Option.search,
];
/** An Ethernet frame less the headers of IPv4 and UDP. */
const messageBytesMax = 1472;
const types = {
  discover: MessageType.discover,
  select: MessageType.request,
  reboot: MessageType.request,
  renew: MessageType.request,
  rebind: MessageType.request,
  decline: MessageType.decline,
} as const;

export function clientMessage(what: ClientMessage, sender: Sender): DhcpMessage {
  const options = new Map<number, Uint8Array>();
  const add = (code: number, ...bytes: number[]) => options.set(code, new Uint8Array(bytes));
  add(Option.messageType, types[what.kind]);
  add(Option.clientId, 1, ...sender.hardwareAddress);
  const isInUse = what.kind === "renew" || what.kind === "rebind";
  if (what.address !== null && !isInUse) add(Option.requestedAddress, ...ipv4Bytes(what.address));
  if ("server" in what) add(Option.server, ...ipv4Bytes(what.server));
  if (what.kind !== "decline") {
    add(Option.sizeMax, messageBytesMax >> 8, messageBytesMax & 255);
    add(Option.parameters, ...parameters);
    if (sender.hostName !== "") add(Option.hostName, ...[...sender.hostName].map((letter) => letter.charCodeAt(0)));
  }
  return {
    operation: 1,
    transaction: sender.transaction,
    seconds: sender.seconds,
    clientAddress: isInUse && what.address !== null ? what.address : 0,
    yourAddress: 0,
    hardwareAddress: sender.hardwareAddress,
    options,
  };
}
