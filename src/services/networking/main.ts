/**
 * The built-in service `networking`: brings the loopback up, says which interfaces there are, and stays. It is ready
 * when that is done.
 */

import { stayUntilStopped, tellReady } from "../service-life.ts";
import {
  addressesRequest,
  decodeAddress,
  decodeInterface,
  describe,
  type Interface,
  linksRequest,
} from "./interfaces.ts";
import { upRequest } from "./link-requests.ts";
import { NetlinkSocket } from "./netlink-socket.ts";

function fail(message: string): never {
  host.print(2, `${message}\n`);
  host.exit(1);
}

function readInterfaces(socket: NetlinkSocket): Interface[] {
  const messages = socket.dump(linksRequest);
  if (typeof messages === "number") fail(`cannot list the network interfaces: ${host.errnoText(messages)}`);
  return messages.map(decodeInterface).filter((one) => one !== null);
}

function bringUp(socket: NetlinkSocket, one: Interface): void {
  const error = socket.change((sequence) => upRequest(sequence, one.index));
  if (error !== 0) fail(`cannot bring ${one.name} up: ${host.errnoText(error)}`);
}

function printInterfaces(socket: NetlinkSocket, interfaces: Interface[]): void {
  const messages = socket.dump(addressesRequest);
  if (typeof messages === "number") fail(`cannot list the network addresses: ${host.errnoText(messages)}`);
  const addresses = messages.map(decodeAddress).filter((one) => one !== null);
  host.print(
    1,
    describe(interfaces, addresses)
      .map((line) => `${line}\n`)
      .join(""),
  );
}

/** Some sandboxes refuse netlink; the loopback comes up without it. */
function withoutNetlink(error: number): void {
  const result = host.setLoopbackUp();
  if (result < 0) fail(`cannot bring lo up: ${host.errnoText(result)}`);
  host.print(1, `Interface lo is up; the others cannot be listed: ${host.errnoText(error)}\n`);
}

function configure(): void {
  const socket = NetlinkSocket.open();
  if (typeof socket === "number") {
    withoutNetlink(socket);
    return;
  }
  const found = readInterfaces(socket);
  for (const one of found) if (one.isLoopback && !one.isUp) bringUp(socket, one);
  printInterfaces(socket, readInterfaces(socket));
  socket.close();
}

configure();
tellReady();
stayUntilStopped();
