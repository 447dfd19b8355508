/**
 * sd_notify(3): one datagram socket for each instance that needs it, held by init so that a message sent while the
 * manager is away is not lost. A message counts when its sender belongs to the service.
 */

import { Poll } from "../contract.ts";
import type { Event } from "../engine/event.ts";
import { familyOf, type InstanceId, instanceKey, parseInstanceKey, type Ticket } from "../engine/instance.ts";
import { descends, readStat } from "./process-facts.ts";
import type { Watches } from "./watches.ts";

const heldPrefix = "notify:";
const strangersPerTurn = 16;
const ENAMETOOLONG = 36;

export interface NotifyOwner {
  /** Ticket and process number of the running main process, null when there is none. */
  main(instance: InstanceId): { ticket: Ticket; pid: number; uid: number } | null;
  /** The main process may run already, but its process number is not known yet. */
  isStarting(instance: InstanceId): boolean;
  emit(event: Event): void;
}

interface Socket {
  fd: number;
  path: string;
}

export class NotifySockets {
  private readonly sockets = new Map<string, Socket>();
  /** Keys of sockets whose messages wait until the sender can be told from a stranger. */
  private readonly deferred = new Set<string>();
  /** Sockets whose first message was made an event that is not journalled yet: a manager that dies now leaves it there. */
  private readonly peeked = new Set<number>();
  private readonly watches: Watches;
  private readonly owner: NotifyOwner;
  /** Folder of the sockets, or an empty text: abstract names that begin with `prefix`. */
  private directory = "";
  private prefix = "";

  constructor(watches: Watches, owner: NotifyOwner) {
    this.watches = watches;
    this.owner = owner;
  }

  begin(directory: string, prefix: string, held: { name: string; fd: number }[]): void {
    this.directory = directory;
    this.prefix = prefix;
    for (const { name, fd } of held) {
      if (!name.startsWith(heldPrefix)) continue;
      const key = name.slice(heldPrefix.length);
      this.add(key, { fd, path: this.pathOf(key) });
    }
  }

  /** What NOTIFY_SOCKET says for an instance; the socket is made when it is missing. -errno when it cannot be. */
  pathFor(instance: InstanceId): string | number {
    const key = instanceKey(instance);
    const known = this.sockets.get(key);
    if (known !== undefined) return known.path;
    const path = this.pathOf(key);
    if (path.length > 107) return -ENAMETOOLONG;
    if (!path.startsWith("@")) host.remove(path);
    // Any user's service may write to its socket; who did is checked for each message.
    const fd = host.bindDatagram(path, 0o666);
    if (fd < 0) return fd;
    host.hold(heldPrefix + key, fd);
    this.add(key, { fd, path });
    return path;
  }

  forgetUnknown(isKnown: (instance: InstanceId) => boolean): void {
    for (const [key, socket] of [...this.sockets]) if (!isKnown(parseInstanceKey(key))) this.forget(key, socket);
  }

  private forget(key: string, socket: Socket): void {
    this.sockets.delete(key);
    this.peeked.delete(socket.fd);
    if (!this.deferred.delete(key)) this.watches.remove(socket.fd);
    host.close(socket.fd);
    host.releaseHeld(heldPrefix + key);
    if (!socket.path.startsWith("@")) host.remove(socket.path);
  }

  private pathOf(key: string): string {
    return this.directory === "" ? `@${this.prefix}-${key}` : `${this.directory}/${key}`;
  }

  private add(key: string, socket: Socket): void {
    this.sockets.set(key, socket);
    this.watch(key, socket.fd);
  }

  private watch(key: string, fd: number): void {
    this.watches.add(fd, Poll.in, () => this.receiveOrDefer(key, fd));
  }

  /**
   * A quick program's message comes before the answer to its spawn. It stays in the socket, which is not watched
   * meanwhile: a start may take long, and a socket with a message is ready all the time.
   */
  private receiveOrDefer(key: string, fd: number): void {
    const instance = parseInstanceKey(key);
    if (!this.owner.isStarting(instance)) {
      this.receive(instance, fd);
      return;
    }
    this.watches.remove(fd);
    this.deferred.add(key);
  }

