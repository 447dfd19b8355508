/**
 * What happened in a simulated run, in words: made from the engine's effects, the causes that it recorded, and what the
 * kernel told. What follows at once from an entry (`exited 1`, then `starts again in 1s`) is added to it.
 */

import { ProcessKind, ShutdownMode } from "../src/contract.ts";
import { readCauses } from "../src/engine/causes.ts";
import type { Effect, Reply } from "../src/engine/effect.ts";
import { engineOf, type Node } from "../src/engine/engine.ts";
import type { Event } from "../src/engine/event.ts";
import type { Unit } from "../src/engine/state.ts";
import { systemState } from "../src/engine/view-status.ts";
import { blockedText } from "../src/engine/view-words.ts";
import { bootMs } from "./simulate-boot.ts";
import type { History } from "./simulate-history.ts";
import type { Programs } from "./simulate-programs.ts";
import { timeText } from "./simulate-time.ts";
import {
  commandNames,
  failedText,
  faultText,
  readyText,
  replyText,
  startReason,
  stopReason,
  waitsText,
} from "./simulate-words.ts";
import type { World } from "./world.ts";

/** One line. */
export interface Entry {
  atMs: number;
  /** A service, or `system`, `fault`, `request`, `manager`, `logger`. */
  about: string;
  what: string;
  /** Why; empty where that is plain. */
  why: string;
  /** How it is to be taken. */
  tone: "plain" | "good" | "bad" | "fault";
}

/** Which fault is behind what happens. */
type Blames = Pick<Programs, "blame" | "lateBy" | "stubbornBy">;

/** Later than this, what follows is a line of its own. */
const togetherMs = 250;
const causesOfUnit = 16;

export class Timeline {
  readonly entries: Entry[] = [];
  private readonly history: History;
  private readonly programs: Blames;
  /** Position in the ring of causes of each unit, as far as it was read. */
  private readonly read = new Map<string, number>();
  /** The last end of each unit, which what follows belongs to. */
  private readonly ends = new Map<string, Entry>();
  /** By what each unit is blocked, and what was told of it since its last start. */
  private readonly blocked = new Map<string, string>();
  private readonly toldBlocked = new Map<string, string>();
  private readonly lostTo = new Map<string, string>();
  /** What made the last process of a unit end. */
  private readonly faultOf = new Map<string, string>();
  /** What made the last of the other commands fail. */
  private faultOfCommand = "";
  private readonly requests = new Map<number, Entry>();
  private isStale = false;

  constructor(history: History, programs: Blames) {
    this.history = history;
    this.programs = programs;
  }

  add(world: World, about: string, what: string, why = "", tone: Entry["tone"] = "plain"): Entry {
    const entry = { atMs: world.nowMs - bootMs, about, what, why, tone };
    this.entries.push(entry);
    return entry;
  }

  /** Adds to what is there when it is of now, else begins a new line. */
  private follow(world: World, name: string, what: string, tone: Entry["tone"], why = ""): void {
    const end = this.ends.get(name);
    this.ends.delete(name);
    if (end === undefined || world.nowMs - bootMs - end.atMs > togetherMs) {
      this.add(world, name, what, why, tone);
      return;
    }
    end.what += `; ${what}`;
    if (end.tone === "plain") end.tone = tone;
  }

  /** A request that is about to be made; its answer is added to its line. */
  expectReply(id: number, entry: Entry): void {
    this.requests.set(id, entry);
  }

  watch(what: { event: Event } | { effect: Effect }, world: World): void {
    if ("event" in what) this.event(what.event, world);
    else this.effect(what.effect, world);
  }

  private event(event: Event, world: World): void {
    if (event.kind !== "process-exited" && event.kind !== "spawn-failed") return;
    const unit = engineOf(world.state).byTicket.get(event.ticket)?.unit;
    if (unit === undefined || unit.run === null) return;
    const blame = this.programs.blame.get(event.ticket) ?? "";
    const command = unit.run.aux.find(({ ticket }) => ticket === event.ticket);
    if (command === undefined || command.kind === ProcessKind.preStart) this.faultOf.set(unit.name, blame);
    else this.faultOfCommand = blame;
  }

