/**
 * A gonit whose manager and logger are killed, at a place of their code that the test chooses (HACKING.md on hooks) or at
 * any moment, while services print, end, start again and are asked for; and what must hold then: nothing is touched, lost
 * or done twice.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { descriptorsOf } from "./aftermath.ts";
import { binary, children, folderFor, isAlive, type Started, start } from "./gonit.ts";
import { openWork } from "./ledger-file.ts";

export type Role = "manager" | "logger";

/** Kills by what gonit was doing. */
export type Counts = Map<string, number>;

export function figuresOf(counts: Counts): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return `${total} kills: ${[...counts].map(([phase, count]) => `${phase} ${count}`).join(", ")}`;
}

/** Services whose processes must be the same to the end. */
const untouched = ["steady", "written", "shown"];

/**
 * `extra` is a service that only this version of the configuration has: to load the next one makes a plan and a snapshot,
 * and takes and gives back log places. The longer its file's name, the more room they need.
 */
function configuration(extra: number, padding: number): string {
  const file = `extra-${extra}-${"x".repeat(padding)}.log`;
  return `
services:
  - {name: steady, command: sleep 1000}
  - {name: written, command: ${children}/counts-lines, logs: {to: written.log, max_size: 4K, keep: 1000}}
  - {name: shown, command: ${children}/counts-lines 3, logs: console}
  - {name: halting, command: sh -c 'printf halting; exec sleep 1000', logs: console, stop: {timeout: 300ms}}
  - {name: restless, command: sh -c 'echo run >> restless', restart: {policy: always, delay: 10ms, backoff: 1, jitter: 0}}
  - {name: asked, command: sh -c 'echo run >> asked; exec sleep 1000', stop: {timeout: 300ms}}
  - {name: forking, command: ${children}/forks-as-daemon forking.pid, pid_file: forking.pid, ready: exit}
  - {name: slow, command: ${children}/stops-slowly 80, ready: {log: ready}}
  - {name: extra-${extra}, command: sleep 1000, logs: {to: ${file}}}
`;
}

/** What the client printed and how it ended. */
export interface Reply {
  code: number;
  text: string;
}

export class World {
  readonly gonit: Started;
  readonly counts: Counts;
  private readonly hooks: string;
  private readonly pids = new Map<string, number>();
  private extra = 1;
  private padding = 0;
  private descriptorsAtFirst = "";
  /** How often `asked` must have run. */
  private askedRuns = 1;

  constructor(context: TestContext, counts: Counts, environment: Record<string, string> = {}) {
    this.counts = counts;
    this.hooks = folderFor(context);
    this.gonit = start(context, configuration(1, 0), {
      endsRoles: true,
      binary: binary("GONIT_HOOKS_BINARY"),
      environment: {
        GONIT_RETRY_MS_MAX: "1",
        GONIT_QUICK_MS: "0",
        GONIT_FAULTS_MAX: "1000000",
        GONIT_HOOK_FOLDER: this.hooks,
        ...environment,
      },
    });
  }

  async begin(): Promise<void> {
    await this.gonit.sees(/msg="Started service".*service=extra-1/);
    await this.gonit.until("all services run", () => {
      const views = this.gonit.status().services;
      for (const name of untouched) this.pids.set(name, views.find((view) => view.name === name)?.pid ?? 0);
      return ![...this.pids.values()].includes(0) && runs(this.gonit, "asked") === 1;
    });
    // Who has not begun to count does not know yet what SIGTERM is to it.
    await this.gonit.sees(/^shown \| line 1$/m);
    await this.gonit.until("lines are written", () => rotated(this.gonit.folder, "written.log").length > 0);
    // Those of the control socket and of the configuration, which outlive managers.
    await this.gonit.until("files are watched", () => this.descriptors().split("inotify").length === 3);
    this.descriptorsAtFirst = this.descriptors();
  }

  /** What init holds. */
  private descriptors(): string {
    return descriptorsOf(this.gonit.role("init"))
      .join("\n")
      .replaceAll(/(plan|history):\d+/g, "$1");
  }

  count(phase: string): void {
    this.counts.set(phase, (this.counts.get(phase) ?? 0) + 1);
  }

  /** The next process that passes the hook ends. */
  arm(hook: string, action = "kill"): void {
    writeFileSync(join(this.hooks, hook), action);
  }

  isMet(hook: string): boolean {
    return !existsSync(join(this.hooks, hook));
  }

  async met(hook: string): Promise<void> {
    await this.gonit.until(`${hook} is passed`, () => this.isMet(hook));
  }

  /** The numbers of both roles; 0 for one that is on its way. */
  roles(): Record<Role, number> {
    return { manager: this.gonit.role("manager"), logger: this.gonit.role("logger") };
  }

  /** False: it is not there at the moment. */
  killNow(role: Role): boolean {
    try {
      const pid = this.gonit.role(role);
      return pid !== 0 && process.kill(pid, "SIGKILL");
    } catch {
      return false;
    }
  }

  /** Kills a role and waits for the next one. */
  async kill(role: Role): Promise<void> {
    const pid = this.gonit.role(role);
    this.killNow(role);
    await this.gonit.until(`a new ${role}`, () => ![0, pid].includes(this.gonit.role(role)));
  }

