/**
 * The built-in service `networking`: brings the loopback up, says which interfaces there are, sets up those that the
 * configuration names, and keeps them so. It is ready when all of them have what they are to have. Without anything to
 * set up it only stays.
 */

import type { NetworkingSettings } from "../../engine/builtin-settings.ts";
import { settingsOf, stayUntilStopped, tellReady } from "../service-life.ts";
import { ServiceFiles } from "./files.ts";
import { describe, type Interface } from "./interfaces.ts";
import { upRequest } from "./link-requests.ts";
import { NetlinkSocket } from "./netlink-socket.ts";
import { Network, removeStale } from "./network.ts";
import { noSetup } from "./setup.ts";

function fail(message: string): never {
  host.print(2, `${message}\n`);
  host.exit(1);
}

function readInterfaces(socket: NetlinkSocket): Interface[] {
  const links = socket.links();
  if (typeof links === "number") fail(`cannot list the network interfaces: ${host.errnoText(links)}`);
  return links;
}

function bringUp(socket: NetlinkSocket, one: Interface): void {
  const error = socket.change((sequence) => upRequest(sequence, one.index));
  if (error !== 0) fail(`cannot bring ${one.name} up: ${host.errnoText(error)}`);
}

function printInterfaces(socket: NetlinkSocket, interfaces: Interface[]): void {
  const addresses = socket.addresses();
  if (typeof addresses === "number") fail(`cannot list the network addresses: ${host.errnoText(addresses)}`);
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
  const settings = settingsOf<NetworkingSettings>();
  if (settings !== null) new Network(settings, socket).run();
  removeStale(new ServiceFiles(), socket, () => noSetup);
  socket.close();
}

configure();
tellReady();
stayUntilStopped();
