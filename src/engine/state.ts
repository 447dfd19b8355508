/**
 * All that the engine remembers between two steps: plain data, so that it can be stored as JSON, carried over to a new
 * manager and replayed. Nothing in it is ever undefined; absence is null, an empty text, or ticket 0.
 *
 * A *unit* is one instance of a service. What is *wanted* of it (up or down) is changed by requests only; its *state* is
 * what it is now. A *run* is one start of a unit, from its first pre_start until no process of it is left: as long as it
 * exists, no other run of the unit may begin. All open tickets stand in the state, next to what they are for; the
 * look-up tables over them (engine.ts) are made from here and never stored.
 */

import type { AdoptedProcess, Request } from "./event.ts";
import type { Ticket } from "./instance.ts";
import { none } from "./lists.ts";
import type { Plan, ServicePlan } from "./plan.ts";
import type { Transaction } from "./transaction.ts";
import type { StateName } from "./view.ts";

export interface State {
  version: 1;
  /** Stored apart by the runtime: withoutPlan(), withPlan(). */
  plan: Plan | null;
  /** What comes back when the apply under way fails. Stored apart, as the plan is. */
  planBefore: Plan | null;
  life: number;
  /** Monotonic: when the first plan was loaded; -1: not yet. */
  beganMs: number;
  nextTicket: Ticket;
  /** In the order of the plan; removed ones that are still stopping stand at the end. */
  units: Unit[];
  requests: OpenRequest[];
  /** An apply whose changes are still to prove themselves. */
  transaction: Transaction | null;
  shutdown: Shutdown | null;
  /** A virtual machine stays up when nothing runs; it says so once. */
  idleTold: boolean;
  causes: Ring;
  setAside: { eventKind: string; reason: string; wallMs: number }[];
  /** Processes that were found alive when the state was lost, until the plan says whose they are. */
  adopted: AdoptedProcess[];
}

export type Wanted = "up" | "down";

export interface Unit {
  name: string;
  wanted: Wanted;
  /** In words, for `why`. */
  wantedBecause: string;
  state: StateName;
  sinceBootMs: number;
  /** Not wanted yet: its sockets listen, and the first connection starts it (lazy.ts). */
  listens: boolean;
  /** While waiting: the dependency that cannot be met as things are, or an empty text. */
  blockedBy: string;
  /** The run is to stop, as soon as what needs it has stopped. */
  stopWish: StopCause | "";
  /** The stop that is wished kills at once. */
  stopForce: boolean;
  run: Run | null;
  /** How the last run ended. */
  last: End | null;
  /** In state failed: why it was given up. */
  failedBecause: string;
  /** Failed (or too short) runs in a row. */
  failures: number;
  /** Starts in a row for which the machine had no room: no fault of the service. */
  refused: number;
  /** Starts by the restart policy since the last start by hand. */
  restarts: number;
  /** Monotonic times of the last restarts, at most restart.limit.count + 1. */
  restartTimes: readonly number[];
  /** Successful runs of a task that runs N times. */
  runsDone: number;
  backoff: Ticket;
  backoffAtMs: number;
  /** Of a task that the plan gives a schedule; null for all others. */
  schedule: UnitSchedule | null;
  /** What the living run was started with, when the plan says something else by now. */
  oldPlan: ServicePlan | null;
  /** No longer in the plan: forgotten when its run has ended. */
  removed: boolean;
  /** STATUS= of sd_notify(3). */
  statusText: string;
  quiet: Quiet;
  causes: Ring;
}

export interface UnitSchedule {
  /** It runs at its times: not after a stop, nor where it was only run by hand. */
  on: boolean;
  /** A run is to begin and has not yet. */
  due: boolean;
  /** For the next time; 0: none is to come. */
  timer: Ticket;
  /** The next time on the schedule's clock, and with its jitter. */
  dueAtMs: number;
  atMs: number;
  /** The last time that was dealt with; -1: none. */
  lastMs: number;
  /** Times that were left out because a run was there. */
  skipped: number;
}

