/**
 * The manager: wires the parts together, brings a life up (fresh or after another), and runs the loop.
 *
 * One turn of the loop, bounded: what is ready, exits first, then clients; all that happened becomes one journalled
 * step; its effects are performed; init is told that everything handed over before the turn was taken.
 */

import { Clock, ExitCode, Ready, Role, ShutdownMode, SignalScope } from "../contract.ts";
import { controlHandlers } from "../control/handlers.ts";
import { ControlServer } from "../control/server.ts";
import type { Event } from "../engine/event.ts";
import { outstanding } from "../engine/outstanding.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { type BootFacts, earlierBootFacts, keepBootFacts } from "./boot-facts.ts";
import { Cgroups } from "./cgroups.ts";
import { readClock, readNow } from "./clock.ts";
import { ConfigurationWatch } from "./configuration-watch.ts";
import { ControlPlace } from "./control-place.ts";
import { ControlService } from "./control-service.ts";
import { ExecSessions } from "./exec-sessions.ts";
import { claimFor, findFirstPlan } from "./first-plan.ts";
import { Followers } from "./followers.ts";
import { History } from "./history.ts";
import { InitSignals, signalEvent } from "./init-signals.ts";
import { KeptTimes } from "./kept-times.ts";
import { endLeftBehind } from "./left-behind.ts";
import { LiveLimits } from "./live-limits.ts";
import { ConfigurationLoader } from "./load-configuration.ts";
import { leaveLock } from "./lock-file.ts";
import { LogStore } from "./log-store.ts";
import { LogTroubles } from "./log-troubles.ts";
import {
  isMainStarting,
  isReadinessAwaited,
  mainOfStart,
  mainProcess,
  mainWithUser,
  serviceOfPlan,
} from "./lookups.ts";
import { Machine } from "./machine.ts";
import { MainProcesses } from "./main-processes.ts";
import { NotifySockets, notifyPrefix } from "./notify.ts";
import type { Options } from "./options.ts";
import { OwnLog, ownLogOptions } from "./own-log.ts";
import { LogWatches } from "./perform-log-watch.ts";
import { Probes } from "./perform-probe.ts";
import { Spawner } from "./perform-spawn.ts";
import { Trees } from "./perform-tree.ts";
import type { Shell } from "./performer.ts";
import { performersOf } from "./performers.ts";
import { ForwardedSignals, isPlainInit } from "./plain-init.ts";
import { Processes } from "./processes.ts";
import { reconcile } from "./reconcile.ts";
import { climb, type Recovered, Rung } from "./recover.ts";
import { RemovedInstances } from "./removed-instances.ts";
import { Requests } from "./requests.ts";
import { Rest } from "./rest.ts";
import { type RoleTraits, roleTraits } from "./role-table.ts";
import { splitEnvironment } from "./service-environment.ts";
import { drainRetryMs } from "./service-process.ts";
import { ServiceSockets } from "./service-sockets.ts";
import { ServiceWatch } from "./service-watch.ts";
import { SpawnRelief } from "./spawn-relief.ts";
import { tellRecovery } from "./tell-recovery.ts";
import { RuntimeTickets } from "./tickets.ts";
import { clockOfReady, Timers } from "./timers.ts";
import { heldPlans, Turns } from "./turns.ts";
import { Watches } from "./watches.ts";

const SIGTERM = 15;
const SIGPWR = 30;
const exitsPerTurn = 256;

