/** What control requests ask of the manager (src/control/control-host.ts). */

import type { Attachment, ControlHost, ExecListener, LogFollower, LogPiece, Refused } from "../control/control-host.ts";
import { isoTime } from "../control/iso-time.ts";
import {
  type EnableResult,
  ErrorCode,
  type ExecRequest,
  type ExecResult,
  type HistoryResult,
  type PlanResult,
  type VersionInfo,
} from "../control/messages.ts";
import type { Reply } from "../engine/effect.ts";
import { definitionOf, engineOf, type Node } from "../engine/engine.ts";
import type { Event, Gate, Peer, Request } from "../engine/event.ts";
import { familyOf, type InstanceId, type Ticket } from "../engine/instance.ts";
import { type Match, matchNames } from "../engine/names.ts";
import type { Plan, ServicePlan } from "../engine/plan.ts";
import { planPreview } from "../engine/plan-preview.ts";
import { scaledServices } from "../engine/replicas.ts";
import { rules } from "../engine/rules.ts";
import type { Explanation, LogFigures, ServiceStatus, SystemStatus } from "../engine/view.ts";
import { type SystemGraph, systemGraph } from "../engine/view-graph.ts";
import { requestNote } from "../engine/view-note.ts";
import { explainPending } from "../engine/view-pending.ts";
import { systemStatus } from "../engine/view-status.ts";
import { explain } from "../engine/view-why.ts";
import { attach } from "./attach.ts";
import { readNow } from "./clock.ts";
import { storeEnabled } from "./enabled-store.ts";
import { requestEvent } from "./history-events.ts";
import type { LoadOutcome } from "./load-configuration.ts";
import { lineEnd, linesSince } from "./log-since.ts";
import { lastLinesOf } from "./log-store.ts";
import { logNote } from "./log-troubles.ts";
import type { Manager } from "./manager.ts";

export class ControlService implements ControlHost {
  private readonly manager: Manager;

  constructor(manager: Manager) {
    this.manager = manager;
  }

  version(): VersionInfo {
    const roles = host.roles();
    const { facts, traits } = this.manager;
    return {
      version: host.version(),
      role: traits.name,
      pid: roles.init.pid,
      instance: facts?.paths.name ?? "",
      managerLife: roles.manager.life,
      loggerLife: roles.logger.life,
      configuration: facts?.configuration ?? "",
    };
  }

  status(names: string[]): { status: SystemStatus; unknown: string[]; suggestions: string[] } {
    const state = this.manager.state();
    if (names.length === 0)
      return { status: this.withNotes(systemStatus(state, readNow())), unknown: [], suggestions: [] };
    const { found, unknown, suggestions } = this.match(names);
    const status = this.withNotes(systemStatus(state, readNow(), found));
    const services = status.services.map((one) => this.withFigures(one));
    return { status: { ...status, services }, unknown, suggestions };
  }

  /** What is poorer here than the configuration asks. */
  private withNotes(status: SystemStatus): SystemStatus {
    const { logs, cgroups } = this.manager.shell;
    const hasTroubles = host.logTroubles() !== 0;
    const services = status.services.map((one) => {
      const service = this.manager.shell.service(one.name);
      const notes = service === undefined ? [] : cgroups.notesOf(service, one.instance);
      const watchNote = this.manager.serviceWatch.noteOf(one.name);
      if (watchNote !== "") notes.push(watchNote);
      if (hasTroubles) notes.push(...logs.sourcesOf(one.instance).flatMap((source) => logNote(source) ?? []));
      return notes.length === 0 ? one : { ...one, notes: [...one.notes, ...notes] };
    });
    return { ...status, configuration: this.manager.configurationWatch.difference, services };
  }

  private withFigures(service: ServiceStatus): ServiceStatus {
    const figures: LogFigures = { bytes: 0, lines: 0, droppedBytes: 0, paths: [] };
    const sources = this.manager.shell.logs.sourcesOf(service.instance);
    for (const { slot, path } of sources) {
      const { bytes, lines, dropped } = host.logCounters(slot);
      figures.bytes += bytes;
      figures.lines += lines;
      figures.droppedBytes += dropped;
      if (path !== "") figures.paths.push(path);
    }
    const pressure = this.manager.shell.cgroups.pressureOf(service.instance);
    return {
      ...service,
      ...(sources.length === 0 ? {} : { logs: figures }),
      ...(pressure === null ? {} : { pressure }),
    };
  }

