/**
 * Scenarios: text that says what happens, line by line, each line followed by everything that it caused, indented. The
 * expectation is the whole trace; `UPDATE=1 npm test -- scenarios` writes it anew, to be read as a diff.
 *
 *   service web needs:db ready:notify      a service of the system (also task, group; `remove web`, `role vm`, `shutdown-timeout 5s`)
 *   script web ignores TERM                how its processes behave from now on
 *   boot [NAME…]                           the plan is loaded; `apply` loads it again as it is now
 *   apply gate[:5s] [timeout:1s]           as a transaction; `apply gate unasked` as a signal or the disk brings it
 *   start|stop|restart|reload NAME… [force] [timeout:1s]      a request; also wait NAME ready, kill NAME HUP tree
 *   cancel 1                               the client of request 1 goes away
 *   exit web 1 | exit web SEGV             its main process ends by itself; `exit web 0 starter`: the program that was started
 *   tell web ready|line|closed|error|reloading                a sign of readiness
 *   tell web status:serving extend:5s errno:5 ready           a message to the notify socket, word by word; also
 *                                          main-pid:101, stopping:yes, watchdog:alive, watchdog:trigger, watchdog-limit:5s
 *   touch web /srv/a                       a file that web watches has changed
 *   connect web                            a connection comes to a socket of web
 *   names web [itself|nobody]              its pid file, or MAINPID=, names a process that it has left (script web leaves 1)
 *   run-task NAME…                         runs tasks now
 *   advance 10s                            time passes
 *   clock 1h | clock -1h                   the wall clock is set
 *   signal stop|force|reload-config|reopen [INT]              a signal to init, in its meaning
 *   adopt web [newer]                      a process of web is found that the state does not know; of an old or a new start
 *   crash [EFFECTS]                        the manager dies in its next turn, after that many effects
 *   status, show web, why web [all], why (all that is under way), causes, outstanding, bound      prints what a user or a new manager would see
 */

import { Clock, ProcessKind } from "../src/contract.ts";
import type { Effect } from "../src/engine/effect.ts";
import { engineOf } from "../src/engine/engine.ts";
import type { Event, Request } from "../src/engine/event.ts";
import { outstanding } from "../src/engine/outstanding.ts";
import type { Plan, ServicePlan } from "../src/engine/plan.ts";
import { shutdownBoundMs } from "../src/engine/shutdown.ts";
import { signalName } from "../src/engine/words.ts";
import { system } from "./plans.ts";
import { causeLines, gapsOfWhy, pendingLines, shownLines, statusLines, whyLines } from "./scenario-look.ts";
import { milliseconds, serviceLine, signals, testZones } from "./scenario-plan.ts";
import { fieldsText, kindOf, notifyFields, replyText, scopeName, stageOf } from "./scenario-words.ts";
import { Scripted } from "./scripted.ts";
import { World } from "./world.ts";

export interface ScenarioResult {
  text: string;
  rules: Set<string>;
  /** Where `why` left out a cause, since when, or what would release it: after which line, and what. */
  gaps: string[];
}

/** Runs a scenario: the same text with the traces as they are. */
export function runScenario(text: string): ScenarioResult {
  const stage = new ScenarioStage();
  const lines: string[] = [];
  for (const line of text.split("\n")) {
    if (line.startsWith("  ")) continue;
    lines.push(line);
    if (line.trim() === "" || line.startsWith("#")) continue;
    try {
      lines.push(...stage.line(line).map((one) => `  ${one}`));
    } catch (error) {
      throw new Error(`"${line}": ${error instanceof Error ? error.message : error}\n${lines.slice(-12).join("\n")}`);
    }
  }
  return { text: lines.join("\n"), rules: stage.rules, gaps: stage.gaps };
}

class ScenarioStage {
  readonly rules = new Set<string>();
  readonly gaps: string[] = [];
  private readonly behaviour = new Scripted();
  private readonly world: World;
  private services: ServicePlan[] = [];
  private role: string = "container";
  private shutdownTimeoutMs: number | null = null;
  private out: string[] = [];
  private shownMs = 1000;
  private readonly names = new Map<number, string>();
  private readonly requests = new Map<number, number>();

  constructor() {
    this.world = new World({ seed: 1, behaviour: this.behaviour, watch: (what) => this.watch(what) });
    this.world.settleNow();
    this.out = [];
  }

  line(line: string): string[] {
    this.out = [];
    const [verb = "", ...words] = line.split(/ +/);
    this.act(verb, words);
    const { items } = this.world.state.causes;
    for (let at = 2; at < items.length; at += 4) this.rules.add(items[at] as string);
    for (const gap of gapsOfWhy(this.world)) this.gaps.push(`"${line}": ${gap}`);
    return this.out;
  }