export class Manager {
  readonly options: Options;
  readonly role = host.role();
  readonly traits: RoleTraits;
  readonly shell: Shell;
  readonly turns: Turns;
  readonly requests = new Requests();
  readonly followers: Followers;
  readonly history: History;
  facts: BootFacts | null;
  private readonly held: { name: string; fd: number }[];
  private readonly recovered: Recovered;
  private readonly processes = new Processes(() => this.relief.watch());
  private readonly timers = new Timers();
  private readonly watches = new Watches();
  private readonly notify: NotifySockets;
  readonly spawner: Spawner;
  readonly trees: Trees;
  readonly serviceWatch: ServiceWatch;
  readonly liveLimits: LiveLimits;
  private readonly probes: Probes;
  readonly mains: MainProcesses;
  readonly sessions: ExecSessions;
  private readonly logWatches: LogWatches;
  private readonly onlookers: { lookAll: () => void }[];
  private readonly signals: InitSignals;
  private readonly place: ControlPlace;
  private readonly retryKey: number;
  private readonly times = new KeptTimes(this);
  private readonly relief: SpawnRelief;
  private readonly rest: Rest;
  private readonly removed: RemovedInstances;
  private readonly forwarded: ForwardedSignals;
  private readonly machine: Machine | null; // only a machine's manager has one
  readonly configurationWatch: ConfigurationWatch;
  readonly loader: ConfigurationLoader;
  /** A signal has asked for the end; the engine hears of it at the end of the turn. */
  private stopping = false;

  constructor(options: Options) {
    this.options = options;
    this.traits = roleTraits(this.role, options);
    this.held = host.held();
    this.history = new History(this.held);
    this.facts = earlierBootFacts(this.held);
    this.recovered = climb(this.held);
    const tickets = new RuntimeTickets(host.life());
    this.retryKey = tickets.take();
    this.relief = new SpawnRelief(this.timers, tickets.take());
    this.rest = new Rest(this.timers, tickets.take());
    const scope = options.group ? SignalScope.group : SignalScope.process;
    this.forwarded = new ForwardedSignals((ticket, signal) => this.processes.signal(ticket, signal, scope));
    const logs = new LogStore();
    logs.adopt(this.held);
    this.notify = new NotifySockets(this.watches, {
      main: (instance) => mainWithUser(this.state(), instance, (service) => this.spawner.uidOf(service)),
      isStarting: (instance) => isMainStarting(this.state(), instance),
      emit: (event) => this.emit(event),
    });
    const inherited = splitEnvironment(host.environment());
    const plain = isPlainInit(options, this.role);
    this.shell = {
      processes: this.processes,
      timers: this.timers,
      watches: this.watches,
      logs,
      ownLog: new OwnLog(ownLogOptions(options.logFormat, inherited, plain)),
      notify: this.notify,
      sockets: new ServiceSockets(this.watches, this),
      tickets,
      facts: {
        id: host.instanceId(),
        socket: this.facts?.paths.socket ?? "",
        title: "",
        version: "",
        console: inherited.get("GONIT_CONSOLE") ?? "",
      },
      inherited,
      parentDeathSignal: this.traits.servicesDieWithInit ? SIGTERM : 0,
      cgroups: new Cgroups(this),
      plain,
      emit: (event) => this.emit(event),
      service: (name) => serviceOfPlan(this.state(), name),
      mainTicket: (start) => mainOfStart(this.state(), start),
      plan: () => this.plan(),
    };
    this.removed = new RemovedInstances(logs, this.notify);
    this.trees = new Trees(this.shell);
    this.serviceWatch = new ServiceWatch(this.shell);
    this.liveLimits = new LiveLimits(this.shell);
    this.logWatches = new LogWatches(this.shell);
    this.spawner = new Spawner(this.shell, {
      started: (startTicket, pid) => this.trees.leaderStarted(startTicket, pid),
      isStarting: (instance) => isMainStarting(this.state(), instance),
      pidFileBefore: (start, path) => this.mains.pidFileBefore(start, path),
      wroteAll: (instance) => this.logWatches.lookFor(instance),
    });
    this.spawner.feeds.adopt(this.held);
    this.probes = new Probes(this.shell, this.spawner);
    this.mains = new MainProcesses(this.shell, this.spawner, this.trees);
    this.sessions = new ExecSessions(this.shell, this.spawner);
    this.followers = new Followers(logs);
    this.onlookers = [this.logWatches, this.followers, new LogTroubles(logs, this.shell.ownLog)];
    this.signals = new InitSignals(this.recovered.signalsSeen);
    this.turns = new Turns(
      this.recovered,
      performersOf(this.shell, {
        spawner: this.spawner,
        trees: this.trees,
        probes: this.probes,
        mains: this.mains,
        logWatches: this.logWatches,
        requests: this.requests,
        times: this.times,
        loadConfiguration: () => this.configurationWatch.reload(),
        reopen: () => {
          host.logCommand("reopen");
          this.place.look();
        },
        finishShutdown: (mode, code, graceMs) => {
          this.place.leave();
          if (this.facts !== null) leaveLock(this.facts.paths.lock, this.facts.earlierRuns);
          host.finishShutdown(mode, code, graceMs);
        },
      }),
      heldPlans(this.held),
      this.history,
      () => this.requests.unheardReplies(readNow()),
    );
    for (const reply of this.recovered.unheard) this.requests.keep(reply);
    this.loader = new ConfigurationLoader(this.shell, this.role, options.instance);
    this.configurationWatch = new ConfigurationWatch(this.shell, this.loader, () => this.facts?.configuration ?? "");
    this.configurationWatch.adopt(this.held);
    this.machine = this.role === Role.vm ? new Machine(this.shell, this.held, () => this.takeSignal(SIGPWR)) : null;
    const server = new ControlServer(this.watches, controlHandlers(new ControlService(this)));
    this.place = new ControlPlace(server, this.watches, this.shell.ownLog);
  }

