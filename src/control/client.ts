/**
 * One connection to the control socket. It has one request served at a time, and the next one only when it has taken
 * the answer: what is kept for it is bounded by one request and one answer. It gets one request served in a turn of the
 * loop, so that one that asks without end leaves time for the others.
 */

import type { Peer } from "../engine/event.ts";
import { mayCall } from "./access.ts";
import { LineSplitter, parseRequest } from "./codec.ts";
import { ErrorCode, type MethodName, type Notification, type RpcError, requestBytesMax } from "./messages.ts";
import { ParamError } from "./params.ts";
import type { Call, Handlers, ServerWatches } from "./server.ts";

const queueBytesMax = 4 * 1024 * 1024;
const waitingMax = 64;
const readBytes = 64 * 1024;
const EAGAIN = 11;

const pollIn = 1;
const pollOut = 4;
const pollHangup = 16;

/** What a client asks of the server that it belongs to. */
export interface ClientServer {
  watches: ServerWatches;
  handlers: Handlers;
  /** What each of the most clients that there can be may hold. */
  shareBytes: number;
  /** One of them holds more. */
  grew: () => void;
  closed: (client: Client) => unknown;
}

export class Client {
  readonly fd: number;
  readonly peer: Peer;
  private readonly server: ClientServer;
  private readonly splitter = new LineSplitter(requestBytesMax);
  /** Requests that came while one was served. */
  private readonly waiting: string[] = [];
  private waitingBytes = 0;
  private readonly out: Uint8Array[] = [];
  private outBytes = 0;
  private busy = false;
  private closing = false;
  private isClosed = false;
  private closeHandler: (() => void) | null = null;

  constructor(fd: number, peer: Peer, server: ClientServer) {
    this.fd = fd;
    this.peer = peer;
    this.server = server;
    server.watches.add(fd, pollIn, (events) => this.ready(events));
  }

  /** Bytes that are kept for it. */
  get heldBytes(): number {
    return this.splitter.bytes + this.waitingBytes + this.outBytes;
  }

  /** Has nothing under way: it may be sent away when others need its place. */
  get isIdle(): boolean {
    return !this.busy && this.heldBytes === 0;
  }

  /** Closes it, with an answer if it takes one at once. */
  dismiss(error: RpcError): void {
    host.send(this.fd, errorLine(null, error));
    this.drop();
  }

  private ready(events: number): void {
    if ((events & pollOut) !== 0) this.flush();
    if (this.isClosed) return;
    if ((events & ~pollOut) !== 0) this.read(events);
    if (!this.isClosed) this.serveNext();
  }

  private read(events: number): void {
    const data = host.receive(this.fd, readBytes);
    if (data === -EAGAIN) return;
    if (typeof data === "number" || (events & pollHangup) !== 0) {
      this.drop();
      return;
    }
    if (data.length === 0) {
      // Half closed, as `nc -N` does: what was asked is still answered.
      this.closing = true;
      this.endIfDone();
      return;
    }
    if (this.closing) return;
    for (const line of this.splitter.push(data)) {
      if ("tooLong" in line) {
        const message = `cannot serve the request: it is longer than ${requestBytesMax} bytes`;
        this.refuse({ code: ErrorCode.invalidRequest, message });
        return;
      }
      if (line.text.trim() === "") continue;
      this.waiting.push(line.text);
      this.waitingBytes += line.text.length;
    }
    if (this.waiting.length > waitingMax)
      this.refuse({ code: ErrorCode.busy, message: "cannot serve the request: too many wait already" });
    this.noteGrowth();
  }

  /** As long as nobody holds more than its share, all together hold no more than is allowed. */
  private noteGrowth(): void {
    if (!this.isClosed && this.heldBytes > this.server.shareBytes) this.server.grew();
  }

  /** One request; the next one in another turn, when its answer is taken. */
  private serveNext(): void {
    if (this.busy || this.isClosed || this.outBytes > 0) return;
    const text = this.waiting.shift();
    if (text === undefined) return;
    this.waitingBytes -= text.length;
    const parsed = parseRequest(text);
    if ("error" in parsed) this.send(errorLine(parsed.id, parsed.error));
    else this.serve(parsed.request.id, parsed.request.method, parsed.request.params);
    this.awaitEvents();
  }