  private act(verb: string, words: string[]): void {
    const act = this.verbs[verb];
    if (act === undefined) this.look(verb, words);
    else act(words[0] ?? "", words);
  }

  private readonly verbs: Record<string, (name: string, words: string[]) => void> = {
    service: (name, words) => this.define("service", name, words),
    task: (name, words) => this.define("task", name, words),
    group: (name, words) => this.define("group", name, words),
    remove: (name) => {
      this.services = this.services.filter((one) => one.name !== name);
    },
    role: (name) => {
      this.role = name;
    },
    "shutdown-timeout": (time) => {
      this.shutdownTimeoutMs = milliseconds(time);
    },
    script: (name, words) => this.script(name, words.slice(1)),
    boot: (_name, words) => {
      this.world.load(this.plan(), words.length > 0 ? { only: words } : {});
      this.world.advance(0);
    },
    apply: (_name, words) => this.apply(words),
    start: (_name, words) => this.request("start", words),
    stop: (_name, words) => this.request("stop", words),
    restart: (_name, words) => this.request("restart", words),
    reload: (_name, words) => this.request("reload", words),
    wait: (_name, words) => this.request("wait", words),
    "run-task": (_name, words) => this.request("run-task", words),
    kill: (_name, words) => this.request("kill", words),
    shutdown: (_name, words) => this.request("shutdown", words),
    cancel: (number) => {
      for (const [id, at] of this.requests) {
        if (at === Number(number)) this.world.emit({ kind: "request-cancelled", id });
      }
      this.world.settleNow();
    },
    exit: (name, words) => this.exit(name, words[1] ?? "0", words[2] === "starter"),
    tell: (name, words) => this.tell(name, words.slice(1)),
    touch: (service, words) => {
      this.world.emit({ kind: "watched-changed", instance: { service, replica: 1 }, path: words[1] ?? "" });
      this.world.settleNow();
      this.world.advance(0);
    },
    connect: (service) => {
      this.world.emit({ kind: "socket-connected", instance: { service, replica: 1 }, socket: "web" });
      this.world.settleNow();
      this.world.advance(0);
    },
    names: (name, words) => {
      this.world.kernel.nameMain(name, (words[1] ?? "another") as "another");
      this.world.settleNow();
      this.world.advance(0);
    },
    advance: (time) => this.world.advance(milliseconds(time)),
    signal: (meaning, words) => this.signal(meaning, words[1]),
    adopt: (name, words) => {
      const ticket = words[1] === "newer" ? this.world.state.nextTicket : 7;
      this.world.emit({ kind: "processes-adopted", processes: [{ service: name, ticket, pid: 77, slot: 1 }] });
      this.world.settleNow();
    },
    "set-aside": (eventKind) => {
      this.world.emit({ kind: "event-set-aside", eventKind, reason: "it ended the manager" });
      this.world.settleNow();
    },
    clock: (time) => {
      this.world.setClock(time.startsWith("-") ? -milliseconds(time.slice(1)) : milliseconds(time));
    },
    crash: (effects) => this.world.crashNext(effects === "" ? "before-append" : Number(effects)),
  };

  private define(type: ServicePlan["type"], name: string, words: string[]): void {
    const made = serviceLine(type, name, words.slice(1));
    const at = this.services.findIndex((one) => one.name === name);
    if (at < 0) this.services.push(made);
    else this.services[at] = made;
  }

  private look(verb: string, [name = "", more = ""]: string[]): void {
    const { world } = this;
    if (verb === "status") this.out.push(...statusLines(world));
    else if (verb === "show") this.out.push(...shownLines(world, name));
    else if (verb === "why" && name === "")
      this.out.push(...pendingLines(this.world, (id) => `request ${this.requests.get(id) ?? "of nobody"}`));
    else if (verb === "why") this.out.push(...whyLines(world, name, more === "all"));
    else if (verb === "causes") this.out.push(...causeLines(world.state));
    else if (verb === "outstanding") {
      for (const effect of outstanding(world.state)) this.out.push(this.effectText(effect) || effect.kind);
    } else if (verb === "bound") this.out.push(`${shutdownBoundMs(this.plan())} ms`);
    else throw new Error(`there is no verb ${verb}`);
  }

  private plan(): Plan {
    const role = { vm: 1, container: 2, laptop: 3 }[this.role] ?? 2;
    const services = this.services.map((one) => ({
      ...one,
      conflicts: this.services
        .filter((other) => other.conflicts.includes(one.name) || one.conflicts.includes(other.name))
        .map((other) => other.name),
    }));
    return system(services, { role, shutdownTimeoutMs: this.shutdownTimeoutMs, zones: testZones });
  }