  state(): State {
    return this.turns.state;
  }

  plan(): Plan {
    const plan = this.state().plan;
    if (plan === null) throw new Error("there is no plan yet");
    return plan;
  }

  emit(event: Event): void {
    this.turns.emit(event);
  }

  log(level: "info" | "warn" | "error", message: string, fields: Record<string, string | number> = {}): void {
    this.shell.ownLog.write(level, message, fields);
  }

  run(): never {
    this.begin();
    for (;;) this.turn(host.poll(this.turns.hasPending() ? 0 : -1));
  }

  private begin(): void {
    if (host.life() > 1) tellRecovery(this.shell.ownLog, this.recovered);
    // What ended a manager must not stand in the journal any more when the next one replays it.
    if (this.recovered.rung > Rung.full && this.recovered.rung < Rung.safe) this.turns.snapshot(this.recovered.queue);
    this.emit({ kind: "manager-started", life: host.life() });
    const eventKind = this.recovered.setAside?.kind;
    if (eventKind !== undefined)
      this.emit({ kind: "event-set-aside", eventKind, reason: "it ended the manager each time it was tried" });
    if (this.facts !== null) this.resume(this.facts);
    const { plan } = this.recovered;
    if (plan !== null) this.emit({ kind: "plan-loaded", plan, request: null, only: this.options.names });
    this.turns.run(() => {});
    // The batch has left the journal: whichever of its events ends us now stands there alone, and the ladder begins anew.
    if (this.recovered.queue.length > 0) host.recoveryRung(Rung.full);
    this.turns.runOneByOne(this.recovered.queue);
    host.recoveryRung(0);
    if (this.state().plan === null && this.recovered.rung !== Rung.safe) {
      const use = (plan: Plan, configuration: string) => this.usePlan(plan, configuration);
      findFirstPlan(this.options, this.role, this.machine, this.loader, this.shell.inherited, use);
    }
  }

  /** Takes over what an earlier manager left: sockets, processes, waits. */
  private resume(facts: BootFacts): void {
    this.notify.begin(facts.paths.notifyDirectory, notifyPrefix(this.shell.facts.id), this.held);
    this.nameSystem(this.state().plan);
    this.place.resume(this.held, facts.paths.socket);
    if (this.state().plan === null && this.recovered.plan === null) {
      this.turns.finish(this.recovered);
      return;
    }
    this.shell.logs.resume(this.shell.service);
    this.spawner.readyPipes.adopt(this.held, (ticket) => isReadinessAwaited(this.state(), ticket));
    this.shell.sockets.adopt(this.held);
    const answered = reconcile(this.shell, this.state(), this);
    this.turns.finish(this.recovered);
    const missing = outstanding(this.state());
    this.turns.perform(
      missing.filter((effect) => !("ticket" in effect) || !answered.has(effect.ticket)),
      0,
    );
  }

