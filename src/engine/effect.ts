/**
 * Everything the engine can want done. Effects are orders, as data; the runtime performs them in the order of the list,
 * after the event that caused them was journalled. An effect with a ticket is answered by an event with that ticket.
 */

import type { InstanceId, Ticket } from "./instance.ts";
import type { CommandPlan, ProbePlan } from "./plan.ts";
import type { StateName } from "./view.ts";

export type Effect =
  /** Start a process of an instance with the service's own user, environment, directory and logs. Answered by
   * spawn-succeeded or spawn-failed, later by process-exited. `startTicket` is the ticket of the main process whose start
   * this belongs to: all processes of one start carry the same mark and form one tree. */
  | {
      kind: "spawn";
      ticket: Ticket;
      startTicket: Ticket;
      instance: InstanceId;
      processKind: number;
      command: CommandPlan;
      restarts: number;
      /** Descriptor for `ready: {fd}`, null for none; notify: whether NOTIFY_SOCKET is set. */
      readyFd: number | null;
      notify: boolean;
      /** main process of `post_stop` and the like: facts about the end, for EXIT_CODE and EXIT_SIGNAL in its environment. */
      ended: { code: number | null; signal: number | null } | null;
    }
  /** Kill a child that has not reached its program; answered by spawn-failed with stage time_limit. */
  /** Answered by spawn-failed, also where the spawn was never begun; by nothing more where the program runs already. */
  | { kind: "cancel-spawn"; ticket: Ticket }
  /** Not answered, and not repeated by a new manager. scope: SignalScope.process or group or tree. `ticket`: the process's. */
  | {
      kind: "signal";
      ticket: Ticket;
      startTicket: Ticket;
      instance: InstanceId;
      signal: number;
      scope: number;
    }
  /**
   * A signal that is not sent to a program that does not handle it: it would end the program, or do nothing. Answered by
   * signal-sent or signal-unhandled. `processTicket`: the process's.
   */
  | {
      kind: "signal-handler";
      ticket: Ticket;
      processTicket: Ticket;
      startTicket: Ticket;
      instance: InstanceId;
      signal: number;
      scope: number;
    }
  /** Tell when no process of this start is left. Answered by tree-emptied, or tree-remains and later tree-emptied. */
  | { kind: "await-tree"; ticket: Ticket; startTicket: Ticket; instance: InstanceId }
  /** SIGKILL to every process of this start until none is left. Answered by tree-emptied or tree-unkillable. scope as in stop.kill. */
  | { kind: "kill-tree"; ticket: Ticket; startTicket: Ticket; instance: InstanceId; scope: number }
  /** Nobody waits for this start's tree any more. */
  | { kind: "forget-tree"; ticket: Ticket }
  /** Absolute time on a clock of Clock.*; answered by timer-fired once. */
  | { kind: "arm-timer"; ticket: Ticket; clock: number; atMs: number }
  | { kind: "cancel-timer"; ticket: Ticket }
  /**
   * Try at once, then every probe.intervalMs, never two at a time, until the first success or stop-probe. With steadyMs it
   * goes on after a success, so often.
   */
  | {
      kind: "start-probe";
      ticket: Ticket;
      startTicket: Ticket;
      instance: InstanceId;
      probe: ProbePlan;
      steadyMs: number | null;
    }
  | { kind: "stop-probe"; ticket: Ticket }
  /** Look for a line in the output that follows; answered by log-matched. Ended by stop-probe as well. */
  | {
      kind: "watch-log";
      ticket: Ticket;
      startTicket: Ticket;
      instance: InstanceId;
      text: string;
      regularExpression: boolean;
    }
  /**
   * Find the main process: `pid`, or the one that the service's pid file names (0), looked at again and again. Only a
   * living process of this start is taken. Answered by main-named or main-refused. Ended by stop-probe as well.
   */
  | { kind: "find-main"; ticket: Ticket; startTicket: Ticket; instance: InstanceId; pid: number; pidFile: string }
  /** The answer to a request; sent after everything before it in this list was performed. */
  | { kind: "reply"; request: Ticket; reply: Reply }
  /** One of gonit's own log lines. */
  | { kind: "log"; level: LogLevel; message: string; fields: Record<string, string | number>; lines: readonly string[] }
  /** A new state for `gonit events`, not for the log. */
  | {
      kind: "publish";
      instance: InstanceId | null;
      state: StateName;
      cause: string;
      /** What the rule did, or why; may be empty. */
      detail: string;
    }
  /** Keep on the disk that all times of this task up to this one (milliseconds since 1970) were dealt with. */
  | { kind: "keep-time"; service: string; wallMs: number }
  /** Read the configuration again; the runtime answers with plan-loaded, or logs what is wrong. */
  | { kind: "load-config"; reason: string }
  /** Open log files and the control socket again. */
  | { kind: "reopen" }
  /** Everything is down, or given up; the rest is init's. Last effect there will ever be. graceMs: what init may wait for
   * processes that belong to no service. */
  | { kind: "finish-shutdown"; mode: number; exitCode: number; graceMs: number };

export type LogLevel = "debug" | "info" | "warn" | "error";

/** How a request ended, for each instance that it named. Every accepted request gets exactly one reply. */
export type Reply =
  | { outcome: "done"; results: RequestResult[] }
  | { outcome: "failed"; results: RequestResult[]; reason: string }
  /** A newer request wants something else of the same service. */
  | { outcome: "replaced"; by: Ticket; results: RequestResult[] }
  /** What an apply changed did not come up; the plan before it is in place again. lines: the service's last ones. */
  | { outcome: "rolled-back"; service: string; reason: string; lines: string[]; results: RequestResult[] }
  | { outcome: "timed-out"; results: RequestResult[]; reason: string }
  | { outcome: "unknown-name"; names: string[]; suggestions: string[] }
  | { outcome: "refused"; reason: string };

export interface RequestResult {
  /** instanceKey() */
  instance: string;
  /** What happened, as a past participle that prints well: started, restarted, stopped, reloaded, "already running" … */
  did: string;
  state: string;
  pid: number | null;
  /** Why it did not reach what was asked; empty on success. */
  reason: string;
  /** run-task: what its program ended with; 128 and the signal's number where a signal ended it. */
  exitCode?: number;
}