  /** After each turn: receives what waited for an answer that has come. */
  receiveDeferred(): void {
    for (const key of this.deferred) {
      const socket = this.sockets.get(key);
      const instance = parseInstanceKey(key);
      if (socket === undefined || this.owner.isStarting(instance)) continue;
      this.deferred.delete(key);
      this.watch(key, socket.fd);
      this.receive(instance, socket.fd);
    }
  }

  /** One message a turn becomes an event; those of strangers are thrown away. */
  private receive(instance: InstanceId, fd: number): void {
    if (this.peeked.has(fd)) return;
    for (let count = 0; count < strangersPerTurn; count++) {
      const message = host.receiveNotify(fd, true);
      if (typeof message === "number") return;
      const main = this.owner.main(instance);
      if (main !== null && !message.truncated && belongs(message, main, instance)) {
        this.peeked.add(fd);
        this.owner.emit(notifyEvent(instance, main.ticket, message.text));
        return;
      }
      host.receiveNotify(fd, false);
    }
  }

  hasSocket(instance: InstanceId): boolean {
    return this.sockets.has(instanceKey(instance));
  }

  /** Whether no message is left; one that is becomes an event of this turn. */
  isDrained(instance: InstanceId): boolean {
    const socket = this.sockets.get(instanceKey(instance));
    if (socket === undefined) return true;
    this.receive(instance, socket.fd);
    return !this.peeked.has(socket.fd);
  }

  /** The events of this turn can no longer be lost: their messages go. */
  journalled(): void {
    for (const fd of this.peeked) host.receiveNotify(fd, false);
    this.peeked.clear();
  }
}

/**
 * The main process, a process with the service's mark, or one that ended meanwhile and had the service's user. Anybody can
 * give itself the mark, so it counts from the service's user, from root, and from children of the main process.
 */
function belongs(
  sender: { pid: number; uid: number },
  main: { pid: number; uid: number },
  instance: InstanceId,
): boolean {
  if (sender.pid === main.pid) return true;
  const environment = host.readFile(`/proc/${sender.pid}/environ`, 128 * 1024);
  if (typeof environment === "number") return sender.uid === main.uid;
  const marks = host.decodeUtf8(environment).split("\0");
  const isMarked = [`GONIT_SERVICE=${familyOf(instance.service)}`, `GONIT_REPLICA=${instance.replica}`].every((mark) =>
    marks.includes(mark),
  );
  return isMarked && (sender.uid === main.uid || sender.uid === 0 || isChild(sender.pid, main.pid));
}

function isChild(pid: number, main: number): boolean {
  const stat = readStat(pid);
  return stat !== null && descends(stat, main);
}

/** Lines NAME=VALUE; names that are not known are left out, as sd_notify(3) asks. */
export function notifyEvent(
  instance: InstanceId,
  ticket: Ticket,
  text: string,
): Extract<Event, { kind: "notify-received" }> {
  const values = new Map<string, string>();
  for (const line of text.split("\n")) {
    const equals = line.indexOf("=");
    if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  const usec = number(values.get("EXTEND_TIMEOUT_USEC"));
  const watchdogUsec = number(values.get("WATCHDOG_USEC"));
  return {
    kind: "notify-received",
    instance,
    ticket,
    ready: values.get("READY") === "1",
    reloading: values.get("RELOADING") === "1",
    stopping: values.get("STOPPING") === "1",
    status: values.get("STATUS")?.slice(0, 1024) ?? null,
    mainPid: number(values.get("MAINPID")),
    errno: number(values.get("ERRNO")),
    extendTimeoutMs: usec === null ? null : Math.ceil(usec / 1000),
    watchdog: watchdogWord(values.get("WATCHDOG")),
    watchdogMs: watchdogUsec === null ? null : Math.max(1, Math.ceil(watchdogUsec / 1000)),
  };
}

function watchdogWord(text: string | undefined): "" | "alive" | "trigger" {
  return text === "1" ? "alive" : text === "trigger" ? "trigger" : "";
}

function number(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Abstract names of an instance's sockets begin with this. */
export function notifyPrefix(id: string): string {
  return `gonit-notify-${id.slice(0, 16)}`;
}