  private nameSystem(plan: Plan | null): void {
    if (plan === null) return;
    this.shell.facts.title = plan.title;
    this.shell.facts.version = plan.version;
  }

  private usePlan(plan: Plan, configuration: string): void {
    if (this.facts === null) {
      const error = this.claim(configuration);
      if (error !== null) {
        host.print(2, `gonit: ${error}\n`);
        host.finishShutdown(ShutdownMode.exit, ExitCode.failed, 0);
        return;
      }
    }
    // Before the first service starts, which may be one that shows them.
    this.nameSystem(plan);
    this.machine?.begin(plan);
    const start = () => this.emit(this.times.firstPlan(plan, this.options.names));
    if (this.facts === null) start();
    else endLeftBehind(this.shell, this.trees, this.facts, start);
  }

  /** Makes this instance's socket and lock. The reason when it cannot be. */
  private claim(configuration: string): string | null {
    const claim = claimFor(this.options, this.traits, this.shell.inherited, configuration);
    if ("error" in claim) return claim.error;
    this.facts = { paths: claim.paths, configuration, earlierRuns: claim.earlierRuns };
    this.shell.facts.socket = claim.paths.socket;
    keepBootFacts(this.facts);
    this.notify.begin(claim.paths.notifyDirectory, notifyPrefix(this.shell.facts.id), []);
    this.place.begin(claim.listener, claim.paths.socket);
    return null;
  }

  private turn(ready: number[]): void {
    let bell = false;
    for (let at = 0; at + 1 < ready.length; at += 2) {
      const fd = ready[at] as number;
      if (fd === Ready.bell) bell = true;
      else if (fd === Ready.clockStepped) this.timers.clockStepped(() => this.emit({ kind: "clock-stepped" }));
      else if (clockOfReady(fd) !== 0) this.timers.fireDue(clockOfReady(fd), readClock(clockOfReady(fd)));
      else if (fd >= 0) this.watches.dispatch(fd, ready[at + 1] as number);
    }
    this.processes.collectSpawned();
    const exits = this.processes.collectExits(exitsPerTurn);
    if (exits.again) this.timers.arm(this.retryKey, Clock.monotonic, readNow().monotonicMs + drainRetryMs, () => {});
    this.trees.collect();
    if (bell) {
      this.takeSignals();
      for (const onlooker of this.onlookers) onlooker.lookAll();
    }
    this.turns.run(() => {
      for (const slot of exits.slots) host.takeExit(slot);
      this.spawner.readyPipes.journalled();
      this.notify.journalled();
    });
    this.forwarded.flush(mainProcess(this.state(), { service: "main", replica: 1 }));
    this.shell.sockets.sync();
    this.serviceWatch.afterTurn(this.state());
    this.liveLimits.look(this.state());
    this.removed.afterTurn(this.state());
    this.spawner.feeds.afterTurn(this.state());
    this.machine?.afterTurn(this.state());
    this.configurationWatch.afterTurn(this.state());
    this.rest.afterTurn(this.turns.records, () => this.turns.snapshot([]));
    this.notify.receiveDeferred();
    if (this.shell.facts.title === "" && this.shell.facts.version === "") this.nameSystem(this.state().plan);
    host.acknowledge();
  }

  private takeSignals(): void {
    const taken = this.signals.take();
    if (taken === null) return;
    this.turns.signalsWereSeen(taken.counters);
    if (isPlainInit(this.options, this.role)) {
      this.forwarded.forward(taken.signals);
      return;
    }
    for (const signal of taken.signals) this.takeSignal(signal);
  }

  private takeSignal(signal: number): void {
    const event = signalEvent(this.traits, signal, this.stopping || this.state().shutdown !== null);
    if (event?.kind !== "signal-received") return;
    this.emit(event);
    const isEnd = event.meaning === "stop" || event.meaning === "force";
    this.stopping ||= isEnd;
    // Before there is a plan nothing has to be stopped; a signal that asks for no end must not bring it.
    if (isEnd && this.state().plan === null) host.finishShutdown(event.mode, ExitCode.ok, 0);
  }
}