/** Keeps a service that fails again and again from flooding the log. */
export interface Quiet {
  /** When the last start was logged. */
  loudMs: number;
  /** Starts logged shortly after one another. */
  burst: number;
  /** Starts that were not logged since. */
  hushed: number;
  now: boolean;
}

/** Why gonit stops a run; none of these is a failure of the service. */
export type StopCause = "request" | "restart" | "dependency" | "conflict" | "apply" | "removed" | "shutdown";

/** What is wrong with a run, so that gonit stops it. */
export type FaultCause =
  | "start-timeout"
  | "run-timeout"
  | "ready-closed"
  | "notify-error"
  | "starter-failed"
  | "unhealthy"
  | "watchdog";

/** How a run ends without gonit having stopped it. */
export type OwnEndCause = "exited" | "spawn-failed" | "pre-start-failed";

/** Why a run ends. */
export type EndCause = StopCause | FaultCause | OwnEndCause;

/**
 * pre-start → main → stopping → emptying (→ killing) → post-stop → emptying (→ killing) → gone.
 * `main` covers starting, ready and reloading; the later ones are the unit's state `stopping`.
 */
export type Phase = "pre-start" | "main" | "stopping" | "emptying" | "killing" | "post-stop";

export interface Run {
  /** Ticket of the main process and mark of all processes of this run. */
  start: Ticket;
  beganMs: number;
  phase: Phase;
  main: "none" | "spawning" | "running" | "ended";
  pid: number;
  slot: number;
  /** The process that was named in place of the program that was started (main-process.ts); 0: none. */
  daemon: Ticket;
  /** Process number of the program that was started, while it runs beside that one; else 0. */
  starter: number;
  /** Open find-main. */
  naming: Ticket;
  /** What it asks for: a process that MAINPID= told; 0: the one in pid_file. */
  namingPid: number;
  /** The last answer to it that was a no. */
  namingReason: string;
  /** It was told which process is the main one. */
  isNamed: boolean;
  /** Monotonic; -1: not yet. */
  execMs: number;
  readyMs: number;
  /** Living processes of pre_start, post_stop, the stop and the reload command. */
  aux: readonly Aux[];
  /** Open signal-handler. The plan may say another signal by now. */
  reload: { ticket: Ticket; signal: number } | null;
  /** Next command of pre_start or post_stop. */
  commandAt: number;
  /** post_stop is being run or was run. */
  post: boolean;
  ending: EndCause | "";
  /** What its end is so far: since it began to end, or since its program ended with success and left a daemon. */
  end: End | null;
  /** Open await-tree or kill-tree. */
  tree: Ticket;
  treeUse: "await" | "kill" | "";
  /** Processes may have been started since the tree was last known to be empty. */
  touched: boolean;
  left: readonly number[];
  /** What is left may finish what it does, until the timer. */
  lingers: boolean;
  /** What had to be killed when the stop limit was over, in words. */
  killed: string;
  unkillable: readonly number[];
  /** Probe, or watch of the log. */
  probe: Ticket;
  /** A sign of readiness came before the news that the program runs, or before its main process was named. */
  readySeen: boolean;
  /** Last answer of the readiness probe that was a no. */
  probeReason: string;
  /** Probe of health. */
  health: Ticket;
  healthy: boolean;
  /** Answers in a row that were a no and count. */
  healthFailures: number;
  /** Last answer, when it was a no. */
  healthReason: string;
  /** Timer of the watchdog; its limit where the service has told another one, else 0. */
  watchdog: Ticket;
  watchdogAtMs: number;
  watchdogMs: number;
  timer: Ticket;
  timerUse: "start" | "stop" | "";
  timerAtMs: number;
  runTimer: Ticket;
  runTimerAtMs: number;
}

export interface Aux {
  ticket: Ticket;
  /** ProcessKind.* */
  kind: number;
  /** 0: not yet known to run. */
  pid: number;
}