  private effect(effect: Effect, world: World): void {
    switch (effect.kind) {
      case "publish":
        if (effect.instance !== null) this.published(effect.instance.service, effect.state, effect.cause, world);
        return;
      case "spawn":
        if (effect.processKind === ProcessKind.main) return;
        this.command(effect, world);
        return;
      case "log":
        this.log(effect, world);
        return;
      case "reply":
        this.reply(effect.request, effect.reply, world);
        return;
      case "finish-shutdown":
        this.finished(effect, world);
        return;
      default:
    }
  }

  private published(name: string, state: string, rule: string, world: World): void {
    this.isStale = true;
    const node = engineOf(world.state).byName.get(name);
    const shutdown = world.state.shutdown;
    const wanted = node?.unit.wanted === "up" && shutdown === null;
    this.history.note(name, world.nowMs - bootMs, state as "ready", wanted);
    if (node === undefined) {
      this.follow(world, name, "is forgotten", "plain", "it is no longer in the configuration");
      return;
    }
    const detail = this.readNotes(node, world, rule);
    this.tellState(node, state, rule, detail, world);
  }

  private tellState(node: Node, state: string, rule: string, detail: string, world: World): void {
    const { unit } = node;
    const name = unit.name;
    switch (state) {
      case "starting":
        this.started(node, world);
        return;
      case "ready":
        this.ready(node, rule, detail, world);
        return;
      case "reloading":
        // A reload command tells itself.
        if (rule !== "reload-command") this.add(world, name, "reloads", detail);
        return;
      case "stopping":
        this.stopping(node, rule, detail, world);
        return;
      case "backing-off":
        this.follow(world, name, `starts again in ${timeText(Math.max(0, unit.backoffAtMs - world.nowMs))}`, "bad");
        return;
      case "failed":
        this.follow(world, name, failedText(rule, detail), "bad");
        return;
      case "done":
        this.follow(world, name, "done", "good");
        return;
      case "stopped":
        this.stopped(node, rule, detail, world);
        return;
      default:
        this.waiting(node, rule, detail, world);
    }
  }

  private started(node: Node, world: World): void {
    const { name } = node.unit;
    this.ends.delete(name);
    this.toldBlocked.delete(name);
    const isAgain = this.history.starts(name) > 1;
    this.add(world, name, isAgain ? "starts again" : "starts", startReason(node, isAgain));
  }

  private ready(node: Node, rule: string, detail: string, world: World): void {
    const { unit, plan } = node;
    // Its start says it all.
    if (rule === "ready-started") return;
    if (rule === "reload-ended") this.add(world, unit.name, "has reloaded", detail, detail === "" ? "good" : "bad");
    else this.add(world, unit.name, plan.type === "group" ? "is complete" : "is ready", readyText(plan, rule), "good");
  }

  private stopping(node: Node, rule: string, detail: string, world: World): void {
    const { name } = node.unit;
    const isByItself = rule === "exited" || rule === "spawn-failed" || rule === "pre-start-failed";
    const blame = this.faultOf.get(name) ?? "";
    this.faultOf.delete(name);
    if (isByItself) {
      const isGood = detail === "exited 0";
      const entry = this.add(world, name, detail, faultText(blame), isGood ? "plain" : "bad");
      this.ends.set(name, entry);
      return;
    }
    const reason = stopReason(node, detail, this.lostTo.get(name) ?? "");
    this.lostTo.delete(name);
    const isBad = reason.isBad;
    const late = faultText(this.programs.lateBy.get(name) ?? "");
    const entry = isBad
      ? this.add(world, name, `${reason.text}: is stopped`, late)
      : this.add(world, name, "is stopped", reason.text);
    entry.tone = isBad ? "bad" : "plain";
    this.ends.set(name, entry);
  }

