/** Units of the type socket: sockets that gonit opens for the service behind them. */

import { Raw } from "../config/write-yaml.ts";
import { type At, type DataMap, type Draft, LeftOut, literal } from "./draft.ts";
import { applyRules, nothing, type Rules } from "./rules.ts";
import { isYes } from "./systemd-context.ts";
import type { Unit } from "./systemd-units.ts";

interface SocketContext {
  draft: Draft;
  listens: { text: string; at: At }[];
  /** Keys of each socket but where it listens. */
  shared: DataMap;
}

type SocketRule = (value: string, at: At, context: SocketContext) => void;

const socketOption = new LeftOut("options of sockets are the program's own", "it can set them with setsockopt(2)");
const otherKind = new LeftOut("gonit opens sockets of TCP, UDP and streams of paths", "let the program open it itself");
const hooks = new LeftOut("no commands run beside a socket", "pre_start of its service");
const connections = new LeftOut("one process serves all connections");

function shared(name: string, make: (value: string) => DataMap[string]): SocketRule {
  return (value, _, context) => {
    context.shared[name] = make(value);
  };
}

export const socketRules: Rules<SocketContext, string> = {
  Accept: (value, at, { draft }) => {
    if (isYes(value)) draft.note(at, "no process is started for each connection", "let one process accept all of them");
  },
  Backlog: shared("backlog", (value) => new Raw(/^\d+$/.test(value) ? value : "4096")),
  BindIPv6Only: socketOption,
  BindToDevice: socketOption,
  Broadcast: socketOption,
  DeferAcceptSec: socketOption,
  DirectoryMode: new LeftOut("folders of sockets are not made", "directories: {run: {name: NAME, mode: MODE}}"),
  ExecStartPost: hooks,
  ExecStartPre: hooks,
  ExecStopPost: hooks,
  FileDescriptorName: shared("name", literal),
  FlushPending: socketOption,
  FreeBind: socketOption,
  KeepAlive: socketOption,
  ListenDatagram: (value, at, { listens, draft }) => {
    if (/^[/@]/.test(value)) draft.leave(at, otherKind);
    else if (value !== "") listens.push({ text: `udp:${listenText(value)}`, at });
  },
  ListenFIFO: otherKind,
  ListenMessageQueue: otherKind,
  ListenNetlink: otherKind,
  ListenSequentialPacket: otherKind,
  ListenSpecial: otherKind,
  ListenStream: (value, at, { listens, draft }) => {
    if (value === "") listens.length = 0;
    else if (/^(?:vsock|tipc):|%/.test(value)) draft.leave(at, otherKind);
    else listens.push({ text: listenText(value), at });
  },
  Mark: socketOption,
  MaxConnections: connections,
  MaxConnectionsPerSource: connections,
  NoDelay: socketOption,
  PassCredentials: socketOption,
  PassPacketInfo: socketOption,
  PassSecurity: socketOption,
  Priority: socketOption,
  ReceiveBuffer: socketOption,
  RemoveOnStop: nothing,
  ReusePort: socketOption,
  SendBuffer: socketOption,
  Service: nothing,
  SocketGroup: new LeftOut("a socket has a user and a mode", "sockets: [{user: NAME, mode: MODE}]"),
  SocketMode: shared("mode", (value) => value),
  SocketUser: shared("user", literal),
  Symlinks: hooks,
  TimeoutSec: hooks,
  Timestamping: socketOption,
  Transparent: socketOption,
  TriggerLimitBurst: connections,
  TriggerLimitIntervalSec: connections,
  Writable: otherKind,
};

/** The sockets, as the service behind them has them. */
export function importSocket(unit: Unit, draft: Draft, isLazy: boolean): { sockets: DataMap[]; at: At } {
  const context: SocketContext = { draft, listens: [], shared: {} };
  applyRules(
    unit.entries.filter(({ section }) => section === "Socket"),
    socketRules,
    context,
    draft,
  );
  const { mode, user, ...common } = context.shared;
  const sockets = context.listens.map(({ text }) => {
    const isPath = /^[/@]/.test(text);
    const map: DataMap = { listen: text, ...common };
    if (isPath && mode !== undefined) map.mode = mode;
    if (isPath && user !== undefined) map.user = user;
    if (isLazy) map.lazy = true;
    return map;
  });
  return { sockets, at: context.listens[0]?.at ?? unit.at };
}

/** A port alone is one of all addresses; the rest is written alike. */
function listenText(text: string): string {
  return /^\d+$/.test(text) ? `*:${text}` : literal(text);
}