  private apply(words: string[]): void {
    const time = (name: string) => {
      const word = words.find((one) => one.startsWith(`${name}:`));
      return word === undefined ? undefined : milliseconds(word.slice(name.length + 1));
    };
    const hasGate = words.some((word) => word.startsWith("gate"));
    const asRequest = !words.includes("unasked");
    if (asRequest) this.requests.set(this.world.upcomingRequest(), this.requests.size + 1);
    const gate = hasGate ? { limitMs: time("gate") ?? null } : undefined;
    this.world.load(this.plan(), { asRequest, gate, timeoutMs: time("timeout") });
    this.world.advance(0);
  }

  private request(verb: string, words: string[]): void {
    const timeout = words.find((word) => word.startsWith("timeout:"));
    const rest = words.filter((word) => word !== timeout && word !== "force");
    const request = this.requestOf(verb, rest, words.includes("force"));
    const number = this.requests.size + 1;
    // The world's next number, known before the reply can come.
    this.requests.set(this.world.upcomingRequest(), number);
    this.world.request(request, timeout === undefined ? null : milliseconds(timeout.slice("timeout:".length)));
    this.world.advance(0);
  }

  private requestOf(verb: string, words: string[], force: boolean): Request {
    if (verb === "stop") return { verb, names: words, force };
    if (verb === "wait") return { verb, names: words.slice(0, -1), until: words.at(-1) as "ready" };
    if (verb === "kill")
      return {
        verb,
        names: words.slice(0, 1),
        signal: signals[words[1] ?? "TERM"] as number,
        scope: (words[2] ?? "process") as "process",
      };
    if (verb === "shutdown") return { verb, mode: 1, exitCode: null, force, reason: "asked for" };
    return { verb: verb as "start", names: words };
  }

  private exit(name: string, how: string, isStarter: boolean): void {
    const { kernel } = this.world;
    const main = isStarter ? kernel.starterOf(name) : kernel.mainOf(name);
    if (main === undefined) throw new Error(`${name} has no main process`);
    const signal = signals[how] ?? null;
    this.world.kernel.end(main, signal === null ? Number(how) : null, signal);
    this.world.settleNow();
    this.world.advance(0);
  }

  private tell(name: string, words: string[]): void {
    const main = this.world.kernel.mainOf(name);
    if (main === undefined) throw new Error(`${name} has no main process`);
    if (words.some((word) => word.includes(":"))) this.world.kernel.notify(main, notifyFields(words));
    else this.world.kernel.tell(main, words[0] as "ready");
    this.world.settleNow();
    this.world.advance(0);
  }

  private signal(meaning: string, name: string | undefined): void {
    const exitCode = meaning === "force" ? 130 : null;
    const numbers: Record<string, number> = { stop: 15, force: 2, "reload-config": 1, reopen: 10 };
    this.world.signal({
      kind: "signal-received",
      signal: (name === undefined ? numbers[meaning] : signals[name]) as number,
      meaning: meaning as "stop",
      exitCode,
      mode: 1,
    });
    this.world.advance(0);
  }

  /** script web ignores TERM | ends-after 2s | spawn not-found | hangs | deaf | leaves 2 | stubborn | unkillable 5s | pre_start 1 … */
  private script(name: string, words: string[]): void {
    const script = this.behaviour.of(name);
    const [what = "", value = "", more = ""] = words;
    const kinds: Record<string, number> = {
      pre_start: ProcessKind.preStart,
      post_stop: ProcessKind.postStop,
      stop: ProcessKind.stop,
      reload: ProcessKind.reload,
    };
    const kind = kinds[what];
    if (kind !== undefined) {
      const isNumber = /^\d+$/.test(value);
      const afterMs = more === "never" ? null : more === "" ? 0 : milliseconds(more);
      script.commands.set(kind, { code: isNumber ? Number(value) : 0, afterMs, fault: isNumber ? "" : value });
    } else if (what === "ignores") script.ignores = words.slice(1).map((signal) => signals[signal] as number);
    else if (what === "ends-after") script.endsAfterMs = milliseconds(value);
    else if (what === "spawn") script.spawnFault = value === "ok" ? "" : value;
    else if (what === "hangs") script.hangs = true;
    else if (what === "deaf") script.isDeaf = true;
    else if (what === "leaves") {
      script.extras = Number(value);
      script.extrasIgnore = more === "stubborn";
    } else if (what === "unkillable") script.killMs = milliseconds(value);
    else if (what === "health-fails") script.healthFails = value === "always" ? -1 : Number(value);
    else if (what === "probes-fail") script.probesFail = value === "always" ? -1 : Number(value);
    else if (what === "extras-end") {
      for (const extra of [...this.world.kernel.extras.values()])
        if (extra.unit === name) this.world.kernel.endExtra(extra);
      this.world.advance(0);
    } else throw new Error(`there is no script word ${what}`);
  }