  /** The next manager finds the ledger's work file as `damage` leaves it. */
  async killInto(damage: (work: number) => void): Promise<void> {
    const manager = this.gonit.role("manager");
    const work = openWork(this.gonit.role("init"));
    process.kill(manager, "SIGSTOP");
    damage(work);
    closeSync(work);
    process.kill(manager, "SIGKILL");
    await this.gonit.until("a new manager", () => ![0, manager].includes(this.gonit.role("manager")));
  }

  /** Kills whoever passes the hook while `trigger` is under way, and looks at what must hold. */
  async killAt(hook: string, phase: string, trigger: () => unknown = () => {}): Promise<void> {
    this.arm(hook);
    await trigger();
    await this.met(hook);
    this.count(phase);
    await this.holds(`killed at ${hook}`);
  }

  /** Control answers, and no process of a service was touched. */
  async holds(when: string): Promise<void> {
    await this.gonit.until(`manager and logger are back: ${when}`, () => !Object.values(this.roles()).includes(0));
    const views = this.gonit.status().services;
    for (const [name, pid] of this.pids) {
      assert.equal(views.find((view) => view.name === name)?.pid, pid, `${name}, ${when}`);
      assert.equal(isAlive(pid), true, `${name} lives, ${when}`);
    }
  }

  /** Starts the client; its answer may wait for the next manager. */
  ask(...args: string[]): Promise<Reply> {
    const [verb = "", ...words] = args;
    const socket = join(this.gonit.folder, "control.sock");
    const client = spawn(binary("GONIT_HOOKS_BINARY"), [verb, "--socket", socket, ...words]);
    let text = "";
    for (const stream of [client.stdout, client.stderr]) {
      stream.on("data", (data: Buffer) => {
        text += data.toString();
      });
    }
    return new Promise((resolve) => client.on("close", (code) => resolve({ code: code ?? -1, text })));
  }

  async succeeds(...args: string[]): Promise<void> {
    const { code, text } = await this.ask(...args);
    assert.equal(code, 0, `${args.join(" ")}: ${text}\n${this.gonit.output()}`);
  }

  /** One start of `asked` and no more. */
  async restartAsked(): Promise<void> {
    this.askedRuns++;
    await this.succeeds("restart", "asked");
    // Else the next restart could end it before it has told of itself.
    await this.gonit.until("asked has run", () => runs(this.gonit, "asked") >= this.askedRuns);
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.gonit.role("init"), signal);
  }

  /** Another configuration: a new plan, a snapshot, other log places. */
  async apply({ longer = false }: { longer?: boolean } = {}): Promise<void> {
    this.extra++;
    this.padding += longer ? 40 : 0;
    writeFileSync(join(this.gonit.folder, "config.yml"), configuration(this.extra, this.padding));
    await this.succeeds("apply");
    assert.equal(this.gonit.service(`extra-${this.extra}`).state, "ready");
  }

  /** Ends all and looks at what was printed and how often things were started. */
  async end(): Promise<void> {
    await this.succeeds("stop", "restless");
    const { restarts } = this.gonit.service("restless");
    const ran = runs(this.gonit, "restless");
    // The last one may have been stopped before it has told of itself.
    assert.ok(ran === restarts || ran === restarts + 1, `${ran} starts, and ${restarts} restarts`);
    // What a killed manager left is given back with the next snapshot.
    await this.apply();
    await this.gonit.until("all that was removed is given back", () => {
      assert.equal(this.descriptors(), this.descriptorsAtFirst);
      return true;
    });
    await this.succeeds("shutdown");
    await this.ended();
  }

  /** After its end. */
  async ended(): Promise<void> {
    assert.equal(await this.gonit.ended, 0);
    assert.equal(runs(this.gonit, "asked"), this.askedRuns, "starts of what was asked for");
    wholeLines(
      this.gonit
        .stdout()
        .split("\n")
        .filter((line) => line.startsWith("shown | ")),
      "shown | ".length,
    );
    wholeLines(rotated(this.gonit.folder, "written.log"), "2026-01-01T00:00:00.000Z ".length);
  }
}

function runs(gonit: Started, name: string): number {
  const file = join(gonit.folder, name);
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
}

/** All lines of a rotated file, oldest first. */
function rotated(folder: string, name: string): string[] {
  return readdirSync(folder)
    .filter((file) => file === name || file.startsWith(`${name}.`))
    .sort((one, other) => Number(other.split(".")[2] ?? 0) - Number(one.split(".")[2] ?? 0))
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"))
    .filter((line) => line !== "");
}

/** Lines of counts-lines, each behind a prefix: all of them, once, in order, to the end. */
function wholeLines(lines: string[], prefix: number): void {
  const texts = lines.map((line) => line.slice(prefix));
  const wrong = texts.findIndex((text, at) => text !== `line ${at + 1}`);
  assert.equal(texts[wrong], `end ${wrong}`, `behind line ${wrong}: ${texts.slice(wrong, wrong + 3).join(", ")}`);
  assert.equal(wrong, texts.length - 1);
}
