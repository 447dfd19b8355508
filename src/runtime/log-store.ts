/**
 * The output of services: one log source for each instance (two when stderr is kept apart), made at its first start and
 * kept over restarts. init holds both ends of each pipe, so nothing is lost when the manager or the logger is replaced.
 */

import { LogFlag } from "../contract.ts";
import { messagesOf } from "../control/partial-lines.ts";
import { type InstanceId, instanceKey, parseInstanceKey, type Ticket } from "../engine/instance.ts";
import type { LogPlan, ServicePlan } from "../engine/plan.ts";
import { ServiceTerminals } from "./service-terminals.ts";

const pipeCapacityBytes = 65536;
const tailBytes = 64 * 1024;
const heldPrefix = "log:";

export interface LogSource {
  /** instanceKey(), with `:err` behind it for a separate stderr. */
  name: string;
  slot: number;
  /** Our write end, given to each process as its stdout or stderr. */
  fd: number;
  path: string;
  flags: number;
  /** A pty in place of a pipe: `fd` is its slave. */
  isTerminal: boolean;
}

export class LogStore {
  readonly terminals = new ServiceTerminals();
  /** Called when an instance that is followed has ended, and all that it wrote is read. */
  onLastWords: (instance: InstanceId) => void = () => {};
  private readonly sources = new Map<string, LogSource>();
  private readonly heldEnds = new Map<string, number>();
  private readonly watchers = new Map<string, number>();
  /** Sources whose lines a start waits for, from before its program can write: a watch that begins later is too late. */
  private readonly expecting = new Set<string>();
  private readonly startMarks = new Map<string, number>();
  /** The run that each source was last written by, and what was stored before it. */
  private readonly runMarks = new Map<string, { run: Ticket; stored: number }>();

  /** Write ends that init holds from an earlier manager, by source name. */
  adopt(held: { name: string; fd: number }[]): void {
    this.terminals.adopt(held);
    for (const { name, fd } of held)
      if (name.startsWith(heldPrefix)) this.heldEnds.set(name.slice(heldPrefix.length), fd);
  }

  /** Takes the adopted ends into use, so that earlier lines can be read before an instance starts again. */
  resume(serviceOf: (name: string) => ServicePlan | undefined): void {
    for (const name of [...this.heldEnds.keys()]) {
      if (name.endsWith(":err")) continue;
      const instance = parseInstanceKey(name);
      const service = serviceOf(instance.service);
      if (service !== undefined) this.outputsOf(service, instance);
    }
  }

  /** stdout and stderr of an instance; -errno where the logger's table or the pipe could not be had. */
  outputsOf(service: ServicePlan, instance: InstanceId): { stdout: number; stderr: number } {
    const name = instanceKey(instance);
    const logs = service.logs;
    if (service.tty?.device === "") {
      const terminal = this.source(name, name, logs, logs.format === "raw" ? 0 : LogFlag.terminal, true);
      return { stdout: terminal, stderr: terminal };
    }
    if (logs.to === "none" || logs.to === "inherit") return { stdout: -1, stderr: -1 };
    const separate = logs.stderr === "separate";
    const stdout = this.source(name, name, logs, 0, false);
    if (!separate) return { stdout, stderr: stdout };
    const isConsole = logs.to === "console";
    return { stdout, stderr: this.source(`${name}:err`, name, logs, isConsole ? LogFlag.consoleError : 0, false) };
  }