  private stopped(node: Node, rule: string, detail: string, world: World): void {
    const { name } = node.unit;
    if (this.history.of(name).at(-2)?.state === "stopping") {
      if (node.plan.type !== "group") this.follow(world, name, this.endedText(node.unit, detail), "plain");
    } else if (rule === "shutdown") this.add(world, name, "is not started any more", "shutdown");
    else this.add(world, name, "is not wanted any more", detail);
  }

  private endedText(unit: Unit, detail: string): string {
    const blame = this.faultOf.get(unit.name) ?? "";
    this.faultOf.delete(unit.name);
    const fault = faultText(blame);
    return fault === "" ? detail : `${detail} (${fault})`;
  }

  private waiting(node: Node, rule: string, detail: string, world: World): void {
    const { name, state } = node.unit;
    if (rule === "next-run") this.follow(world, name, detail, "good");
    else if (rule === "restart-now") {
      const next = state === "waiting" ? waitsText(node) : "";
      // Of a group there is nothing that could have ended in some way.
      const texts = [detail === "stopped" ? "" : detail, next].filter((text) => text !== "");
      if (texts.length > 0) this.follow(world, name, texts.join("; "), "plain");
    } else if (detail === "restarted without delay") this.follow(world, name, "starts again at once", "bad");
  }

  /** Reads what was recorded of a unit up to the cause of its new state, and tells what is worth a line. */
  private readNotes(node: Node, world: World, untilRule: string | null): string {
    const { unit } = node;
    const from = this.read.get(unit.name) ?? 0;
    const count = (unit.causes.next - from + causesOfUnit) % causesOfUnit;
    if (count === 0) return "";
    const causes = readCauses(unit.causes).slice(0, count).reverse();
    let at = from;
    for (const cause of causes) {
      at = (at + 1) % causesOfUnit;
      this.read.set(unit.name, at);
      if (cause.rule === untilRule) return cause.effect;
      this.note(node, cause.rule, cause.effect, world);
    }
    return "";
  }

  /** What happened to a unit and changed no state. */
  private note(node: Node, rule: string, detail: string, world: World): void {
    const { name } = node.unit;
    if (rule === "dependency-lost") this.lostTo.set(name, detail.replace(/^lost /, ""));
    else if (rule === "unkillable") this.follow(world, name, `cannot be killed: ${detail}`, "bad");
    else if (rule === "tree-remains" && detail.endsWith("left")) {
      const left = detail.replace(/ left$/, "");
      this.add(world, name, `has left ${left === "1" ? "1 process" : `${left} processes`} behind`, "", "bad");
    } else if (rule === "kill" && detail.startsWith("not gone")) this.killed(node, world);
    else if (rule === "kill-forced") this.forced(name, world);
    else if (rule === "reload-signal") this.add(world, name, "gets a signal", detail);
    else if (rule === "stop-signal" && detail.startsWith("stop command"))
      this.add(world, name, `${detail}; the stop signal is sent`, "", "bad");
    else if (rule === "apply-changed") this.add(world, name, "is to be started anew", detail);
    else if (rule === "apply-new") this.add(world, name, "is new");
    else if (rule === "reset-failures") this.add(world, name, "its failures are forgotten", "it ran long enough");
  }

  private killed({ unit, plan }: Node, world: World): void {
    const definition = unit.oldPlan ?? plan;
    const limit = `it did not end within ${timeText(definition.stop.timeoutMs)}`;
    const fault = faultText(this.programs.stubbornBy.get(unit.name) ?? "");
    const why = fault === "" ? limit : `${limit}; ${fault}`;
    this.ends.set(unit.name, this.add(world, unit.name, "gets SIGKILL", why, "bad"));
  }

  private forced(name: string, world: World): void {
    const end = this.ends.get(name);
    if (end?.atMs === world.nowMs - bootMs) end.what = end.what.replace("is stopped", "is killed at once");
    else this.ends.set(name, this.add(world, name, "gets SIGKILL at once", "forced", "bad"));
  }

