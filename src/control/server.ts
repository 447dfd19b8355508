/**
 * The control socket's server side: connections, lines, answers. Each connection has one open request at a time and a
 * bounded queue of bytes to send; one that does not read is dropped when that is full, one that sends rubbish gets an
 * error and is closed. What a method means stands in handle-<noun>.ts.
 */

import type { Peer } from "../engine/event.ts";
import { mayCall } from "./access.ts";
import { LineSplitter, parseRequest } from "./codec.ts";
import {
  ErrorCode,
  type MethodName,
  type Methods,
  type Notification,
  type RpcError,
  requestBytesMax,
} from "./messages.ts";
import { ParamError } from "./params.ts";

const clientsMax = 512;
const queueBytesMax = 4 * 1024 * 1024;
const acceptsPerTurn = 32;
const readBytes = 64 * 1024;
const EAGAIN = 11;
const ENFILE = 23;
const EMFILE = 24;

const pollIn = 1;
const pollOut = 4;
const pollHangup = 16;
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
  /** Called when the client goes away before the answer. */
  onClose(handler: () => void): void;
  /** Bytes that wait to be sent. */
  queued(): number;
}

export type Handler = (call: Call) => void;
export type Handlers = { [Name in keyof Methods]: Handler };

interface Client {
  fd: number;
  peer: Peer;
  splitter: LineSplitter;
  waiting: string[];
  busy: boolean;
  out: Uint8Array[];
  outBytes: number;
  closing: boolean;
  closed: boolean;
  closeHandler: (() => void) | null;
}

export class ControlServer {
  private readonly watches: ServerWatches;
  private readonly handlers: Handlers;
  private readonly clients = new Map<number, Client>();
  private listener = -1;
  /** A descriptor that can be given up (refuseOne). */
  private spare = -1;
  private listenerEvents = pollIn;

  constructor(watches: ServerWatches, handlers: Handlers) {
    this.watches = watches;
    this.handlers = handlers;
  }

  listen(fd: number): void {
    this.listener = fd;
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
      if (this.clients.size >= clientsMax) {
        host.send(fd, errorLine(null, { code: ErrorCode.busy, message: "cannot serve the request: too many clients" }));
        host.close(fd);
        continue;
      }
      const client: Client = {
        fd,
        peer: { uid, gid, pid },
        splitter: new LineSplitter(requestBytesMax),
        waiting: [],
        busy: false,
        out: [],
        outBytes: 0,
        closing: false,
        closed: false,
        closeHandler: null,
      };
      this.clients.set(fd, client);
      this.watches.add(fd, pollIn, (events) => this.ready(client, events));
    }
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
    if (typeof accepted !== "number") {
      const message = "cannot serve the request: gonit has no file descriptors left";
      host.send(accepted.fd, errorLine(null, { code: ErrorCode.busy, message }));
      host.close(accepted.fd);
    }
    this.takeSpare();
  }

  private ready(client: Client, events: number): void {
    if ((events & pollOut) !== 0) this.flush(client);
    if (client.closed || (events & ~pollOut) === 0) return;
    const data = host.receive(client.fd, readBytes);
    if (data === -EAGAIN) return;
    if (typeof data === "number" || (events & pollHangup) !== 0) {
      this.drop(client);
      return;
    }
    if (data.length === 0) {
      // Half closed, as `nc -N` does: what was asked is still answered.
      client.closing = true;
      if (!client.busy && client.outBytes === 0) this.drop(client);
      else this.watches.change(client.fd, client.outBytes > 0 ? pollOut : 0);
      return;
    }
    if (client.closing) return;
    for (const line of client.splitter.push(data)) {
      if ("tooLong" in line) {
        const message = `cannot serve the request: it is longer than ${requestBytesMax} bytes`;
        this.refuse(client, { code: ErrorCode.invalidRequest, message });
        return;
      }
      if (line.text.trim() !== "") client.waiting.push(line.text);
    }
    if (client.waiting.length > 64) {
      this.refuse(client, { code: ErrorCode.busy, message: "cannot serve the request: too many wait already" });
      return;
    }
    this.serveNext(client);
  }

  private serveNext(client: Client): void {
    while (!client.busy && !client.closed) {
      const text = client.waiting.shift();
      if (text === undefined) return;
      const parsed = parseRequest(text);
      if ("error" in parsed) this.send(client, errorLine(parsed.id, parsed.error));
      else this.serve(client, parsed.request.id, parsed.request.method, parsed.request.params);
    }
  }

  private serve(client: Client, id: number | string, method: string, params: Record<string, unknown>): void {
    const handler = Object.hasOwn(this.handlers, method) ? this.handlers[method as MethodName] : undefined;
    if (handler === undefined) {
      const message = `cannot serve the request: there is no method ${method.slice(0, 64)}`;
      this.send(client, errorLine(id, { code: ErrorCode.unknownMethod, message }));
      return;
    }
    if (!mayCall(method as MethodName, client.peer, host.uid())) {
      const message = `cannot ${method}: user ${client.peer.uid} may only look; ask root or the user that runs gonit`;
      this.send(client, errorLine(id, { code: ErrorCode.refused, message }));
      return;
    }
    client.busy = true;
    let answered = false;
    const answer = (line: string) => {
      if (answered) return;
      answered = true;
      client.closeHandler = null;
      client.busy = false;
      this.send(client, line);
      this.serveNext(client);
    };
    const call: Call = {
      peer: client.peer,
      params,
      result: (value) => answer(`${JSON.stringify({ jsonrpc: "2.0", id, result: value })}\n`),
      fail: (error) => answer(errorLine(id, error)),
      notify: (notification) => this.send(client, `${JSON.stringify({ jsonrpc: "2.0", ...notification })}\n`),
      onClose: (closeHandler) => {
        client.closeHandler = closeHandler;
      },
      queued: () => client.outBytes,
    };
    try {
      handler(call);
    } catch (error) {
      if (!(error instanceof ParamError)) throw error;
      call.fail(error.rpc);
    }
  }

  private refuse(client: Client, error: RpcError): void {
    client.waiting.length = 0;
    client.closing = true;
    this.send(client, errorLine(null, error));
    if (client.outBytes === 0) this.drop(client);
  }

  private send(client: Client, text: string): void {
    if (client.closed) return;
    const data = host.encodeUtf8(text);
    if (client.outBytes > queueBytesMax) {
      this.drop(client);
      return;
    }
    client.out.push(data);
    client.outBytes += data.length;
    if (client.out.length === 1) this.flush(client);
  }

  private flush(client: Client): void {
    while (client.out.length > 0) {
      const data = client.out[0] as Uint8Array;
      const sent = host.send(client.fd, data);
      if (sent === -EAGAIN) break;
      if (sent < 0) {
        this.drop(client);
        return;
      }
      client.outBytes -= sent;
      if (sent === data.length) client.out.shift();
      else client.out[0] = data.subarray(sent);
    }
    if (client.closing && client.outBytes === 0 && !client.busy) {
      this.drop(client);
      return;
    }
    const input = client.closing ? 0 : pollIn;
    this.watches.change(client.fd, client.outBytes > 0 ? input | pollOut : input);
  }

  private drop(client: Client): void {
    if (client.closed) return;
    client.closed = true;
    this.clients.delete(client.fd);
    this.watches.remove(client.fd);
    host.close(client.fd);
    client.closeHandler?.();
  }
}

function errorLine(id: number | string | null, error: RpcError): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, error })}\n`;
}
