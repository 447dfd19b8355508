/**
 * Restarts services when files change (`watch`). As in configuration-watch.ts inotify(7) only wakes us, and what counts is a
 * fingerprint of all files that is the same in two looks and another than when the run began: so a file that is being
 * written, or is renamed into its place, is waited for, and many changes at once are one restart.
 *
 * A service that writes into its own watched paths would be restarted for ever, or, if it writes all the time, never: changes
 * that come soon after each of several starts in a row suspend the watch, and so do changes without a pause.
 */

import { Clock, Poll } from "../contract.ts";
import { isEqual } from "../engine/diff.ts";
import { engineOf, type Node } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { readNow } from "./clock.ts";
import type { Shell } from "./performer.ts";

const pauseMs = 100;
const pollMs = 2000;
const entriesMax = 4096;
const depthMax = 16;
/** So many starts in a row, each followed by a change within this time, are the service's own doing. */
const ownChanges = 3;
const ownChangeMs = 3000;
/** Changes without a pause for so long: from the start of the service on they are its own, else somebody copies a lot. */
const ownUnrestMs = 5000;
const unrestMsMax = 300_000;

interface Watch {
  node: Node;
  paths: string[];
  /** The run that the baseline was taken at. */
  start: number;
  startedMs: number;
  baseline: Map<string, string>;
  seen: Map<string, string>;
  /** Since when no two looks saw the same; -1: they did. */
  unrestMs: number;
  fd: number;
  isPolling: boolean;
  timer: number;
  /** Restarts in a row that a change followed soon. */
  quick: number;
  isSuspended: boolean;
}

export class ServiceWatch {
  private readonly shell: Shell;
  private readonly watches = new Map<string, Watch>();
  private plan: Plan | null = null;
  private owners: string[] = [];

  constructor(shell: Shell) {
    this.shell = shell;
  }

  afterTurn(state: State): void {
    if (state.plan !== this.plan) {
      this.plan = state.plan;
      this.owners = (state.plan?.services ?? []).filter(({ watch }) => watch.length > 0).map(({ name }) => name);
      for (const [name, { paths, isSuspended }] of [...this.watches])
        if (isSuspended || !isEqual(this.shell.service(name)?.watch, paths)) this.end(name);
    }
    for (const name of this.owners) {
      const node = engineOf(state).byName.get(name);
      if (node === undefined || node.unit.wanted === "down" || state.shutdown !== null) this.end(name);
      else if (node.unit.run !== null) this.begin(node, node.unit.run.start);
    }
  }

  /** For status; empty: nothing is to be said. */
  noteOf(name: string): string {
    return this.watches.get(name)?.isSuspended === true
      ? "its watch is suspended, since it seems to change the watched files itself; stop and start it, or apply another configuration"
      : "";
  }

  private begin(node: Node, start: number): void {
    const known = this.watches.get(node.unit.name);
    // An apply makes the nodes anew.
    if (known !== undefined) known.node = node;
    if (known?.start === start || known?.isSuspended === true) return;
    const files = new Map<string, string>();
    const fresh = { start, startedMs: readNow().monotonicMs, baseline: files, seen: files, unrestMs: -1 };
    const { plan } = node;
    const timer = known?.timer ?? this.shell.tickets.take();
    const watch = {
      fd: -1,
      quick: 0,
      ...known,
      ...fresh,
      node,
      paths: plan.watch,
      isPolling: false,
      isSuspended: false,
      timer,
    };
    this.watches.set(node.unit.name, watch);
    watch.baseline = watch.seen = this.list(watch);
  }

  private end(name: string): void {
    const watch = this.watches.get(name);
    if (watch === undefined) return;
    this.watches.delete(name);
    this.unwatch(watch);
    this.shell.timers.cancel(watch.timer);
  }