  private source(name: string, label: string, logs: LogPlan, extraFlags: number, isTerminal: boolean): number {
    this.dropOther(name, isTerminal);
    const known = this.sources.get(name);
    const path = logs.to === "file" ? pathOf(logs.path, name) : "";
    const key = name.endsWith(":err") ? name.slice(0, -":err".length) : name;
    const flags = flagsOf(logs, this.watchers.has(key) || this.expecting.has(key)) | extraFlags;
    if (known !== undefined && known.path === path && known.flags === flags) return known.fd;
    const slot = host.configureLog({
      name,
      label: logs.prefix ? label : "",
      path,
      maxSize: logs.maxSizeBytes,
      keep: logs.keep,
      flags,
      lineLimit: logs.lineLimitBytes,
      syncMs: logs.syncMs,
      rate: logs.rateBytes,
    });
    if (slot < 0) return slot;
    let fd = known?.fd ?? this.heldEnds.get(name) ?? -1;
    this.heldEnds.delete(name);
    if (fd < 0) fd = isTerminal ? this.terminals.open(name, slot) : host.logPipe(slot, pipeCapacityBytes);
    if (fd < 0) return fd;
    this.sources.set(name, { name, slot, fd, path, flags, isTerminal });
    return fd;
  }

  /** A pipe is given back where a terminal is wanted, and the other way round: what is still in it is written. */
  private dropOther(name: string, isTerminal: boolean): void {
    const held = this.heldEnds.get(name);
    const fd = this.sources.get(name)?.fd ?? held;
    if (fd === undefined) return;
    const hadTerminal = host.isTerminal(fd);
    if (hadTerminal === isTerminal && (!isTerminal || this.terminals.masterOf(name) >= 0)) return;
    this.forget(name, fd);
  }

  /**
   * Remembers where the output of the start that is about to be made will begin, and has the logger tell of its lines
   * from the first one on.
   */
  markStart(service: ServicePlan, instance: InstanceId): void {
    this.expecting.add(instanceKey(instance));
    this.outputsOf(service, instance);
    for (const source of this.sourcesOf(instance))
      this.startMarks.set(source.name, host.logCounters(source.slot).stored);
  }

  /** Remembers where the output of a run begins; called before each of its processes is made. */
  markRun(instance: InstanceId, run: Ticket): void {
    for (const { name, slot } of this.sourcesOf(instance))
      if (this.runMarks.get(name)?.run !== run) this.runMarks.set(name, { run, stored: host.logCounters(slot).stored });
  }

  /** Bytes that were stored before the running start wrote anything. */
  startMark(source: LogSource): number {
    return this.startMarks.get(source.name) ?? host.logCounters(source.slot).stored;
  }

  /** Makes the logger ring the manager's bell when lines of this instance arrive. */
  watch(service: ServicePlan, instance: InstanceId): void {
    this.countWatchers(instance, 1);
    if (this.sources.has(instanceKey(instance))) this.outputsOf(service, instance);
  }

  unwatch(service: ServicePlan | undefined, instance: InstanceId): void {
    this.countWatchers(instance, -1);
    this.expecting.delete(instanceKey(instance));
    if (service !== undefined && this.sources.has(instanceKey(instance))) this.outputsOf(service, instance);
  }

  /** Somebody reads what this instance prints, and would hear of its end before its last words. */
  isFollowed(instance: InstanceId): boolean {
    return this.watchers.has(instanceKey(instance));
  }

  private countWatchers(instance: InstanceId, change: number): void {
    const name = instanceKey(instance);
    const count = (this.watchers.get(name) ?? 0) + change;
    if (count > 0) this.watchers.set(name, count);
    else this.watchers.delete(name);
  }

  /** Sources of an instance, stdout first. */
  sourcesOf(instance: InstanceId): LogSource[] {
    const name = instanceKey(instance);
    const found: LogSource[] = [];
    for (const key of [name, `${name}:err`]) {
      const source = this.sources.get(key);
      if (source !== undefined) found.push(source);
    }
    return found;
  }

  all(): Iterable<LogSource> {
    return this.sources.values();
  }

  /** Whether everything that was written by now has passed through the logger. */
  isDrained(instance: InstanceId): boolean {
    return this.sourcesOf(instance).every(({ name, slot, fd, isTerminal }) =>
      host.logDrained(slot, isTerminal ? this.terminals.masterOf(name) : fd),
    );
  }

