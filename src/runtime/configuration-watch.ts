/**
 * Notices that the configuration on the disk is another one (`watch_config`).
 *
 * inotify(7) only wakes us: what it says is not read, so a lost or overflowing event makes no difference. A short time
 * after an event everything is watched anew and looked at; what is the same in two looks is read. So a file that is being
 * written, is renamed into its place, or vanishes for a moment is waited for. Contents are compared with what the running
 * plan was made from and with what was tried last: nothing is tried twice, also when it was taken back.
 */

import { Clock, Poll } from "../contract.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { readNow } from "./clock.ts";
import { configurationFiles, contentKey, fingerprint, sourcesKey, watchedPaths } from "./configuration-files.ts";
import type { ConfigurationLoader, LoadOutcome } from "./load-configuration.ts";
import type { Shell } from "./performer.ts";

/** Of the descriptor, which outlives managers: the kernel takes 20 ms to close the last one, also in a death. */
const heldName = "watch:configuration";
const drainBytes = 4096;
const pauseMsMin = 150;
/** A folder in which much else happens is looked at this often. */
const pauseMsMax = 2000;
const readsMax = 2;

export class ConfigurationWatch {
  /** What is to be said of the files, beside those that run; empty: nothing. */
  difference = "";
  private readonly shell: Shell;
  private readonly loader: ConfigurationLoader;
  private readonly main: () => string;
  private readonly timer: number;
  private plan: Plan | null = null;
  private fd = -1;
  /** What it watches. */
  private paths: string[] = [];
  private isPolling = false;
  private pauseMs = pauseMsMin;
  /** Of the last look, and of the last one that was the same twice. */
  private seen = "";
  private judged = "";
  /** null: nothing. Where no file is left, a key is an empty text. */
  private triedKey: string | null = null;
  /** The plan was not compared with the files yet. */
  private isNew = false;
  /** What was read because of a look, and how often in a row: a plan that says something else of its files is not made for ever. */
  private readKey = "";
  private reads = 0;

  /** main: the main file; empty: there is none. */
  constructor(shell: Shell, loader: ConfigurationLoader, main: () => string) {
    this.shell = shell;
    this.loader = loader;
    this.main = main;
    this.timer = shell.tickets.take();
  }

  /** The descriptor of an earlier manager, which watches the same. */
  adopt(held: { name: string; fd: number }[]): void {
    this.fd = held.find(({ name }) => name === heldName)?.fd ?? -1;
  }

  /** After each turn: a new plan names other files. */
  afterTurn({ plan, shutdown }: State): void {
    if (shutdown !== null) this.stop();
    if (plan === this.plan || plan === null || shutdown !== null) return;
    this.plan = plan;
    this.judged = "";
    this.isNew = true;
    if (plan.watchConfig === "off" || this.main() === "") {
      this.stop();
      this.giveUp();
    } else this.lookSoon(pauseMsMin);
  }

  /** Reads the files again and puts them in place. */
  reload(): void {
    this.loader.reload(this.main(), (outcome) => this.tried(outcome));
  }

  /** The files were tried as they are now, because of us, a signal or a client. */
  tried(outcome: LoadOutcome): void {
    if (this.plan === null) return;
    this.triedKey = "plan" in outcome ? sourcesKey(outcome.plan) : contentKey(this.files(this.plan));
    if ("problems" in outcome) this.difference = `cannot be used: ${outcome.problems.split("\n")[0]}`;
  }

  private stop(): void {
    this.unwatch();
    this.shell.timers.cancel(this.timer);
    this.difference = "";
  }

  private files(plan: Plan): string[] {
    return configurationFiles(plan, this.main());
  }

  private lookSoon(pauseMs: number): void {
    const atMs = readNow().monotonicMs + pauseMs;
    this.shell.timers.arm(this.timer, Clock.monotonic, atMs, () => this.look());
  }

