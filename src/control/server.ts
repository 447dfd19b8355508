/**
 * The control socket's server side: who may connect, and what all clients together may hold. Whoever is idle, or does
 * not take what was asked for, gives way to others. What a connection does stands in client.ts, what a method means in
 * handle-<noun>.ts.
 */

import type { Peer } from "../engine/event.ts";
import { Client, type ClientServer, errorLine } from "./client.ts";
import { ErrorCode, type Methods, type Notification, type RpcError } from "./messages.ts";

const clientsMax = 512;
/** Of one user that is neither root nor ours. */
const strangersMax = 64;
/** Requests and answers of all clients. */
const heldBytesMax = 16 * 1024 * 1024;
const acceptsPerTurn = 32;
const ENFILE = 23;
const EMFILE = 24;

const pollIn = 1;
const pollEdge = 0x80000000;

/** The loop's side, as far as the server needs it. */
export interface ServerWatches {
  add(fd: number, events: number, handler: (events: number) => void): number;
  change(fd: number, events: number): void;
  remove(fd: number): void;
}

/** One request as a handler sees it. Exactly one of result and fail is to be called, now or later. */
export interface Call {
  peer: Peer;
  params: Record<string, unknown>;
  result(value: unknown): void;
  fail(error: RpcError): void;
  notify(notification: Notification): void;
  /** A notification with copies of descriptors; what is called first. false: it cannot be sent now. */
  hand(notification: Notification, descriptors: number[]): boolean;
  /** Called when the client goes away before the answer. */
  onClose(handler: () => void): void;
  /** Bytes that wait to be sent. */
  queued(): number;
}

export type Handler = (call: Call) => void;
export type Handlers = { [Name in keyof Methods]: Handler };

export class ControlServer {
  private readonly watches: ServerWatches;
  private readonly clientServer: ClientServer;
  /** The one that came first is first. */
  private readonly clients = new Set<Client>();
  private listener = -1;
  /** A descriptor that can be given up (refuseOne). */
  private spare = -1;
  private listenerEvents = pollIn;

  constructor(watches: ServerWatches, handlers: Handlers) {
    this.watches = watches;
    this.clientServer = {
      watches,
      handlers,
      shareBytes: heldBytesMax / clientsMax,
      grew: () => this.keepBound(),
      closed: (client) => this.clients.delete(client),
    };
  }

  /** In place of an earlier listener, if there is one. */
  listen(fd: number): void {
    const earlier = this.listener;
    this.close();
    if (earlier >= 0) host.close(earlier);
    this.listener = fd;
    this.listenerEvents = pollIn;
    this.watches.add(fd, pollIn, () => this.accept());
    this.takeSpare();
  }

  /** Stops accepting; open connections stay until they are answered. */
  close(): void {
    if (this.listener < 0) return;
    this.watches.remove(this.listener);
    this.listener = -1;
  }

  private accept(): void {
    for (let count = 0; count < acceptsPerTurn; count++) {
      if (this.spare < 0) this.takeSpare();
      const accepted = host.accept(this.listener);
      if (accepted === -EMFILE || accepted === -ENFILE) {
        this.refuseOne();
        return;
      }
      if (typeof accepted === "number") return;
      const { fd, uid, gid, pid } = accepted;
      if (this.hasPlaceFor(uid)) this.clients.add(new Client(fd, { uid, gid, pid }, this.clientServer));
      else refuse(fd, "cannot serve the request: too many clients");
    }
  }

  /** Where all places are taken, the one that has been there longest without a request under way gives its own. */
  private hasPlaceFor(uid: number): boolean {
    const isStranger = uid !== 0 && uid !== host.uid();
    const rivals = isStranger ? [...this.clients].filter(({ peer }) => peer.uid === uid) : [...this.clients];
    if (rivals.length < (isStranger ? strangersMax : clientsMax) && this.clients.size < clientsMax) return true;
    const idle = rivals.find((client) => client.isIdle);
    idle?.dismiss({ code: ErrorCode.busy, message: "cannot wait for a request: others need the place" });
    return idle !== undefined;
  }

  /** The bound on all that is kept: the one that holds most has to go. */
  private keepBound(): void {
    let held = 0;
    let greatest: Client | null = null;
    for (const client of this.clients) {
      held += client.heldBytes;
      if (greatest === null || client.heldBytes > greatest.heldBytes) greatest = client;
    }
    if (held > heldBytesMax)
      greatest?.dismiss({ code: ErrorCode.busy, message: "cannot serve the request: too much waits to be taken" });
  }

  /** Without one we look only when somebody new comes, not for as long as somebody waits, which would be all the time. */
  private takeSpare(): void {
    this.spare = host.memory("spare");
    const events = this.spare < 0 ? pollIn | pollEdge : pollIn;
    if (events !== this.listenerEvents) this.watches.change(this.listener, events);
    this.listenerEvents = events;
  }

  /** No descriptor is left for a client. The spare one tells it so: else it would wait, and not know for what. */
  private refuseOne(): void {
    if (this.spare < 0) return;
    host.close(this.spare);
    this.spare = -1;
    const accepted = host.accept(this.listener);
    if (typeof accepted !== "number")
      refuse(accepted.fd, "cannot serve the request: gonit has no file descriptors left");
    this.takeSpare();
  }
}

function refuse(fd: number, message: string): void {
  host.send(fd, errorLine(null, { code: ErrorCode.busy, message }));
  host.close(fd);
}
