/**
 * Sockets that gonit listens on in the place of services (`sockets`). They are open as long as a service is wanted or runs,
 * so that nobody is refused while it restarts, and init holds them, so that nobody is refused while a manager is replaced.
 * For a lazy service that has not been started they are watched: the first connection starts it.
 */

import { Poll, Stage } from "../contract.ts";
import { definitionOf, engineOf, type Node } from "../engine/engine.ts";
import type { Event } from "../engine/event.ts";
import type { Plan, ServicePlan, SocketPlan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import type { Watches } from "./watches.ts";

const heldPrefix = "socket:";
const hashDigits = 16;
const directoryMode = 0o755;
const ENOENT = 2;
const EADDRINUSE = 98;
const EAFNOSUPPORT = 97;
const ECONNREFUSED = 111;

/** The manager. */
interface EngineAccess {
  state(): State;
  emit(event: Event): void;
}

interface OpenSocket {
  held: string;
  socket: SocketPlan;
  fd: number;
  /** Of a path's file, which is removed only as long as it is ours. */
  inode: number;
  isWatched: boolean;
}

interface Failure {
  stage: number;
  errno: number;
  detail: string;
}

export class ServiceSockets {
  private readonly watches: Watches;
  private readonly engine: EngineAccess;
  /** By service. */
  private readonly open = new Map<string, OpenSocket[]>();
  private plan: Plan | null = null;
  /** Services that have sockets by the plan. */
  private owners: string[] = [];

  constructor(watches: Watches, engine: EngineAccess) {
    this.watches = watches;
    this.engine = engine;
  }

  /** Takes over what an earlier manager opened; what no definition asks for any more goes. */
  adopt(held: { name: string; fd: number }[]): void {
    const { byName } = engineOf(this.engine.state());
    for (const { name, fd } of held) {
      if (!name.startsWith(heldPrefix)) continue;
      const service = name.slice(heldPrefix.length, name.lastIndexOf("/"));
      const node = byName.get(service);
      const known = node === undefined ? [] : [...node.plan.sockets, ...definitionOf(node).sockets];
      const socket = known.find((one) => heldName(service, one) === name);
      if (socket === undefined) {
        removeOf(fd, this.engine.state().plan);
        host.close(fd);
        host.releaseHeld(name);
      } else this.add(service, { held: name, socket, fd, inode: inodeOf(socket), isWatched: false });
    }
    this.sync();
  }

  /** Opens and closes what the state asks for. Called often, and cheap where there are no sockets. */
  sync(): void {
    const state = this.engine.state();
    if (state.plan === null) return;
    if (state.plan !== this.plan) {
      this.plan = state.plan;
      this.owners = state.plan.services.filter(({ sockets }) => sockets.length > 0).map(({ name }) => name);
    }
    if (this.owners.length === 0 && this.open.size === 0) return;
    const { byName } = engineOf(state);
    for (const service of new Set([...this.owners, ...this.open.keys()])) this.syncOne(service, byName.get(service));
  }

  private syncOne(service: string, node: Node | undefined): void {
    const wanted = node === undefined ? [] : wantedSockets(node, this.engine.state());
    this.closeOthers(service, wanted);
    for (const socket of wanted) {
      const opened = this.openOne(service, socket);
      if (node === undefined || !node.unit.listens) continue;
      // Its start tells what is wrong.
      if ("errno" in opened) this.tell(node, socket);
      else this.watch(node, opened);
    }
    if (node !== undefined && !node.unit.listens) this.unwatch(service);
  }

  /** What a start of the service gets, in the order of its plan. */
  descriptorsFor({ name, sockets }: ServicePlan): { fds: number[] } | Failure {
    const fds: number[] = [];
    // What it was started with before is open until now; a changed one may want the same address.
    this.closeOthers(name, sockets);
    for (const socket of sockets) {
      const opened = this.openOne(name, socket);
      if ("errno" in opened) return opened;
      fds.push(opened.fd);
    }
    return { fds };
  }

  closeAll(): void {
    for (const service of [...this.open.keys()]) this.closeOthers(service, []);
  }

  private openOne(service: string, socket: SocketPlan): OpenSocket | Failure {
    const held = heldName(service, socket);
    const known = this.open.get(service)?.find((one) => one.held === held);
    if (known !== undefined) return known;
    const fd = listen(socket);
    if (typeof fd !== "number") return fd;
    if (fd < 0) {
      const detail = `cannot listen on ${placeOf(socket)}: ${host.errnoText(fd)}`;
      return { stage: Stage.sockets, errno: -fd, detail };
    }
    host.hold(held, fd);
    const opened = { held, socket, fd, inode: inodeOf(socket), isWatched: false };
    this.add(service, opened);
    return opened;
  }

  private add(service: string, opened: OpenSocket): void {
    const list = this.open.get(service);
    if (list === undefined) this.open.set(service, [opened]);
    else list.push(opened);
  }

  private closeOthers(service: string, wanted: SocketPlan[]): void {
    const list = this.open.get(service);
    if (list === undefined) return;
    const names = new Set(wanted.map((socket) => heldName(service, socket)));
    const kept = list.filter((one) => names.has(one.held));
    for (const one of list) if (!names.has(one.held)) this.close(one);
    if (kept.length === 0) this.open.delete(service);
    else this.open.set(service, kept);
  }

  private close({ held, socket, fd, inode, isWatched }: OpenSocket): void {
    if (isWatched) this.watches.remove(fd);
    host.close(fd);
    host.releaseHeld(held);
    if (inode !== 0 && inodeOf(socket) === inode) host.remove(socket.address);
  }

  private watch(node: Node, opened: OpenSocket): void {
    if (opened.isWatched || !opened.socket.lazy) return;
    opened.isWatched = true;
    this.watches.add(opened.fd, Poll.in, () => {
      this.unwatch(node.unit.name);
      this.tell(node, opened.socket);
    });
  }

  private unwatch(service: string): void {
    for (const opened of this.open.get(service) ?? []) {
      if (!opened.isWatched) continue;
      opened.isWatched = false;
      this.watches.remove(opened.fd);
    }
  }

  private tell(node: Node, { name }: SocketPlan): void {
    this.engine.emit({ kind: "socket-connected", instance: node.id, socket: name });
  }
}

/** While it is wanted; and what a run was started with as long as that goes on. */
function wantedSockets(node: Node, { shutdown }: State): SocketPlan[] {
  const { unit } = node;
  const isOver = unit.state === "failed" || unit.state === "done" || unit.state === "stopped";
  const isWanted = unit.listens || (unit.wanted === "up" && shutdown === null && !isOver);
  const running = unit.run === null ? [] : definitionOf(node).sockets;
  return isWanted && !unit.removed ? [...running, ...node.plan.sockets] : running;
}

/** A socket that differs in anything but who is started by it, and when, is another one. */
function heldName(service: string, { kind, address, port, mode, user, backlog }: SocketPlan): string {
  const hash = host.hash(JSON.stringify([kind, address, port, mode, user, backlog])).slice(0, hashDigits);
  return `${heldPrefix}${service}/${hash}`;
}

/** The file of a socket whose definition has gone with the manager that was to close it. */
function removeOf(fd: number, plan: Plan | null): void {
  const path = host.socketPath(fd);
  const isWanted = plan?.services.some(({ sockets }) => sockets.some(({ address }) => address === path));
  const found = path.startsWith("/") && isWanted !== true ? host.stat(path) : -ENOENT;
  if (typeof found !== "number" && found.kind === "socket") host.remove(path);
}

function placeOf({ kind, address, port }: SocketPlan): string {
  return kind === "unix" ? address : `${address.includes(":") ? `[${address}]` : address}:${port}`;
}

function inodeOf({ kind, address }: SocketPlan): number {
  if (kind !== "unix" || address.startsWith("@")) return 0;
  const found = host.stat(address);
  return typeof found !== "number" && found.kind === "socket" ? found.inode : 0;
}

function listen(socket: SocketPlan): number | Failure {
  const { kind, address, port, mode, user, backlog } = socket;
  if (kind !== "unix") {
    const fd = host.listenInet(address, port, kind === "udp", backlog);
    return fd === -EAFNOSUPPORT && address === "::" ? host.listenInet("0.0.0.0", port, kind === "udp", backlog) : fd;
  }
  const owner = user === "" ? { uid: -1, gid: -1 } : host.lookupUser(user);
  if (typeof owner === "number")
    return { stage: Stage.lookupUser, errno: -owner, detail: `there is no user ${user} for the socket ${address}` };
  host.makeDirectory(address.slice(0, Math.max(1, address.lastIndexOf("/"))), directoryMode, -1, -1);
  const attempt = () => host.listenPath(address, mode, owner.uid, owner.gid, backlog);
  const fd = attempt();
  return fd === -EADDRINUSE && removeStale(address) ? attempt() : fd;
}

/** A socket's file that nobody listens on any more, left by a program that was killed. */
function removeStale(path: string): boolean {
  const found = host.stat(path);
  if (path.startsWith("@") || typeof found === "number" || found.kind !== "socket") return false;
  const fd = host.connectUnix(path);
  if (fd >= 0) host.close(fd);
  return fd === -ECONNREFUSED && host.remove(path) === 0;
}