  private command(effect: Extract<Effect, { kind: "spawn" }>, world: World): void {
    const kind = commandNames[effect.processKind];
    if (kind !== undefined) this.add(world, effect.instance.service, `runs ${kind}`, effect.command.argv.join(" "));
  }

  private log({ message, fields }: Extract<Effect, { kind: "log" }>, world: World): void {
    const reason = String(fields.reason ?? "");
    const name = String(fields.service ?? "system");
    if (message === "Stopping services") {
      this.history.shutdownMs = world.nowMs - bootMs;
      this.add(world, "system", "shuts down", reason);
    } else if (message === "Killing services") this.add(world, "system", "kills what is left", reason, "bad");
    else if (message === "Nothing runs any more")
      this.add(world, "system", "nothing runs any more", fields.failed === undefined ? "" : `failed: ${fields.failed}`);
    else if (message === "Critical service ended, the system is left as it is")
      this.add(world, "system", "is left as it is, for rescue", reason, "bad");
    else if (message === "Applying configuration") this.add(world, "system", "applies a new configuration");
    else if (message === "Command of post_stop failed") this.failed(world, name, "post_stop failed", reason);
    else if (message === "Reload failed") this.failed(world, name, "reload failed", reason);
    else if (message === "Services could not be ended")
      this.add(world, "system", "gives up what cannot be ended", String(fields.services), "bad");
    else if (message === "Service could be killed after all") this.add(world, name, "has ended after all");
  }

  private failed(world: World, name: string, what: string, reason: string): void {
    const fault = faultText(this.faultOfCommand);
    this.add(world, name, what, fault === "" ? reason : `${reason}; ${fault}`, "bad");
    this.faultOfCommand = "";
  }

  private reply(id: number, reply: Reply, world: World): void {
    const entry = this.requests.get(id);
    if (entry === undefined) return;
    this.requests.delete(id);
    const afterMs = world.nowMs - bootMs - entry.atMs;
    const text = replyText(reply);
    if (text === "" && afterMs <= togetherMs) return;
    const when = afterMs === 0 ? "" : ` after ${timeText(afterMs)}`;
    entry.what += text === "" ? ` (done${when})` : ` (${text}${when})`;
    if (text !== "") entry.tone = "bad";
  }

  private finished(effect: Extract<Effect, { kind: "finish-shutdown" }>, world: World): void {
    const ms = world.nowMs - bootMs;
    this.history.downMs = ms;
    this.history.exitCode = effect.exitCode;
    this.history.noteSystem(ms, "down");
    const mode = Object.entries(ShutdownMode).find(([, number]) => number === effect.mode)?.[0] ?? "exit";
    const took = timeText(ms - (this.history.shutdownMs ?? ms));
    this.add(
      world,
      "system",
      "is down",
      mode === "exit" ? `exit code ${effect.exitCode}, after ${took}` : `${mode}, after ${took}`,
    );
  }

  /** After all that happened at one time. */
  afterTurns(world: World): void {
    if (world.finished !== null) return;
    const engine = engineOf(world.state);
    for (const node of engine.nodes) {
      const { unit } = node;
      if (unit.causes.next !== (this.read.get(unit.name) ?? 0)) this.readNotes(node, world, null);
      if ((this.blocked.get(unit.name) ?? "") === unit.blockedBy) continue;
      this.isStale = true;
      this.blocked.set(unit.name, unit.blockedBy);
      this.history.note(
        unit.name,
        world.nowMs - bootMs,
        unit.blockedBy === "" ? unit.state : "blocked",
        unit.wanted === "up",
      );
      if (unit.blockedBy === "" || this.toldBlocked.get(unit.name) === unit.blockedBy) continue;
      this.toldBlocked.set(unit.name, unit.blockedBy);
      this.add(world, unit.name, "is blocked", blockedText(engine, node).replace(/^blocked by /, "by "), "bad");
    }
    if (this.isStale) this.history.noteSystem(world.nowMs - bootMs, systemState(engine));
    this.isStale = false;
  }
}