  private look(): void {
    const { plan } = this;
    if (plan === null) return;
    const files = this.files(plan);
    this.watch(watchedPaths(files, plan, this.main()));
    const now = fingerprint(files);
    if (now !== this.seen) {
      this.seen = now;
      this.pauseMs = pauseMsMin;
      this.lookSoon(pauseMsMin);
      return;
    }
    if (now === this.judged) this.pauseMs = Math.min(this.pauseMs * 2, pauseMsMax);
    else this.judge(plan, files);
    this.judged = now;
    if (this.isPolling) this.lookSoon(pauseMsMax);
  }

  private judge(plan: Plan, files: string[]): void {
    const key = contentKey(files);
    if (key === sourcesKey(plan)) {
      this.difference = "";
      // Not forgotten: it may be on trial, and be taken back.
      this.triedKey = key;
      this.readKey = "";
      return;
    }
    const main = this.main();
    if (this.isNew && !plan.sources.some(({ path }) => path === main)) {
      // Put in place by `gonit apply FILE`: it stays until the main file is written.
      this.difference = `${plan.sources[0]?.path ?? "another one"} was applied`;
      this.triedKey = key;
    }
    this.isNew = false;
    this.difference ||= "changed on disk";
    if (key === this.triedKey) return;
    this.triedKey = key;
    if (isGone(main)) {
      this.difference = "gone from the disk";
      this.shell.ownLog.write("warn", "The configuration is gone from the disk; nothing changes", { file: main });
    } else if (plan.watchConfig === "apply") {
      this.difference = "changed on disk";
      this.reads = key === this.readKey ? this.reads + 1 : 1;
      this.readKey = key;
      if (this.reads <= readsMax) this.reload();
    } else this.loader.load(main, (outcome) => this.tell(outcome));
  }

  private tell(outcome: LoadOutcome): void {
    if ("plan" in outcome) {
      this.difference = "changed on disk";
      const hint = "gonit plan shows what it changes, gonit apply puts it in place";
      this.shell.ownLog.write("info", "Configuration changed on disk", { file: this.main(), hint });
      return;
    }
    const [reason = ""] = outcome.problems.split("\n");
    this.difference = `changed on disk, and cannot be used: ${reason}`;
    this.shell.ownLog.write("error", "Cannot use the configuration; nothing was changed", { reason });
  }

  private watch(paths: string[]): void {
    if (this.paths.some((path) => !paths.includes(path))) this.giveUp();
    else this.drain();
    this.paths = paths;
    let error = 0;
    for (const path of paths) {
      const fd = host.watchPath(this.fd, path);
      if (fd >= 0) this.use(fd);
      else if (fd !== -ENOENT && fd !== -EACCES && fd !== -ENOTDIR) error = fd;
    }
    if (this.fd >= 0) this.shell.watches.add(this.fd, Poll.in, () => this.wake());
    if (error !== 0 && !this.isPolling) {
      const fields = { every: "2s", reason: host.errnoText(error) };
      this.shell.ownLog.write("info", "The kernel does not tell of changes; the configuration is looked at", fields);
    }
    this.isPolling = error !== 0;
  }

  private wake(): void {
    this.unwatch();
    this.lookSoon(this.pauseMs);
  }

  private use(fd: number): void {
    if (fd === this.fd) return;
    this.fd = fd;
    host.hold(heldName, fd);
  }

  /** What came until now is looked at now. */
  private drain(): void {
    this.unwatch();
    if (this.fd < 0) return;
    let data = host.receive(this.fd, drainBytes);
    while (typeof data !== "number" && data.length > 0) data = host.receive(this.fd, drainBytes);
  }

  private unwatch(): void {
    if (this.fd >= 0) this.shell.watches.remove(this.fd);
  }

  private giveUp(): void {
    if (this.fd < 0) return;
    this.unwatch();
    host.releaseHeld(heldName);
    host.close(this.fd);
    this.fd = -1;
  }
}

const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;

/** Not there, or not written yet. */
function isGone(path: string): boolean {
  const found = host.stat(path);
  return typeof found === "number" || found.size === 0;
}