/** How a run ended, for people and for the restart policy. */
export interface End {
  cause: EndCause;
  /** Whether it had been ready. */
  wasReady: boolean;
  code: number | null;
  signal: number | null;
  core: boolean;
  /** Stage.* and errno of a failed spawn, else 0. */
  stage: number;
  errno: number;
  detail: string;
  /** As in the run. */
  killed: string;
  atBootMs: number;
  lines: string[];
}

export interface OpenRequest {
  id: Ticket;
  request: Request | { verb: "apply" };
  sinceBootMs: number;
  timer: Ticket;
  timerAtMs: number;
  timeoutMs: number;
  /** Targets without an outcome. */
  open: number;
  targets: Target[];
}

export interface Target {
  name: string;
  /** What this request waits for at this unit. */
  goal: "up" | "restart" | "down" | "gone" | "reload" | "ready" | "healthy" | "done" | "stopped" | "run";
  /** Empty: still open. */
  outcome: "" | "done" | "failed";
  did: string;
  reason: string;
  /** The run that was there when the request came. */
  from: Ticket;
  /** reload, run: it was carried out and has not ended. */
  begun: boolean;
  /** run: what its program ended with, 128 and the signal's number where a signal ended it; -1: nothing. */
  exitCode: number;
}

export interface Shutdown {
  /** ShutdownMode.* */
  mode: number;
  exitCode: number;
  reason: string;
  sinceBootMs: number;
  deadlineMs: number;
  timer: Ticket;
  forced: boolean;
  /** Everything is told to init; nothing is decided any more. */
  finished: boolean;
  graceMs: number;
}

/** Entries of four values each (time, event or unit, rule, effect), the oldest overwritten first. */
export interface Ring {
  next: number;
  items: (string | number)[];
}

export function initialState(): State {
  return {
    version: 1,
    plan: null,
    planBefore: null,
    life: 0,
    beganMs: -1,
    nextTicket: 1,
    units: [],
    requests: [],
    transaction: null,
    shutdown: null,
    idleTold: false,
    causes: { next: 0, items: [] },
    setAside: [],
    adopted: [],
  };
}

export function withoutPlan(state: State): State {
  return { ...state, plan: null, planBefore: null };
}

export function withPlan(state: State, plan: Plan, planBefore: Plan | null = null): State {
  return { ...state, plan, planBefore };
}

export function newUnit(name: string, bootMs: number): Unit {
  return {
    name,
    wanted: "down",
    wantedBecause: "",
    state: "stopped",
    sinceBootMs: bootMs,
    listens: false,
    blockedBy: "",
    stopWish: "",
    stopForce: false,
    run: null,
    last: null,
    failedBecause: "",
    failures: 0,
    refused: 0,
    restarts: 0,
    restartTimes: none,
    runsDone: 0,
    backoff: 0,
    backoffAtMs: 0,
    schedule: null,
    oldPlan: null,
    removed: false,
    statusText: "",
    quiet: { loudMs: 0, burst: 0, hushed: 0, now: false },
    causes: { next: 0, items: [] },
  };
}

export function newRun(start: Ticket, beganMs: number): Run {
  return {
    start,
    beganMs,
    phase: "main",
    main: "none",
    pid: 0,
    slot: 0,
    daemon: 0,
    starter: 0,
    naming: 0,
    namingPid: 0,
    namingReason: "",
    isNamed: false,
    execMs: -1,
    readyMs: -1,
    aux: none,
    reload: null,
    commandAt: 0,
    post: false,
    ending: "",
    end: null,
    tree: 0,
    treeUse: "",
    touched: false,
    left: none,
    lingers: false,
    killed: "",
    unkillable: none,
    probe: 0,
    readySeen: false,
    probeReason: "",
    health: 0,
    healthy: false,
    healthFailures: 0,
    healthReason: "",
    watchdog: 0,
    watchdogAtMs: 0,
    watchdogMs: 0,
    timer: 0,
    timerUse: "",
    timerAtMs: 0,
    runTimer: 0,
    runTimerAtMs: 0,
  };
}