  explain(name: string): Explanation | { unknown: true; suggestions: string[] } {
    const state = this.manager.state();
    const matched = this.match([name]);
    const first = matched.found[0];
    if (first === undefined) {
      const pending = this.explainPending().find((one) => one.name === name);
      return pending ?? { unknown: true, suggestions: matched.suggestions };
    }
    const explanation = explain(state, first.plan.name, readNow());
    return explanation ?? { unknown: true, suggestions: matched.suggestions };
  }

  explainPending(): Explanation[] {
    return explainPending(this.manager.state(), readNow());
  }

  foresee(request: Request): string {
    return requestNote(this.manager.state(), request);
  }

  act(peer: Peer, request: Request, timeoutMs: number | null, done: (reply: Reply) => boolean): Ticket {
    const id = this.manager.shell.tickets.take();
    this.manager.requests.wait(id, done);
    this.manager.emit({ kind: "request-received", id, peer, request, timeoutMs });
    return id;
  }

  abandon(ticket: Ticket): void {
    if (this.manager.sessions.knows(ticket)) {
      this.manager.sessions.close(ticket);
      return;
    }
    this.manager.requests.forget(ticket);
    this.manager.emit({ kind: "request-cancelled", id: ticket });
  }

  resume(ticket: Ticket, done: (reply: Reply | ExecResult) => boolean): boolean {
    const { sessions } = this.manager;
    if (sessions.knows(ticket)) {
      sessions.resume(ticket, { accepted: () => true, failed: () => {}, ended: done });
      return true;
    }
    if (this.manager.requests.hearAgain(ticket, done)) return true;
    if (!this.manager.state().requests.some(({ id }) => id === ticket)) return false;
    this.manager.requests.wait(ticket, done);
    return true;
  }

  recentLogs(names: string[], lines: number): { logs: LogPiece[] } | { unknown: string[]; suggestions: string[] } {
    const matched = this.match(names);
    if (matched.unknown.length > 0) return { unknown: matched.unknown, suggestions: matched.suggestions };
    const logs: LogPiece[] = [];
    for (const { instance } of this.services(names)) {
      for (const source of this.manager.shell.logs.sourcesOf(instance)) {
        const tail = this.manager.shell.logs.tail(source);
        const kept = lastLinesOf(tail, lines, source.path === "" ? source.flags : 0);
        if (kept.length > 0) logs.push({ service: source.name, text: kept.join("\n") + lineEnd(tail) });
      }
    }
    return { logs };
  }

  logsSince(names: string[], sinceWallMs: number): { logs: LogPiece[] } | { unknown: string[]; suggestions: string[] } {
    const matched = this.match(names);
    if (matched.unknown.length > 0) return { unknown: matched.unknown, suggestions: matched.suggestions };
    const { logs } = this.manager.shell;
    const sources = this.services(names).flatMap(({ instance }) => logs.sourcesOf(instance));
    const since = isoTime(sinceWallMs);
    return { logs: sources.map((source) => ({ service: source.name, text: linesSince(logs, source, since) })) };
  }

  followLogs(names: string[], more: (piece: LogPiece) => void, stamps: boolean): LogFollower {
    return this.manager.followers.add(() => this.services(names), more, stamps);
  }

  setEnabled(
    names: string[],
    enabled: boolean,
  ): EnableResult | { error: string } | { unknown: string[]; suggestions: string[] } {
    const { found, unknown, suggestions } = this.match(names);
    if (unknown.length > 0) return { unknown, suggestions };
    const services = [...new Set(found.map(({ unit }) => familyOf(unit.name)))];
    const stored = storeEnabled(this.manager.facts?.configuration ?? "", services, enabled);
    return "error" in stored ? stored : { services, path: stored.path };
  }

  history(): HistoryResult {
    const { bootMs, wallMs } = readNow();
    return { texts: this.manager.history.texts(), rules, bootMs, wallMs };
  }

  followHistory(more: (line: string) => void): () => void {
    return this.manager.history.follow(more);
  }

  graph(): SystemGraph {
    return systemGraph(this.manager.state());
  }

  attach(name: string): Attachment | Refused {
    const found = this.one(name);
    return "plan" in found ? attach(this.manager.shell, found.id, definitionOf(found)) : found;
  }

  exec(name: string, request: ExecRequest, listener: ExecListener): Ticket | Refused {
    const found = this.one(name);
    if (!("plan" in found)) return found;
    const { run } = found.unit;
    const begun = this.manager.sessions.begin(found.id, definitionOf(found), run?.pid ?? 0, request, listener);
    return typeof begun === "number" ? begun : { refusal: `${found.unit.name}: ${begun}`, code: ErrorCode.impossible };
  }

