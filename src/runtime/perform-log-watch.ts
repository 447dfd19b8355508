/**
 * `ready: {log: …}`: looks for a text or a regular expression in the lines that a start writes. The logger rings the
 * bell when lines arrive; the lines are read back from where the logger keeps them.
 */

import type { Effect } from "../engine/effect.ts";
import { type InstanceId, instanceKey, type Ticket } from "../engine/instance.ts";
import { LogReader } from "./log-reader.ts";
import type { LogSource } from "./log-store.ts";
import { type Shell, serviceOf } from "./performer.ts";

interface LogWatch {
  ticket: Ticket;
  instance: InstanceId;
  matches: (line: string) => boolean;
  readers: Map<string, { reader: LogReader; rest: string }>;
}

export class LogWatches {
  private readonly shell: Shell;
  private readonly watches = new Map<Ticket, LogWatch>();

  constructor(shell: Shell) {
    this.shell = shell;
  }

  start(effect: Extract<Effect, { kind: "watch-log" }>): void {
    const { text, regularExpression } = effect;
    const watch: LogWatch = {
      ticket: effect.ticket,
      instance: effect.instance,
      matches: regularExpression ? (line) => host.regularExpressionTest(text, line) : (line) => line.includes(text),
      readers: new Map(),
    };
    this.watches.set(effect.ticket, watch);
    this.shell.logs.watch(serviceOf(this.shell, effect.instance), effect.instance);
    for (const source of this.shell.logs.sourcesOf(effect.instance)) this.readerFor(watch, source);
    // A fast service may have written its line before the watch began: the reader starts where this start's output does.
    this.look(watch);
  }

  stop(ticket: Ticket): void {
    const watch = this.watches.get(ticket);
    if (watch === undefined) return;
    this.watches.delete(ticket);
    this.shell.logs.unwatch(this.shell.service(watch.instance.service), watch.instance);
  }

  /** Called when the bell rang. */
  lookAll(): void {
    for (const watch of [...this.watches.values()]) this.look(watch);
  }

  /** A last look, when an instance's main process has ended. */
  lookFor(instance: InstanceId): void {
    const key = instanceKey(instance);
    for (const watch of [...this.watches.values()]) if (instanceKey(watch.instance) === key) this.look(watch);
  }

  private look(watch: LogWatch): void {
    for (const source of this.shell.logs.sourcesOf(watch.instance)) {
      const entry = this.readerFor(watch, source);
      const lines = (entry.rest + entry.reader.read(source)).split("\n");
      entry.rest = (lines.pop() ?? "").slice(0, 65536);
      if (!lines.some(watch.matches)) continue;
      this.stop(watch.ticket);
      this.shell.emit({ kind: "log-matched", ticket: watch.ticket });
      return;
    }
  }

  private readerFor(watch: LogWatch, source: LogSource): { reader: LogReader; rest: string } {
    let entry = watch.readers.get(source.name);
    if (entry === undefined) {
      entry = { reader: new LogReader(this.shell.logs.startMark(source)), rest: "" };
      watch.readers.set(source.name, entry);
    }
    return entry;
  }
}
