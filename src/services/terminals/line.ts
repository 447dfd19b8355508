/** One terminal: its shell now, and when it gets the next one. */

import { afterEnd, type BackOff, noBackOff } from "./back-off.ts";
import type { ShellPlan } from "./shell.ts";

export interface LineSetting {
  terminal: string;
  greeting: string;
  /** Asked at each start: what is there may change. */
  plan: () => ShellPlan | null;
}

const hup = 1;
const kill = 9;
const cont = 18;
const eagain = 11;

export class Line {
  /** Monotonic time of the next start; Infinity while a shell runs. */
  dueMs = 0;
  private readonly setting: LineSetting;
  private pid = 0;
  private startedMs = 0;
  private backOff: BackOff = noBackOff;
  /** The last reason, so that a line that stays broken is told once. */
  private reason = "";

  constructor(setting: LineSetting) {
    this.setting = setting;
  }

  get isRunning(): boolean {
    return this.pid > 0;
  }

  start(nowMs: number): void {
    const { terminal, greeting, plan } = this.setting;
    const shell = plan();
    let error = host.resetTerminal(terminal);
    if (error === 0) write(terminal, greeting);
    if (error === 0 && shell !== null) {
      error = host.spawnOnTerminal(shell.argv, shell.environment, terminal, shell.directory);
    }
    if (error > 0) {
      this.pid = error;
      this.startedMs = nowMs;
      this.dueMs = Number.POSITIVE_INFINITY;
      this.reason = "";
      return;
    }
    this.tell(shell === null ? "there is no shell in /bin" : host.errnoText(error));
    this.ended(nowMs, { lastedMs: 0, succeeded: false });
  }

  /** Takes the shell's end, if it has come. */
  reap(nowMs: number): void {
    if (this.pid === 0) return;
    const end = host.waitChild(this.pid);
    if (end === -eagain) return;
    this.pid = 0;
    const succeeded = typeof end === "object" && end.code === 0;
    this.ended(nowMs, { lastedMs: nowMs - this.startedMs, succeeded });
  }

  /** As a terminal that is closed: every shell knows that. A stopped one must run to hear it. */
  hangUp(): void {
    if (this.pid === 0) return;
    host.killChild(-this.pid, hup);
    host.killChild(-this.pid, cont);
  }

  kill(): void {
    if (this.pid > 0) host.killChild(-this.pid, kill);
  }

  private ended(nowMs: number, end: { lastedMs: number; succeeded: boolean }): void {
    const next = afterEnd(this.backOff, end);
    this.backOff = next.backOff;
    this.dueMs = nowMs + next.waitMs;
  }

  private tell(reason: string): void {
    if (reason === this.reason) return;
    this.reason = reason;
    host.print(2, `cannot start a shell on ${this.setting.terminal}: ${reason}\n`);
  }
}

/** One write and no waiting: a terminal that takes nothing must not hold the others up. */
function write(terminal: string, text: string): void {
  const fd = host.open(terminal, "w", 0);
  if (fd < 0) return;
  host.write(fd, text);
  host.close(fd);
}
