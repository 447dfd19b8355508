import { ExitCode } from "../contract.ts";
import type { ServiceStatus, SystemStatus } from "../engine/view.ts";
import { ClientEnd } from "./client-end.ts";
import type { Command, Context } from "./command.ts";
import { ask, type Connection, connect } from "./connection.ts";
import { parseDurationMs } from "./options.ts";
import { columns, painter, print, printError, printJson } from "./output.ts";
import { takeTerminal } from "./own-terminal.ts";
import { markedService, memoryOf, readProcesses, usageOf } from "./process-usage.ts";
import { Relay } from "./relay.ts";
import { shownText } from "./shown-text.ts";
import { type TopFacts, type TopService, topFrame } from "./top-frame.ts";

const intervalMsDefault = 1000;
const intervalMsMin = 100;
const rowsDefault = 24;

export const command: Command = {
  usage: "top [--interval TIME]",
  about:
    "Shows services with the processor time, memory and output of all their processes, anew each second. Keys: arrows " +
    "choose a service, s starts, t stops, r restarts it, l shows its logs, q ends. Not on a terminal: shows them once.",
  options: [
    {
      name: "--interval",
      short: "-d",
      value: "TIME",
      help: "Time between two looks, as in 500ms or 2s; 1s when not given.",
    },
  ],
  examples: ["gonit top", "gonit top --json"],
  run,
};

function run(context: Context): number {
  const written = context.options.text("--interval");
  const intervalMs = written === null ? intervalMsDefault : parseDurationMs(written);
  if (intervalMs === null || intervalMs < intervalMsMin) {
    printError(`cannot use --interval ${written}: a duration of at least ${intervalMsMin}ms is needed`);
    return ExitCode.usage;
  }
  const connection = connect(context);
  const top = new Top(context, connection);
  if (context.options.json || !host.isTerminal(0) || !host.isTerminal(1)) return top.once(intervalMs);
  return top.live(intervalMs);
}

/** What a second look is compared with. */
interface Sample {
  atMs: number;
  cpuMs: Map<string, number>;
  logBytes: Map<string, number>;
}

const alternateScreen = "\x1b[?1049h\x1b[?25l";
const usualScreen = "\x1b[?25h\x1b[?1049l";
const keyVerbs: Record<string, "start" | "stop" | "restart"> = { s: "start", t: "stop", r: "restart" };

class Top {
  private readonly context: Context;
  private readonly connection: Connection;
  private readonly initPid: number;
  private sample: Sample | null = null;
  private facts: TopFacts = { title: "", state: "", services: [] };
  private selected = 0;
  private message = "";
  private readonly keys: string[] = [];
  /** What is shown is not what is known. */
  private isStale = false;
  /** The service whose logs are shown in place of the table. */
  private logsOf: string | null = null;

  constructor(context: Context, connection: Connection) {
    this.context = context;
    this.connection = connection;
    this.initPid = ask(context, connection, "version", {}).pid;
  }

  once(intervalMs: number): number {
    this.look();
    host.poll(intervalMs);
    this.look();
    if (this.context.options.json) printJson(this.facts);
    else {
      const view = { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY, selected: -1, message: "" };
      print(topFrame(this.facts, { ...view, paint: painter(this.context.options) }).join("\n"));
    }
    return ExitCode.ok;
  }

  live(intervalMs: number): number {
    const relay = new Relay();
    host.print(1, alternateScreen);
    const terminal = takeTerminal(
      relay,
      true,
      (signal) => leave(128 + signal),
      () => {
        this.isStale = true;
      },
    );
    relay.onReadable(0, () => this.read());
    this.connection.wait = (fd, events) => relay.until(fd, events);
    this.connection.pause = (ms) => relay.pause(ms);
    try {
      for (;;) {
        this.look();
        this.draw();
        this.passTime(relay, host.now().monotonicMs + intervalMs);
      }
    } finally {
      host.print(1, usualScreen);
      terminal.restore();
    }
  }

  /** Keys are acted on here, not where they come: then an answer of gonit may be on its way, and nothing else be asked. */
  private passTime(relay: Relay, untilMs: number): void {
    for (let leftMs = 1; leftMs > 0; leftMs = untilMs - host.now().monotonicMs) {
      if (this.keys.length === 0 && !this.isStale)
        relay.pause(Math.ceil(Math.max(0, untilMs - host.now().monotonicMs)));
      for (const key of this.keys.splice(0)) this.press(key);
      if (this.isStale) this.draw();
    }
  }