  /**
   * The last lines of what a run of an instance wrote, oldest first. Where its beginning is not known (an earlier manager
   * made it), the last lines of all.
   */
  lastLines(instance: InstanceId, run: Ticket, count: number): string[] {
    const lines: string[] = [];
    for (const source of this.sourcesOf(instance)) {
      const mark = this.runMarks.get(source.name);
      const written = mark?.run === run ? host.logCounters(source.slot).stored - mark.stored : tailBytes;
      if (written > 0) lines.push(...lastLinesOf(this.tail(source, Math.min(written, tailBytes)), count, source.flags));
    }
    return lines.slice(-count);
  }

  /** The last bytes of a source as text: from its file, else from memory. */
  tail(source: LogSource, bytes = tailBytes): string {
    const { fileSize: size, flags } = host.logCounters(source.slot);
    if (isInMemory(source, flags)) return host.decodeUtf8(host.logMemory(source.slot).slice(-bytes));
    let text = readRange(source.path, Math.max(0, size - bytes), bytes);
    if (size < bytes) {
      // The file is young: the end of the newest archive stands before it.
      const archive = `${source.path}.1`;
      const archived = host.stat(archive);
      if (typeof archived === "object") {
        text = readRange(archive, Math.max(0, archived.size - (bytes - size)), bytes - size) + text;
      }
    }
    return text;
  }

  /** Gives back what instances have that are no more, also those of which an earlier manager did not come to it. */
  forgetUnknown(isKnown: (instance: InstanceId) => boolean): void {
    for (const [name, fd] of [
      ...this.heldEnds,
      ...[...this.sources.values()].map(({ name, fd }) => [name, fd] as const),
    ]) {
      if (isKnown(parseInstanceKey(name.replace(/:err$/, "")))) continue;
      this.forget(name, fd);
    }
  }

  private forget(name: string, fd: number): void {
    host.forgetLog(name);
    host.close(fd);
    this.terminals.forget(name);
    this.heldEnds.delete(name);
    this.sources.delete(name);
    this.startMarks.delete(name);
    this.runMarks.delete(name);
  }
}

/** Where the newest bytes are: a source without a file, or whose file cannot be written, has them in memory. */
export function isInMemory({ path }: LogSource, flags: number): boolean {
  return path === "" || (flags & LogFlag.memory) !== 0;
}

function pathOf(path: string, name: string): string {
  return name.endsWith(":err") ? `${path}.err` : path;
}

function flagsOf(logs: LogPlan, watched: boolean): number {
  let flags = 0;
  if (logs.to === "console") flags |= LogFlag.console | LogFlag.memory;
  if (logs.to === "console" && logs.prefix) flags |= LogFlag.prefix;
  // On the console there is none; the stamps stand in memory, where `gonit logs --since` reads them.
  if (logs.format === "text") flags |= LogFlag.stamp;
  if (logs.format === "json") flags |= LogFlag.json;
  if (watched) flags |= LogFlag.watch;
  return flags;
}

function readRange(path: string, offset: number, bytes: number): string {
  const fd = host.open(path, "rn", 0);
  if (fd < 0) return "";
  const data = host.readFd(fd, offset, bytes);
  host.close(fd);
  return typeof data === "number" ? "" : host.decodeUtf8(data);
}

const stampLength = "2026-11-25T08:00:01.234Z ".length;

/** The last lines of a text, as the service wrote them. */
export function lastLinesOf(text: string, count: number, flags: number): string[] {
  const lines = text.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  if ((flags & LogFlag.json) !== 0) return messagesOf(lines).slice(-count);
  const kept = lines.slice(-count);
  if ((flags & LogFlag.stamp) === 0) return kept;
  return kept.map((line) => (/^\d{4}-\d\d-\d\dT[\d:.]+Z /.test(line) ? line.slice(stampLength) : line));
}