  /** Watches all directories and files anew, and returns what they are like. */
  private list(watch: Watch): Map<string, string> {
    this.unwatch(watch);
    watch.isPolling = false;
    const files = new Map<string, string>();
    for (const path of watch.paths) this.add(watch, files, path, 0);
    if (watch.fd >= 0) this.shell.watches.add(watch.fd, Poll.in, () => this.wake(watch));
    if (watch.isPolling) this.lookIn(watch, pollMs);
    return files;
  }

  private add(watch: Watch, files: Map<string, string>, path: string, depth: number): void {
    const found = host.stat(path);
    const isThere = typeof found !== "number";
    if (files.size >= entriesMax) return;
    const isDirectory = isThere && found.kind === "directory";
    files.set(
      path,
      isThere && !isDirectory ? `${found.inode} ${found.size} ${found.mtimeMs}` : isThere ? "directory" : "",
    );
    // Only what was named is watched by itself; else the directory tells.
    if (isDirectory || depth === 0) {
      const fd = host.watchPath(watch.fd, isThere ? path : path.slice(0, path.lastIndexOf("/")) || "/");
      if (fd >= 0) watch.fd = fd;
      else watch.isPolling = true;
    }
    if (!isDirectory || depth >= depthMax) return;
    const names = host.listDirectory(path);
    if (typeof names === "number") return;
    for (const name of names)
      if (!name.startsWith(".") && !name.endsWith("~") && name !== "node_modules")
        this.add(watch, files, `${path}/${name}`, depth + 1);
  }

  private unwatch(watch: Watch): void {
    if (watch.fd < 0) return;
    this.shell.watches.remove(watch.fd);
    host.close(watch.fd);
    watch.fd = -1;
  }

  private wake(watch: Watch): void {
    this.unwatch(watch);
    this.lookIn(watch, pauseMs);
  }

  private lookIn(watch: Watch, ms: number): void {
    const atMs = readNow().monotonicMs + ms;
    this.shell.timers.arm(watch.timer, Clock.monotonic, atMs, () => this.look(watch));
  }

  private look(watch: Watch): void {
    if (this.watches.get(watch.node.unit.name) !== watch) return;
    const now = this.list(watch);
    const isQuiet = difference(watch.seen, now) === "";
    watch.seen = now;
    const path = difference(watch.baseline, now);
    if (!isQuiet) this.lookAgain(watch, path);
    else {
      watch.unrestMs = -1;
      if (path !== "") this.changed(watch, path);
    }
  }

  private lookAgain(watch: Watch, path: string): void {
    const nowMs = readNow().monotonicMs;
    if (watch.unrestMs < 0) watch.unrestMs = nowMs;
    const isOwn = watch.unrestMs - watch.startedMs < ownChangeMs;
    const lastedMs = nowMs - watch.unrestMs;
    if (lastedMs >= (isOwn ? ownUnrestMs : unrestMsMax))
      this.suspend(watch, path, "the watched files change without a pause");
    else if (lastedMs < ownUnrestMs) this.lookIn(watch, pauseMs);
    else {
      // The next change would wake us at once.
      this.unwatch(watch);
      this.lookIn(watch, pollMs);
    }
  }

  private changed(watch: Watch, path: string): void {
    const { node } = watch;
    watch.baseline = watch.seen;
    watch.quick = readNow().monotonicMs - watch.startedMs < ownChangeMs ? watch.quick + 1 : 0;
    if (watch.quick < ownChanges) {
      this.shell.emit({ kind: "watched-changed", instance: node.id, path });
      return;
    }
    this.suspend(watch, path, "the service changes its own watched files");
  }

  private suspend(watch: Watch, path: string, why: string): void {
    watch.isSuspended = true;
    this.unwatch(watch);
    this.shell.timers.cancel(watch.timer);
    this.shell.ownLog.write("error", `Watch suspended: ${why}`, { path, service: watch.node.unit.name });
  }
}

/** The first path that is not the same in both; empty: there is none. */
function difference(one: Map<string, string>, other: Map<string, string>): string {
  for (const [path, text] of other) if (one.get(path) !== text) return path;
  for (const path of one.keys()) if (!other.has(path)) return path;
  return "";
}
