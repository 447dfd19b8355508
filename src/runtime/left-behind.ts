/**
 * What a gonit that was killed left running. Its processes carry the mark of its run, which stands in its lock file
 * (lock-file.ts): the next gonit of the same instance ends them before it starts anything, so that no service runs twice
 * and no port is held.
 */

import { Clock, type TreeResult } from "../contract.ts";
import type { Ticket } from "../engine/instance.ts";
import { type BootFacts, keepBootFacts } from "./boot-facts.ts";
import { readNow } from "./clock.ts";
import { signLock } from "./lock-file.ts";
import type { Trees } from "./perform-tree.ts";
import type { Shell } from "./performer.ts";

const SIGKILL = 9;
const SIGTERM = 15;
const SIGCONT = 18;
/** From SIGTERM to SIGKILL, as long as a service has by default. */
const politeMs = 10_000;
/** Time after SIGKILL at which what still lives is reported and left. */
const unkillableMs = 2000;
const againMsMin = 5;
const againMsMax = 250;

/** Ends what earlier runs left, one after the other; then `done` is called, whatever came of it. */
export function endLeftBehind(shell: Shell, trees: Trees, facts: BootFacts, done: () => void): void {
  // With process 1 of a namespace everything in it ends.
  if (host.roles().init.pid === 1) facts.earlierRuns = [];
  const run = facts.earlierRuns[0];
  if (run === undefined) {
    done();
    return;
  }
  new LeftBehind(shell, trees).end(run, () => {
    facts.earlierRuns.shift();
    keepBootFacts(facts);
    signLock(facts.paths.lock, facts.earlierRuns);
    endLeftBehind(shell, trees, facts, done);
  });
}

class LeftBehind {
  private readonly shell: Shell;
  private readonly trees: Trees;
  private readonly timer: Ticket;
  private againMs = againMsMin;

  constructor(shell: Shell, trees: Trees) {
    this.shell = shell;
    this.trees = trees;
    this.timer = shell.tickets.take();
  }

  end(run: string, done: () => void): void {
    this.ask(run, 0, ({ left, pids, errno }) => {
      if (errno !== 0) this.shell.ownLog.write("warn", "Cannot see what an earlier gonit left", reasonOf(errno));
      if (errno !== 0 || left === 0) return done();
      this.shell.ownLog.write("warn", "Ending what a killed gonit left behind", { count: left, pids: pids.join(" ") });
      this.ask(run, SIGTERM, () => this.ask(run, SIGCONT, () => this.await(run, readNow().monotonicMs, done)));
    });
  }

  private await(run: string, sinceMs: number, done: () => void): void {
    const nowMs = readNow().monotonicMs;
    const isKilling = nowMs - sinceMs >= politeMs;
    this.ask(run, isKilling ? SIGKILL : 0, ({ left, pids, errno }) => {
      if (errno !== 0 || left === 0) return done();
      if (nowMs - sinceMs >= politeMs + unkillableMs) {
        this.shell.ownLog.write("error", "Cannot end what a killed gonit left behind", { pids: pids.join(" ") });
        return done();
      }
      this.againMs = Math.min(this.againMs * 2, againMsMax);
      const atMs = Math.min(nowMs + this.againMs, isKilling ? Number.POSITIVE_INFINITY : sinceMs + politeMs);
      this.shell.timers.arm(this.timer, Clock.monotonic, atMs, () => this.await(run, sinceMs, done));
    });
  }

  private ask(run: string, signal: number, answer: (result: TreeResult) => void): void {
    const mark = [`GONIT_INSTANCE=${run}`];
    const ticket = this.shell.tickets.take();
    this.trees.question({ ticket, of: 0, slot: -1, pid: 0, cgroup: "", mark, anywhere: true }, signal, answer);
  }
}

function reasonOf(errno: number): Record<string, string> {
  return { reason: host.errnoText(errno) };
}
