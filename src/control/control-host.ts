/** What the handlers of control requests need of the manager. The runtime implements it; tests use a small one. */

import type { Reply } from "../engine/effect.ts";
import type { Gate, Peer, Request } from "../engine/event.ts";
import type { Ticket } from "../engine/instance.ts";
import type { Explanation, SystemStatus } from "../engine/view.ts";
import type { SystemGraph } from "../engine/view-graph.ts";
import type { EnableResult, ExecRequest, ExecResult, HistoryResult, PlanResult, VersionInfo } from "./messages.ts";

export interface LogPiece {
  service: string;
  text: string;
}

export interface LogFollower {
  /** Hands on at once what has come since the last look. */
  look(): void;
  end(): void;
}

/** What a client is given; `close` closes those of the descriptors that are for it alone. */
export interface Attachment {
  service: string;
  descriptors: number[];
  close(): void;
}

/** A request that cannot be served: names that match nothing, or a reason. */
export type Refused = { unknown: string[]; suggestions: string[] } | { refusal: string; code: number };

export interface ExecListener {
  /** The client's ends, as `accepted` carries them; false: they could not be sent, and nothing is begun. */
  accepted(ticket: Ticket, descriptors: number[]): boolean;
  failed(stage: number, errno: number, text: string): void;
  ended(result: ExecResult): void;
}

export interface ControlHost {
  version(): VersionInfo;
  /** names empty: all. unknown: names that match nothing, with suggestions. */
  status(names: string[]): { status: SystemStatus; unknown: string[]; suggestions: string[] };
  /** A service, else what is under way of this name (src/engine/view-pending.ts). */
  explain(name: string): Explanation | { unknown: true; suggestions: string[] };
  /** All that is under way. */
  explainPending(): Explanation[];
  /** What else a request will touch; empty for nothing. */
  foresee(request: Request): string;
  /** Returns the request's ticket; `done` is called once, later, and tells whether the client has all of the reply. */
  act(peer: Peer, request: Request, timeoutMs: number | null, done: (reply: Reply) => boolean): Ticket;
  /** The client of a request went away. */
  abandon(ticket: Ticket): void;
  /** Waits for the reply of an earlier request. false: it is not known (any more). */
  resume(ticket: Ticket, done: (reply: Reply | ExecResult) => boolean): boolean;
  /** Recent lines of the services that match; null with names that match nothing. */
  recentLogs(names: string[], lines: number): { logs: LogPiece[] } | { unknown: string[]; suggestions: string[] };
  /** Lines with time stamps from a moment on; as recentLogs(). */
  logsSince(names: string[], sinceWallMs: number): { logs: LogPiece[] } | { unknown: string[]; suggestions: string[] };
  /** Calls `more` with new output until it is ended. `stamps`: time stamps are left in it. */
  followLogs(names: string[], more: (piece: LogPiece) => void, stamps: boolean): LogFollower;
  /** Keeps for the next reading of the configuration that services are enabled, or are not. */
  setEnabled(
    names: string[],
    enabled: boolean,
  ): EnableResult | { error: string } | { unknown: string[]; suggestions: string[] };
  history(): HistoryResult;
  /** Calls `more` with each line of the history that comes, until the returned function is called. */
  followHistory(more: (line: string) => void): () => void;
  graph(): SystemGraph;
  /** As apply(), of the running plan with so many replicas of one service. */
  scale(
    peer: Peer,
    name: string,
    replicas: number,
    timeoutMs: number | null,
    accepted: (ticket: Ticket) => void,
    done: (result: Reply) => boolean,
  ): void;
  /** A terminal to look at and to type into. */
  attach(name: string): Attachment | Refused;
  /** Runs a program beside a service's main one. `accepted` and then one of the others is called, once. */
  exec(name: string, request: ExecRequest, listener: ExecListener): Ticket | Refused;
  /** 0 or -errno (-ESRCH: it has ended). */
  execSignal(ticket: Ticket, signal: number): number;
  /** Reads a configuration and tells what it would change. */
  plan(path: string | null, done: (result: PlanResult | { problems: string }) => void): void;
  /** gate null: what it changed is not looked at. */
  apply(
    peer: Peer,
    path: string | null,
    options: { timeoutMs: number | null; gate: Gate | null },
    accepted: (ticket: Ticket) => void,
    done: (result: Reply | { problems: string }) => boolean,
  ): void;
}
