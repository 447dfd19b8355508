/**
 * Everything that can happen to the engine. Events are facts, named in the past; they are journalled before they are
 * stepped. Those that answer an effect carry the effect's ticket.
 */

import type { InstanceId, Ticket } from "./instance.ts";
import type { Plan } from "./plan.ts";

/** The three clocks, in whole milliseconds. */
export interface Now {
  /** Does not count suspend. */
  monotonicMs: number;
  /** Counts suspend. */
  bootMs: number;
  /** Since 1970; may jump. */
  wallMs: number;
}

export interface StepInput {
  now: Now;
  /** 32 bits of chance, the seed of all chance in this step. */
  random: number;
  events: Event[];
}

export interface Peer {
  uid: number;
  gid: number;
  pid: number;
}

/** limitMs: all at once have no more time than this; null: the services' own limits count. */
export interface Gate {
  limitMs: number | null;
}

/** What a client (or a signal, or gonit itself) asks for. `id` is unique over manager restarts: a ticket. */
export type Request =
  | { verb: "start"; names: string[] }
  | { verb: "stop"; names: string[]; force: boolean }
  | { verb: "restart"; names: string[] }
  | { verb: "reload"; names: string[] }
  /** Tasks run now, once; answered when that run has ended. */
  | { verb: "run-task"; names: string[] }
  /** A signal to main processes; nothing in the wanted state changes. */
  | { verb: "kill"; names: string[]; signal: number; scope: "process" | "group" | "tree" }
  | { verb: "wait"; names: string[]; until: "ready" | "healthy" | "done" | "stopped" }
  | { verb: "shutdown"; mode: number; exitCode: number | null; force: boolean; reason: string };

export interface AdoptedProcess {
  service: string;
  ticket: Ticket;
  pid: number;
  slot: number;
}

export type Event =
  /** A new manager began; tickets continue above life × 2^32. First event of each life. */
  | { kind: "manager-started"; life: number }
  /**
   * The first plan, or one that an apply puts in place. Names `only` (and what they need) are wanted; null: all enabled.
   * `keptTimes`, with the first plan: what was kept of scheduled tasks before gonit was started, by name.
   * With a gate what it changes has to come up, else the plan before it comes back. timeoutMs: so long the client waits.
   */
  | {
      kind: "plan-loaded";
      plan: Plan;
      request: Ticket | null;
      only: string[] | null;
      keptTimes?: Record<string, number>;
      gate?: Gate;
      timeoutMs?: number;
    }
  /**
   * Recovery without a state, or with an old one: main processes that it does not know live. All at once and before
   * anything else is told, so that nothing is started that one of them is.
   */
  | { kind: "processes-adopted"; processes: AdoptedProcess[] }
  | { kind: "spawn-succeeded"; ticket: Ticket; pid: number; slot: number }
  | { kind: "spawn-failed"; ticket: Ticket; stage: number; errno: number; detail: string }
  | {
      kind: "process-exited";
      ticket: Ticket;
      pid: number;
      code: number | null;
      signal: number | null;
      core: boolean;
      cpuMs: number;
      maxRssKib: number;
      /** What stands behind its end, in words, where that is known: the kernel had no memory for it. */
      because?: string;
      /** Last lines of the service's output, oldest first; only when the end is a failure. */
      lastLines: string[];
    }
  /** Answer to signal-handler: the program got it. */
  | { kind: "signal-sent"; ticket: Ticket }
  /** Answer to signal-handler: the program does not handle it, and did not get it. */
  | { kind: "signal-unhandled"; ticket: Ticket }
  /** Answer to await-tree and kill-tree: nothing of this start is alive any more. */
  | { kind: "tree-emptied"; ticket: Ticket }
  /** Answer to await-tree: processes are left; told once, tree-emptied follows when they are gone. */
  | { kind: "tree-remains"; ticket: Ticket; pids: number[]; how: "cgroup" | "mark" | "group" }
  /** Answer to kill-tree: SIGKILL was sent and these still live (uninterruptible sleep); tree-emptied may follow. */
  | { kind: "tree-unkillable"; ticket: Ticket; pids: number[] }
  | { kind: "timer-fired"; ticket: Ticket }
  /** The wall clock was set. */
  | { kind: "clock-stepped" }
  /** A yes. Of a probe that goes on after it: only when it is the first, or follows a no. */
  | { kind: "probe-succeeded"; ticket: Ticket }
  /** One try failed; the runtime goes on trying until stop-probe. */
  | { kind: "probe-failed"; ticket: Ticket; reason: string }
  /** Answer to find-main: this process is of the start's tree, and its end will be told with this ticket. */
  | { kind: "main-named"; ticket: Ticket; pid: number; slot: number }
  /** No process was found: of MAINPID= for good, of a pid file it is looked for again, and told when the reason changes. */
  | { kind: "main-refused"; ticket: Ticket; reason: string }
  /** Something in the watched paths of a service is another than when it was started. */
  | { kind: "watched-changed"; instance: InstanceId; path: string }
  /** A connection waits in a socket of a service that listens; or the socket cannot be opened, which its start will tell. */
  | { kind: "socket-connected"; instance: InstanceId; socket: string }
  /** A datagram of sd_notify(3) from a process of this instance; the sender was checked. */
  | {
      kind: "notify-received";
      instance: InstanceId;
      ticket: Ticket;
      ready: boolean;
      reloading: boolean;
      stopping: boolean;
      status: string | null;
      mainPid: number | null;
      errno: number | null;
      extendTimeoutMs: number | null;
      watchdog: "" | "alive" | "trigger";
      /** WATCHDOG_USEC. */
      watchdogMs: number | null;
    }
  /** `ready: {fd}`: a newline came. */
  | { kind: "ready-line"; ticket: Ticket }
  /** `ready: {fd}`: closed without a newline. */
  | { kind: "ready-closed"; ticket: Ticket }
  /** `ready: {log}`: a line of the output matched. */
  | { kind: "log-matched"; ticket: Ticket }
  | { kind: "request-received"; id: Ticket; peer: Peer; request: Request; timeoutMs: number | null }
  /** The client went away or does not wait any longer; what it asked for stays asked for. */
  | { kind: "request-cancelled"; id: Ticket }
  /** A signal reached init; the role table (src/runtime/role-table.ts) has turned it into what it means. */
  | {
      kind: "signal-received";
      signal: number;
      meaning: "stop" | "force" | "reload-config" | "reopen";
      exitCode: number | null;
      mode: number;
    }
  /** A journalled event that made the engine throw or loop was set aside. */
  | { kind: "event-set-aside"; eventKind: string; reason: string };
