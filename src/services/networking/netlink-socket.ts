/** Questions to the kernel, one after the other, each with an end: its answer, an error, or the limit. */

import { Poll } from "../../contract.ts";
import {
  addressesRequest,
  decodeAddress,
  decodeInterface,
  type Interface,
  type InterfaceAddress,
  linksRequest,
} from "./interfaces.ts";
import { decodeMessages, errorOf, NetlinkFlag, type NetlinkMessage, NetlinkType } from "./netlink-message.ts";

const errno = { intr: 4, again: 11, proto: 71, timedOut: 110 } as const;
const answerMs = 5000;
/** The kernel fills at most 32 KiB of a dump at once. */
const datagramBytes = 65536;
/** Far more than any machine has interfaces and addresses. */
const messagesMax = 100_000;
/** A dump that was overtaken by a change is asked for again. */
const tries = 5;

export class NetlinkSocket {
  private readonly fd: number;
  private sequence = 0;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** -errno when there is no netlink here. */
  static open(): NetlinkSocket | number {
    const fd = host.netlinkOpen(0);
    if (fd < 0) return fd;
    host.watch(fd, Poll.in);
    return new NetlinkSocket(fd);
  }

  close(): void {
    host.close(this.fd);
  }

  /** All interfaces, or a positive errno. */
  links(): Interface[] | number {
    const messages = this.dump(linksRequest);
    return typeof messages === "number" ? messages : messages.map(decodeInterface).filter((one) => one !== null);
  }

  /** All addresses of all interfaces, or a positive errno. */
  addresses(): InterfaceAddress[] | number {
    const messages = this.dump(addressesRequest);
    return typeof messages === "number" ? messages : messages.map(decodeAddress).filter((one) => one !== null);
  }

  /** All messages of a dump, or a positive errno. */
  private dump(request: (sequence: number) => Uint8Array): NetlinkMessage[] | number {
    let result: NetlinkMessage[] | number = errno.intr;
    for (let at = 0; at < tries && result === errno.intr; at++) result = this.ask(request);
    return result;
  }

  /** Asks for a change; 0, or a positive errno. */
  change(request: (sequence: number) => Uint8Array): number {
    const result = this.ask(request);
    return typeof result === "number" ? result : 0;
  }

  private ask(request: (sequence: number) => Uint8Array): NetlinkMessage[] | number {
    const sequence = ++this.sequence;
    const error = host.netlinkSend(this.fd, request(sequence));
    return error < 0 ? -error : this.answer(sequence, host.now().monotonicMs + answerMs);
  }

  private answer(sequence: number, endMs: number): NetlinkMessage[] | number {
    const found: NetlinkMessage[] = [];
    for (;;) {
      const datagram = this.receive(endMs);
      if (typeof datagram === "number") return datagram;
      const messages = decodeMessages(datagram);
      if (messages === null || found.length > messagesMax) return errno.proto;
      for (const message of messages) {
        // What is left of an earlier answer.
        if (message.sequence !== sequence) continue;
        if ((message.flags & NetlinkFlag.dumpInterrupted) !== 0) return errno.intr;
        if (message.type === NetlinkType.error || message.type === NetlinkType.done) {
          return endOf(message, found);
        }
        found.push(message);
      }
    }
  }

  private receive(endMs: number): Uint8Array | number {
    for (;;) {
      const datagram = host.receive(this.fd, datagramBytes);
      if (typeof datagram !== "number") return datagram;
      if (datagram !== -errno.again) return -datagram;
      const leftMs = endMs - host.now().monotonicMs;
      if (leftMs <= 0) return errno.timedOut;
      host.poll(leftMs);
    }
  }
}

function endOf(message: NetlinkMessage, found: NetlinkMessage[]): NetlinkMessage[] | number {
  const error = errorOf(message);
  // A dump's end says nothing where all went well, on old kernels.
  if (error === null) return message.type === NetlinkType.done ? found : errno.proto;
  return error === 0 ? found : error;
}
