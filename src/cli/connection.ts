/**
 * The client's side of the control socket: one request at a time, waiting. When the connection breaks because the
 * manager was replaced, it connects again and asks for the answer of what was accepted; nothing is asked twice that
 * could do something twice.
 */

import { ExitCode, Poll } from "../contract.ts";
import { LineSplitter } from "../control/codec.ts";
import { ErrorCode, type MethodName, type Methods, type Notification, type RpcError } from "../control/messages.ts";
import { abstractSocket, firstSocket, instanceNameOf, socketDirectories } from "../control/socket-path.ts";
import { ClientEnd } from "./client-end.ts";
import type { Context } from "./command.ts";
import { hasEnded } from "./has-ended.ts";
import { printError, variable } from "./output.ts";

const answerBytesMax = 64 * 1024 * 1024;
const reconnectMs = 10_000;
const reconnectPauseMs = 20;
const ENOENT = 2;
const EAGAIN = 11;
const EACCES = 13;

/** Verbs that are no words of doing. */
const nouns = ["status", "ps", "ls", "why", "logs", "events", "graph", "top", "health", "networking", "version"];

export type Answer<Name extends MethodName> = { result: Methods[Name]["result"] } | { error: RpcError };

interface Connected {
  fd: number;
  path: string;
}

export class Connection {
  private fd: number;
  /** Of the socket that answered. */
  readonly path: string;
  /** How bytes are read; whoever wants descriptors takes them here. */
  receive = (fd: number): Uint8Array | number => host.receive(fd, 65_536);
  /** What is done until the socket is ready: returns when it is. */
  wait = waitFor;
  /** What is done while nobody answers, for so long at most. */
  pause = (ms: number): unknown => host.poll(ms);
  private readonly splitter = new LineSplitter(answerBytesMax);
  private readonly lines: string[] = [];
  private nextId = 1;

  private constructor({ fd, path }: Connected) {
    this.fd = fd;
    this.path = path;
  }

  /** -errno when nothing answers on any of the paths. */
  static open(paths: string[]): Connection | number {
    const connected = connectAny(paths);
    return typeof connected === "number" ? connected : new Connection(connected);
  }

  /** Asks and waits for the answer; notifications go to `notified` as they come. */
  request<Name extends MethodName>(
    method: Name,
    params: Methods[Name]["params"],
    notified: (notification: Notification) => void = () => {},
  ): Answer<Name> {
    let accepted: number | null = null;
    let answer = this.ask(method, params, (notification) => {
      if (notification.method === "accepted") accepted = notification.params.request;
      notified(notification);
    });
    while (answer === null) {
      const problem = this.reconnect();
      if (problem !== "") return { error: { code: ErrorCode.internal, message: problem } };
      if (accepted === null) answer = this.ask(method, params, notified);
      else answer = this.ask("resume", { request: accepted }, notified) as Answer<Name> | null;
      // The request itself was lost with the manager: it was never begun, so it can be asked again.
      if (method !== "exec" && accepted !== null && isUnknown(answer)) {
        accepted = null;
        answer = this.ask(method, params, notified);
      }
    }
    return answer;
  }

  close(): void {
    host.close(this.fd);
  }