  execSignal(ticket: Ticket, signal: number): number {
    return this.manager.sessions.signal(ticket, signal);
  }

  /** The one service that runs and has this name, or why it is not to be had. */
  private one(name: string): Node | Refused {
    const matched = this.match([name]);
    const [first, second] = matched.found;
    if (first === undefined) return { unknown: [name], suggestions: matched.suggestions };
    const refuse = (refusal: string, code: number): Refused => ({ refusal, code });
    if (second !== undefined)
      return refuse(`${name} names ${matched.found.length} services: name one`, ErrorCode.invalidParams);
    const { run, state } = first.unit;
    if (run === null || run.main !== "running")
      return refuse(`${first.unit.name} does not run: it is ${state}`, ErrorCode.notRunning);
    return first;
  }

  private match(names: string[]): Match<Node> {
    return matchNames(engineOf(this.manager.state()).nodes, names);
  }

  /** Services that match, all without names. */
  private services(names: string[]): { service: ServicePlan; instance: InstanceId }[] {
    const nodes = engineOf(this.manager.state()).nodes;
    const wanted = names.length === 0 ? nodes : this.match(names).found;
    return wanted.map((node) => ({ service: node.plan, instance: node.id }));
  }

  plan(path: string | null, done: (result: PlanResult | { problems: string }) => void): void {
    this.load(path, (outcome) => {
      if ("problems" in outcome) done(outcome);
      else done(planPreview(this.manager.state(), outcome.plan));
    });
  }

  apply(
    peer: Peer,
    path: string | null,
    { timeoutMs, gate }: { timeoutMs: number | null; gate: Gate | null },
    accepted: (ticket: Ticket) => void,
    done: (result: Reply | { problems: string }) => boolean,
  ): void {
    this.load(path, (outcome) => {
      if (path === null || path === this.manager.facts?.configuration) this.manager.configurationWatch.tried(outcome);
      if ("problems" in outcome) {
        done(outcome);
        return;
      }
      const detail = outcome.plan.sources[0]?.path ?? "";
      this.begin(peer, detail, { plan: outcome.plan, timeoutMs, gate }, accepted, done);
    });
  }

  private begin(
    peer: Peer,
    detail: string,
    { plan, timeoutMs, gate }: { plan: Plan; timeoutMs: number | null; gate: Gate | null },
    accepted: (ticket: Ticket) => void,
    done: (result: Reply) => boolean,
  ): void {
    const request = this.manager.shell.tickets.take();
    this.manager.requests.wait(request, (reply) => {
      // Who is told that it is applied finds the limits changed.
      this.manager.liveLimits.look(this.manager.state());
      return done(reply);
    });
    accepted(request);
    this.manager.history.record(readNow(), "", [requestEvent(request, peer, { verb: "apply", detail })]);
    const event: Event = { kind: "plan-loaded", plan, request, only: null };
    if (gate !== null) event.gate = gate;
    if (timeoutMs !== null) event.timeoutMs = timeoutMs;
    this.manager.emit(event);
  }

  scale(
    peer: Peer,
    name: string,
    replicas: number,
    timeoutMs: number | null,
    accepted: (ticket: Ticket) => void,
    done: (result: Reply) => boolean,
  ): void {
    const plan = this.manager.plan();
    const { found, unknown, suggestions } = this.match([name]);
    if (unknown.length > 0) {
      done({ outcome: "unknown-name", names: unknown, suggestions });
      return;
    }
    const members = found.filter(({ unit }) => familyOf(unit.name) === name && unit.name !== name && !unit.removed);
    if (members.length === 0) {
      done({ outcome: "refused", reason: `${name} has no replicas: write replicas: NUMBER into its configuration` });
      return;
    }
    const services = scaledServices(plan.services, new Map([[name, replicas]]));
    const options = { plan: { ...plan, services }, timeoutMs, gate: null };
    this.begin(peer, `${name}=${replicas}`, options, accepted, done);
  }

  private load(path: string | null, done: (outcome: LoadOutcome) => void): void {
    const configuration = path ?? this.manager.facts?.configuration ?? "";
    if (configuration === "") {
      done({ problems: "cannot read a configuration: this gonit runs without one; name a file\n" });
      return;
    }
    this.manager.loader.load(configuration, done);
  }
}
