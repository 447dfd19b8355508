/**
 * What clients and the manager say to each other: JSON-RPC 2.0, one object a line, UTF-8, over the control socket.
 * The peer's uid, gid and pid come from the kernel (SO_PEERCRED), never from the message.
 *
 * A request that takes time is accepted first: the server sends the notification `accepted` with the number by which
 * others can name it ("replaced by request 7"), and by which the client asks again when the manager was replaced.
 */

import type { Reply } from "../engine/effect.ts";
import type { Request } from "../engine/event.ts";
import type { Ticket } from "../engine/instance.ts";
import type { Explanation, SystemStatus } from "../engine/view.ts";
import type { SystemGraph } from "../engine/view-graph.ts";

/** Longest line that the server reads, in bytes; a longer one ends the connection with an error. */
export const requestBytesMax = 256 * 1024;

export interface Methods {
  version: { params: Record<string, never>; result: VersionInfo };
  status: { params: { names: string[] }; result: SystemStatus };
  why: { params: { name: string }; result: Explanation };
  /** All that is under way: a shutdown, an apply, requests. */
  pending: { params: Record<string, never>; result: Explanation[] };
  /**
   * start, stop, restart, reload, run-task, kill, wait, shutdown. timeoutMs null: as long as the services' own limits allow.
   * With `output` what the tasks of run-task print comes as `log` notifications.
   */
  act: { params: { request: Request; timeoutMs: number | null; wait: boolean; output?: boolean }; result: Reply };
  /** Waits for the reply of a request that an earlier manager accepted. */
  resume: { params: { request: Ticket }; result: Reply | ExecResult };
  /** sinceMs: from this moment on, since 1970, with time stamps; `lines` means nothing then. */
  logs: { params: { names: string[]; lines: number; follow: boolean; sinceMs: number | null }; result: LogsResult };
  /** What happened. With `follow` more comes as `history` notifications. */
  history: { params: { follow: boolean }; result: HistoryResult };
  graph: { params: Record<string, never>; result: SystemGraph };
  /** The answer is empty: descriptors come with the notification `attached`. */
  attach: { params: { name: string }; result: Record<string, never> };
  /** Runs a program beside a service's main one. Descriptors come with `accepted`; the answer is its end. */
  exec: { params: ExecRequest & { name: string }; result: ExecResult };
  /** A signal to a program that `exec` runs, and its group. */
  execSignal: { params: { request: Ticket; signal: number }; result: Record<string, never> };
  /** What an apply would do. path null: the running configuration's own. */
  plan: { params: { path: string | null }; result: PlanResult };
  /** Only for the next reading of the configuration: what runs is changed by start and stop. */
  enable: { params: { names: string[]; enabled: boolean }; result: EnableResult };
  /** The running configuration with another number of a service's replicas, until the next apply. */
  scale: { params: { name: string; replicas: number; timeoutMs: number | null; wait: boolean }; result: Reply };
  /** gate: what it changes has to come up, at most within gateMs, else the plan before comes back. */
  apply: {
    params: { path: string | null; timeoutMs: number | null; wait: boolean; gate: boolean; gateMs: number | null };
    result: Reply;
  };
}

export interface ExecRequest {
  argv: string[];
  /** It gets a terminal of this kind (TERM; empty: as the service's); null: pipes. */
  terminal: string | null;
}

/** Exactly one of the two is not null. */
export interface ExecResult {
  code: number | null;
  signal: number | null;
}

export type MethodName = keyof Methods;

export interface VersionInfo {
  version: string;
  role: string;
  pid: number;
  instance: string;
  managerLife: number;
  loggerLife: number;
  configuration: string;
}

/** Recent output of some services; with `follow` more comes as `log` notifications. */
export interface LogsResult {
  /** instanceKey() and its lines, oldest first. */
  logs: { service: string; text: string }[];
}

export interface EnableResult {
  services: string[];
  /** The file that says so now. */
  path: string;
}

export interface HistoryResult {
  /** Files of lines (src/control/history.ts), the oldest first. */
  texts: string[];
  /** The engine's rules with their explanations. */
  rules: Record<string, string>;
  /** The clocks now: moments of the history are told by how long ago they were. */
  bootMs: number;
  wallMs: number;
}

export interface PlanResult {
  changes: PlanChange[];
  /** Keys of the file itself that differ. */
  system: string[];
}

export interface PlanChange {
  service: string;
  action: "start" | "stop" | "restart" | "in-place" | "keep";
  /** In words; empty for keep without any difference. */
  because: string;
}

/** Notifications from the server; they belong to the connection's open request. */
export type Notification =
  | { method: "accepted"; params: { request: Ticket; note: string } }
  /** Comes with two descriptors: the terminal's master, and a socket on which comes what it shows. */
  | { method: "attached"; params: { service: string } }
  | { method: "log"; params: { service: string; text: string } }
  /** `logs` with follow: all that there was is told; what comes now is new. */
  | { method: "caught-up"; params: Record<string, never> }
  /** A line of the history. */
  | { method: "history"; params: { line: string } };

/** JSON-RPC error codes. Those below -32000 are JSON-RPC's own, the others ours and stable. */
export const ErrorCode = {
  parse: -32700,
  invalidRequest: -32600,
  unknownMethod: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** The peer may not do this. */
  refused: -32001,
  noSuchService: -32002,
  configuration: -32003,
  unknownRequest: -32004,
  busy: -32005,
  notRunning: -32006,
  /** What is asked for cannot be had of this service. */
  impossible: -32007,
} as const;

export interface RpcError {
  code: number;
  message: string;
  data?: { suggestions?: string[]; problems?: string; exitCode?: number };
}

export interface RpcRequest {
  jsonrpc: "2.0";
  id: number | string;
  method: string;
  params: Record<string, unknown>;
}

export type RpcResponse =
  | { jsonrpc: "2.0"; id: number | string | null; result: unknown }
  | { jsonrpc: "2.0"; id: number | string | null; error: RpcError };