  /** null: the connection ended before the answer. */
  private ask<Name extends MethodName>(
    method: Name,
    params: Methods[Name]["params"],
    notified: (notification: Notification) => void,
  ): Answer<Name> | null {
    const id = this.nextId++;
    if (!this.send(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`)) return null;
    for (;;) {
      const line = this.readLine();
      if (line === null) return null;
      const message = JSON.parse(line) as { id?: unknown; method?: string; result?: unknown; error?: RpcError };
      if (message.method !== undefined) notified(message as unknown as Notification);
      else if (message.error !== undefined) return { error: message.error };
      else if (message.id === id) return { result: message.result as Methods[Name]["result"] };
    }
  }

  private send(text: string): boolean {
    let data = host.encodeUtf8(text);
    while (data.length > 0) {
      const sent = host.send(this.fd, data);
      if (sent === -EAGAIN) this.wait(this.fd, Poll.out);
      else if (sent < 0) return false;
      else data = data.subarray(sent);
    }
    return true;
  }

  private readLine(): string | null {
    for (;;) {
      const line = this.lines.shift();
      if (line !== undefined) return line;
      const data = this.receive(this.fd);
      if (data === -EAGAIN) {
        this.wait(this.fd, Poll.in);
        continue;
      }
      if (typeof data === "number" || data.length === 0) return null;
      for (const next of this.splitter.push(data)) if ("text" in next) this.lines.push(next.text);
    }
  }

  /** Why it cannot be done; empty: it is. */
  private reconnect(): string {
    host.unwatch(this.fd);
    host.close(this.fd);
    const until = host.now().monotonicMs + reconnectMs;
    while (host.now().monotonicMs < until) {
      const fd = connectPatiently(this.path);
      if (fd >= 0) {
        this.fd = fd;
        return "";
      }
      if (hasEnded(this.path, fd)) return "cannot go on: gonit has ended";
      this.pause(reconnectPauseMs);
    }
    return "cannot go on: the connection to gonit was lost";
  }
}

function isUnknown(answer: Answer<MethodName> | null): boolean {
  return answer !== null && "error" in answer && answer.error.code === ErrorCode.unknownRequest;
}

function waitFor(fd: number, events: number): void {
  host.watch(fd, events);
  host.poll(-1);
  host.unwatch(fd);
}

/** The first that answers. -EACCES where one is there that we may not use, else -ENOENT. */
function connectAny(paths: string[]): Connected | number {
  let error = -ENOENT;
  for (const path of paths) {
    const fd = connectPatiently(path);
    if (fd >= 0) return { fd, path };
    if (fd === -EACCES) error = fd;
  }
  return error;
}

/** EAGAIN: it is there, and so many clients wait already that there is no place in its queue, see listen(2). */
function connectPatiently(path: string): number {
  const until = host.now().monotonicMs + reconnectMs;
  for (;;) {
    const fd = host.connectUnix(path);
    if (fd !== -EAGAIN || host.now().monotonicMs >= until) return fd;
    host.poll(reconnectPauseMs);
  }
}

/** Sockets to try, in order: what was named, else the instance of the configuration here, else the system's. */
export function socketCandidates(context: Context): string[] {
  const named = context.options.text("--socket") ?? variable("GONIT_SOCKET");
  if (named !== "") return [named];
  const uid = host.uid();
  const directories = socketDirectories(uid, variable("XDG_RUNTIME_DIR"));
  const names = [context.options.text("--instance") ?? localInstance()].filter((name) => name !== null);
  const paths: string[] = [];
  for (const name of names) {
    for (const directory of directories) paths.push(`${directory}/${name}.sock`);
    paths.push(abstractSocket(uid, name));
  }
  if (context.options.has("--instance")) return paths;
  return [...paths, firstSocket, abstractSocket(uid, "main"), abstractSocket(0, "main")];
}

/** Instance of the configuration file here or above, as `gonit up` would find it. */
function localInstance(): string | null {
  let directory = host.workingDirectory();
  for (;;) {
    for (const file of ["config.yml", "config.yaml", "Procfile"]) {
      const path = `${directory === "/" ? "" : directory}/${file}`;
      if (typeof host.stat(path) === "object") {
        const real = host.realPath(path);
        return typeof real === "string" ? instanceNameOf(real) : null;
      }
    }
    if (directory === "/") return null;
    directory = directory.slice(0, directory.lastIndexOf("/")) || "/";
  }
}

/** A connection, or the end of this client with the reason told. */
export function connect(context: Context): Connection {
  const paths = socketCandidates(context);
  const connection = Connection.open(paths);
  if (typeof connection !== "number") return connection;
  printError(
    connection === -EACCES
      ? `cannot reach gonit: user ${host.uid()} may not use the control socket ${paths[0]}; try it as root or as the user that runs gonit`
      : `cannot reach gonit: nothing answers on ${paths[0]}; start one with gonit up, or name it with --socket`,
  );
  throw new ClientEnd(ExitCode.unreachable);
}

/** The result, or the end of this client with the error told. */
export function ask<Name extends MethodName>(
  context: Context,
  connection: Connection,
  method: Name,
  params: Methods[Name]["params"],
  notified: (notification: Notification) => void = () => {},
): Methods[Name]["result"] {
  const answer = connection.request(method, params, notified);
  if ("result" in answer) return answer.result;
  const { error } = answer;
  if (error.data?.problems !== undefined) host.print(2, error.data.problems);
  const what = nouns.includes(context.verb) ? `show ${context.verb}` : context.verb;
  printError(error.message.startsWith("cannot") ? error.message : `cannot ${what}: ${error.message}`);
  throw new ClientEnd(exitCodeOf(error));
}

function exitCodeOf(error: RpcError): number {
  if (error.data?.exitCode !== undefined) return error.data.exitCode;
  if (error.code === ErrorCode.noSuchService) return ExitCode.noSuchService;
  if (error.code === ErrorCode.refused) return ExitCode.refused;
  if (error.code === ErrorCode.notRunning) return ExitCode.notRunning;
  if (error.code === ErrorCode.invalidParams) return ExitCode.usage;
  if (error.code === ErrorCode.internal) return ExitCode.unreachable;
  return ExitCode.failed;
}
