/** The key `sockets` of a service: what gonit listens on in its place. */

import { parseMode } from "./mode.ts";
import { folderOf, resolvePath } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, listOf, type NodeSchema, scalar } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";
import { boolean, filledText, matchingText, wholeNumber } from "./values.ts";

export interface SocketSource {
  name: string | null;
  kind: "tcp" | "udp" | "unix";
  /** An IP address, or a path; @ is a name without a file. */
  address: string;
  port: number;
  mode: number;
  user: string | null;
  backlog: number;
  lazy: boolean;
}

type Place = Pick<SocketSource, "kind" | "address" | "port">;

const usualMode = 0o666;
const usualBacklog = 4096;
/** unix(7): sun_path, with the zero behind it. */
const pathBytesMax = 107;
/** Beside the other descriptors of a spawn request (SPAWN_DESCRIPTORS_MAX of host/spawn.h). */
const socketsMax = 32;
const addressFix = "write ADDRESS:PORT, *:PORT for all addresses, or the path of a socket";
const withPort = /^(?:\[([0-9a-fA-F:.]+)\]|(\*|localhost|[\d.]+)):(\d{1,5})$/;

const listen: NodeSchema<Place> = changed(filledText("an address, or the path of a socket"), (text, node, result) => {
  const refuse = (why: string) => {
    result.refuse(node, "value", `cannot listen on ${text}: ${why}`, addressFix);
    return undefined;
  };
  const isDatagram = text.startsWith("udp:");
  const place = isDatagram ? text.slice(4) : text;
  const found = withPort.exec(place);
  if (found !== null) {
    const port = Number(found[3]);
    if (port < 1 || port > 65_535) return refuse("ports go from 1 to 65535");
    const words: Record<string, string> = { "*": "::", localhost: "127.0.0.1" };
    const host = (found[1] ?? found[2]) as string;
    return { kind: isDatagram ? "udp" : "tcp", address: words[host] ?? host, port };
  }
  if (isDatagram || /^\d+$/.test(place)) return refuse("it has no address and port");
  if (place.includes(":")) return refuse("names are not looked up");
  const address = place.startsWith("@") ? place : resolvePath(folderOf(node.document.path), place);
  if (address.length > pathBytesMax) return refuse(`a path has at most ${pathBytesMax} bytes`);
  return { kind: "unix", address, port: 0 };
});

const name = matchingText(
  "the name of a socket",
  /^[A-Za-z0-9_.-]{1,100}$/,
  "only letters, digits, _ . and - are allowed, at most 100",
  "write letters, digits, _ . and - only",
);

const mode: NodeSchema<number> = scalar("a mode", { type: ["string", "integer"] }, (value) => {
  const bits = parseMode(value);
  return typeof bits === "number" && bits > 0o777 ? new Refusal("it is larger than 777") : bits;
});

const alone = (place: Place): SocketSource => ({
  ...place,
  name: null,
  mode: usualMode,
  user: null,
  backlog: usualBacklog,
  lazy: false,
});

const socket: NodeSchema<SocketSource> = byKind("a socket", {
  scalar: changed(listen, alone),
  map: changed(
    keyed(
      "a socket",
      {
        name: described(name, "What LISTEN_FDNAMES calls it. Default: the service's name."),
        listen: described(listen, "ADDRESS:PORT, *:PORT, udp:ADDRESS:PORT, a path, or @NAME."),
        mode: described(mode, "Permission bits of a path in octal. Default 0666."),
        user: described(filledText("a user"), "Owner of a path. Default: the service's user."),
        backlog: described(wholeNumber("a number", 1, 65_535), "Connections that may wait. Default 4096."),
        lazy: described(boolean, "true: the service is started with the first connection. Default false."),
      },
      { required: ["listen"] },
    ),
    ({ listen: place, ...rest }, node, result) => {
      if (place === undefined) return undefined;
      const isPath = place.kind === "unix" && !place.address.startsWith("@");
      for (const key of ["mode", "user"] as const) {
        if (isPath || rest[key] === undefined) continue;
        result.refuse(node, "contradiction", `cannot give this socket a ${key}: only a path has one`, `remove ${key}`);
      }
      const { name: own = null, mode: bits = usualMode, user = null, backlog = usualBacklog, lazy = false } = rest;
      return { ...place, name: own, mode: bits, user, backlog, lazy };
    },
  ),
});

export const sockets: NodeSchema<SocketSource[]> = changed(listOf(socket, "sockets"), (list, node, result) => {
  if (list.length > socketsMax)
    result.refuse(node, "value", `cannot listen on ${list.length} sockets: a service has at most ${socketsMax}`);
  return list;
});