  private serve(id: number | string, method: string, params: Record<string, unknown>): void {
    const { handlers } = this.server;
    const handler = Object.hasOwn(handlers, method) ? handlers[method as MethodName] : undefined;
    if (handler === undefined) {
      const message = `cannot serve the request: there is no method ${method.slice(0, 64)}`;
      this.send(errorLine(id, { code: ErrorCode.unknownMethod, message }));
      return;
    }
    if (!mayCall(method as MethodName, this.peer, host.uid())) {
      const message = `cannot ${method}: user ${this.peer.uid} may only look; ask root or the user that runs gonit`;
      this.send(errorLine(id, { code: ErrorCode.refused, message }));
      return;
    }
    this.busy = true;
    const call = this.makeCall(id, params);
    try {
      handler(call);
    } catch (error) {
      if (!(error instanceof ParamError)) throw error;
      call.fail(error.rpc);
    }
  }

  private makeCall(id: number | string, params: Record<string, unknown>): Call {
    let answered = false;
    const answer = (line: string) => {
      if (answered) return;
      answered = true;
      this.closeHandler = null;
      this.busy = false;
      this.send(line);
      this.awaitEvents();
    };
    return {
      peer: this.peer,
      params,
      result: (value) => answer(`${JSON.stringify({ jsonrpc: "2.0", id, result: value })}\n`),
      fail: (error) => answer(errorLine(id, error)),
      notify: (notification: Notification) => this.send(`${JSON.stringify({ jsonrpc: "2.0", ...notification })}\n`),
      hand: (notification, descriptors) => this.hand(notification, descriptors),
      onClose: (closeHandler) => {
        this.closeHandler = closeHandler;
      },
      queued: () => this.outBytes,
    };
  }

  private refuse(error: RpcError): void {
    this.waiting.length = 0;
    this.waitingBytes = 0;
    this.closing = true;
    this.send(errorLine(null, error));
    this.endIfDone();
  }

  private send(text: string): void {
    if (this.isClosed) return;
    if (this.outBytes > queueBytesMax) {
      this.drop();
      return;
    }
    const data = host.encodeUtf8(text);
    this.out.push(data);
    this.outBytes += data.length;
    if (this.out.length === 1) this.flush();
    this.noteGrowth();
  }

  /** Descriptors come with the first byte, so nothing may wait before it, and none of it may be left. */
  private hand(notification: Notification, descriptors: number[]): boolean {
    const text = `${JSON.stringify({ jsonrpc: "2.0", ...notification })}\n`;
    return !this.isClosed && this.outBytes === 0 && host.sendDescriptors(this.fd, text, descriptors) === text.length;
  }

  private flush(): void {
    while (this.out.length > 0) {
      const data = this.out[0] as Uint8Array;
      const sent = host.send(this.fd, data);
      if (sent === -EAGAIN) break;
      if (sent < 0) {
        this.drop();
        return;
      }
      this.outBytes -= sent;
      if (sent === data.length) this.out.shift();
      else this.out[0] = data.subarray(sent);
    }
    this.endIfDone();
  }

  private endIfDone(): void {
    if (this.isClosed) return;
    if (this.closing && this.outBytes === 0 && !this.busy && this.waiting.length === 0) this.drop();
    else this.awaitEvents();
  }

  /** Room for output wakes as well who has requests left that may be served now. */
  private awaitEvents(): void {
    if (this.isClosed) return;
    const hasMore = this.outBytes > 0 || (!this.busy && this.waiting.length > 0);
    // Whoever asks more than it is answered is not read from: its own socket holds it back.
    const isFull = this.waiting.length > 0 && this.outBytes > 0;
    this.server.watches.change(this.fd, (this.closing || isFull ? 0 : pollIn) | (hasMore ? pollOut : 0));
  }

  private drop(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.server.watches.remove(this.fd);
    host.close(this.fd);
    this.server.closed(this);
    this.closeHandler?.();
  }
}

export function errorLine(id: number | string | null, error: RpcError): string {
  return `${JSON.stringify({ jsonrpc: "2.0", id, error })}\n`;
}