  private watch(what: { event: Event } | { effect: Effect }): void {
    const text = "event" in what ? this.eventText(what.event) : this.effectText(what.effect);
    if (text === "") return;
    const nowMs = this.world?.nowMs ?? 1000;
    if (nowMs !== this.shownMs) this.out.push(`@${nowMs - 1000}ms`);
    this.shownMs = nowMs;
    this.out.push(text);
  }

  private eventText(event: Event): string {
    const name = "ticket" in event ? (this.names.get(event.ticket) ?? "") : "";
    switch (event.kind) {
      case "manager-started":
        return event.life === 1 ? "" : `> manager ${event.life} started`;
      case "spawn-failed":
        return `> ${name}: spawn-failed ${stageOf(event.stage)} ${event.errno}`;
      case "process-exited":
        return `> ${name}: exited ${event.signal === null ? event.code : signalName(event.signal)}`;
      case "notify-received":
        return `> ${name}: notify${event.ready ? " READY" : ""}${event.reloading ? " RELOADING" : ""}${event.errno === null ? "" : ` ERRNO=${event.errno}`}${event.stopping ? " STOPPING" : ""}${event.watchdog === "" ? "" : ` WATCHDOG=${event.watchdog}`}`;
      case "main-named":
        return `> ${name}: main-named ${event.pid}`;
      case "main-refused":
        return `> ${name}: main-refused ${event.reason}`;
      case "clock-stepped":
        return "> clock-stepped";
      case "timer-fired":
      case "spawn-succeeded":
      case "tree-emptied":
      case "tree-remains":
      case "tree-unkillable":
      case "probe-succeeded":
      case "probe-failed":
      case "log-matched":
      case "ready-line":
      case "ready-closed":
      case "signal-sent":
      case "signal-unhandled":
        return `> ${name}: ${event.kind}`;
      default:
        return "";
    }
  }

  private effectText(effect: Effect): string {
    switch (effect.kind) {
      case "publish":
        return `${effect.instance?.service}: ${effect.state} (${effect.cause})`;
      case "log":
        return `${effect.level} ${effect.message}${fieldsText(effect.fields)}${effect.lines.map((line) => ` | ${line}`).join("")}`;
      case "spawn": {
        const kind = kindOf(effect.processKind);
        this.names.set(effect.ticket, kind === "main" ? effect.instance.service : `${effect.instance.service} ${kind}`);
        return `spawn ${effect.instance.service} ${kind}${kind === "main" ? "" : ` ${effect.command.argv.join(" ")}`}`;
      }
      case "signal":
        return `signal ${this.names.get(effect.ticket) ?? effect.instance.service} ${signalName(effect.signal)} ${scopeName(effect.scope)}`;
      case "signal-handler":
        this.names.set(effect.ticket, effect.instance.service);
        return `signal-handler ${effect.instance.service} ${signalName(effect.signal)} ${scopeName(effect.scope)}`;
      case "kill-tree":
        this.names.set(effect.ticket, effect.instance.service);
        return `kill-tree ${effect.instance.service} ${scopeName(effect.scope)}`;
      case "find-main":
        this.names.set(effect.ticket, effect.instance.service);
        return `find-main ${effect.instance.service} ${effect.pid === 0 ? effect.pidFile : effect.pid}`;
      case "await-tree":
      case "start-probe":
      case "watch-log":
        this.names.set(effect.ticket, effect.instance.service);
        return `${effect.kind} ${effect.instance.service}`;
      case "arm-timer": {
        const owner = engineOf(this.world.state).byTicket.get(effect.ticket)?.unit.name ?? "system";
        this.names.set(effect.ticket, `${owner} timer`);
        const nowMs = this.world.nowMs + (effect.clock === Clock.wall ? this.world.wallOffsetMs : 0);
        return `timer ${owner} in ${effect.atMs - nowMs}ms`;
      }
      case "cancel-spawn":
      case "stop-probe":
        return `${effect.kind} ${this.names.get(effect.ticket) ?? ""}`;
      case "forget-tree":
      case "cancel-timer":
        return "";
      case "reply":
        return `reply ${this.requests.get(effect.request) ?? effect.request} ${replyText(effect.reply)}`;
      case "finish-shutdown":
        return `finish-shutdown mode ${effect.mode} code ${effect.exitCode} grace ${effect.graceMs}ms`;
      default:
        return effect.kind;
    }
  }
}