  private look(): void {
    const status = ask(this.context, this.connection, "status", { names: ["*"] });
    const { wallMs, monotonicMs } = host.now();
    const mains = new Map(status.services.map(({ pid, name }) => [pid, name]));
    const usages = usageOf(readProcesses(), ({ pid, parent }) => {
      const main = mains.get(pid);
      if (main !== undefined || parent !== this.initPid) return main ?? null;
      return markedService(pid, this.connection.path);
    });
    const before = this.sample;
    const sample: Sample = { atMs: monotonicMs, cpuMs: new Map(), logBytes: new Map() };
    const rate = (name: string, value: number, last: Map<string, number> | undefined) => {
      const earlier = last?.get(name);
      if (before === null || earlier === undefined || value < earlier) return null;
      return ((value - earlier) * 1000) / (monotonicMs - before.atMs);
    };
    const services = status.services.map((service): TopService => {
      const usage = usages.get(service.name);
      const cpuMs = usage?.cpuMs ?? 0;
      const logBytes = service.logs?.bytes ?? 0;
      sample.cpuMs.set(service.name, cpuMs);
      sample.logBytes.set(service.name, logBytes);
      const cpu = rate(service.name, cpuMs, before?.cpuMs);
      return {
        ...shownParts(service, wallMs),
        cpuPercent: cpu === null ? null : cpu / 10,
        memoryBytes: usage === undefined ? null : memoryOf(usage.pids),
        logRate: service.logs === undefined ? null : rate(service.name, logBytes, before?.logBytes),
      };
    });
    this.sample = sample;
    this.facts = { title: titleOf(status), state: status.state, services };
    this.selected = Math.max(0, Math.min(this.selected, services.length - 1));
  }

  private draw(): void {
    this.isStale = false;
    const size = host.windowSize(1);
    const rows = size !== null && size[1] > 0 ? size[1] : rowsDefault;
    const lines = this.logsOf === null ? this.table(rows) : this.logs(this.logsOf, rows);
    host.print(1, `\x1b[H${lines.map((line) => `${line}\x1b[K`).join("\r\n")}\x1b[J`);
  }

  private table(rows: number): string[] {
    const { selected, message } = this;
    return topFrame(this.facts, { columns: columns(), rows, selected, message, paint: painter(this.context.options) });
  }

  private logs(name: string, rows: number): string[] {
    const answer = this.connection.request("logs", { names: [name], lines: rows - 2, follow: false, sinceMs: null });
    const text = "error" in answer ? answer.error.message : answer.result.logs.map((piece) => piece.text).join("");
    const width = columns();
    const lines = text
      .split("\n")
      .slice(0, -1)
      .slice(-(rows - 2));
    return [`${name}: its last lines; l or q goes back`, ...lines.map((line) => shownText(line.slice(0, width)))];
  }

  /** Keys that came together, as a pasted text does, are taken one after the other. */
  private read(): void {
    const typed = host.receive(0, 1024);
    if (typeof typed === "number" || typed.length === 0) leave(ExitCode.ok);
    else this.keys.push(...(host.decodeUtf8(typed).match(/\x1b\[?[A-Za-z]?|[\s\S]/g) ?? []));
  }

  private press(key: string): void {
    this.isStale = true;
    const isBack = key === "q" || key === "\x03" || key === "\x1b";
    if (isBack && this.logsOf === null) leave(ExitCode.ok);
    else if (isBack || (key === "l" && this.logsOf !== null)) this.logsOf = null;
    else if (key === "\x1b[A" || key === "k") this.selected = Math.max(0, this.selected - 1);
    else if (key === "\x1b[B" || key === "j")
      this.selected = Math.min(this.facts.services.length - 1, this.selected + 1);
    else this.serve(key);
  }

  private serve(key: string): void {
    const name = this.facts.services[this.selected]?.name;
    const verb = keyVerbs[key];
    if (name !== undefined && key === "l") this.logsOf = name;
    else if (name !== undefined && verb !== undefined) this.act(verb, name);
  }

  private act(verb: "start" | "stop" | "restart", name: string): void {
    const request = { verb, names: [name], force: false };
    const answer = this.connection.request("act", { request, timeoutMs: null, wait: false });
    this.message = "error" in answer ? answer.error.message : `${verb} ${name}: asked for`;
  }
}

function leave(code: number): never {
  throw new ClientEnd(code);
}

function titleOf({ title, version }: SystemStatus): string {
  return [title, version].filter((text) => text !== "").join(" ");
}

function shownParts(service: ServiceStatus, wallMs: number) {
  const { name, shown, state, pid, restarts, sinceWallMs } = service;
  return { name, shown, state, pid, restarts, sinceMs: wallMs - sinceWallMs };
}
