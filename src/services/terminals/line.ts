/** One terminal: its session now, and when it gets the next one. */

import type { TerminalSettings } from "../../engine/builtin-settings.ts";
import { begun, dueMs, ended, failed, type Life, newLife } from "./life.ts";
import type { LoginPlan } from "./login.ts";
import { recordSession } from "./utmp-file.ts";
import type { UtmpType } from "./utmp-record.ts";

export interface LineSetting extends TerminalSettings {
  /** Asked at each start: what is there may change. */
  greeting: () => string;
  plan: () => LoginPlan;
}

const hup = 1;
const kill = 9;
const cont = 18;
const eagain = 11;

export class Line {
  private readonly setting: LineSetting;
  private life: Life = newLife;
  private pid = 0;
  private hadSession = false;
  /** The last reason, so that a line that stays broken is told once. */
  private told = "";

  constructor(setting: LineSetting) {
    this.setting = setting;
  }

  /** Monotonic time of the next start; Infinity while a session runs. */
  get dueMs(): number {
    return dueMs(this.life);
  }

  get isRunning(): boolean {
    return this.pid > 0;
  }

  start(nowMs: number): void {
    const { device, speed, greeting } = this.setting;
    const plan = this.setting.plan();
    const error = host.resetTerminal(device, speed ?? 0, this.hadSession);
    if (error < 0) {
      this.fail(nowMs, host.errnoText(error));
      return;
    }
    write(device, greeting());
    if ("missing" in plan) {
      this.fail(nowMs, plan.missing);
      return;
    }
    const pid = host.spawnOnTerminal(plan.argv, plan.environment, device, plan.directory);
    if (pid < 0) {
      this.fail(nowMs, `${plan.argv[0]}: ${host.errnoText(pid)}`);
      return;
    }
    this.pid = pid;
    this.hadSession = true;
    this.life = begun(this.life, nowMs);
    this.told = "";
    this.record(plan.isLogin ? "login" : "user");
  }

  /** Takes the session's end, if it has come. */
  reap(nowMs: number): void {
    if (this.pid === 0) return;
    const end = host.waitChild(this.pid);
    if (end === -eagain) return;
    this.record("dead");
    this.pid = 0;
    this.life = ended(this.life, nowMs, typeof end === "object" && end.code === 0);
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

  private record(type: UtmpType): void {
    const user = type === "user" ? "root" : type === "login" ? "LOGIN" : "";
    const line = this.setting.device.replace(/^\/dev\//, "");
    recordSession({ type, pid: this.pid, line, user, wallMs: host.now().wallMs });
  }

  private fail(nowMs: number, reason: string): void {
    this.life = failed(this.life, nowMs);
    if (reason === this.told) return;
    this.told = reason;
    host.print(2, `cannot start a session on ${this.setting.device}: ${reason}\n`);
  }
}

/** One write and no waiting: a terminal that takes nothing must not hold the others up. */
function write(terminal: string, text: string): void {
  const fd = host.open(terminal, "w", 0);
  if (fd < 0) return;
  host.write(fd, text);
  host.close(fd);
}
