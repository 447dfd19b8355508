/** What a manager does only as the manager of a machine (role vm): host name, power button, rescue, last good plan. */

import { Role } from "../contract.ts";
import { engineOf } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import type { State } from "../engine/state.ts";
import { BootReport, bootState } from "./boot-report.ts";
import { writeKernelFile } from "./kernel-file.ts";
import { loadGoodPlan, storeGoodPlan } from "./last-good-plan.ts";
import type { OwnLog } from "./own-log.ts";
import type { Shell } from "./performer.ts";
import { PowerButton } from "./power-button.ts";
import { Rescue } from "./rescue.ts";
import { HardwareWatchdog } from "./watchdog.ts";

/** As src/config/plan-machine.ts names it. */
const machineTask = "machine";
/** Where a configuration is looked for again once it has been mended: as src/config/find.ts has them. */
const usualConfigurations = [
  "/system/config.yml",
  "/system/config.yaml",
  "/etc/gonit/config.yml",
  "/etc/gonit/config.yaml",
];

function usualConfiguration(): string {
  const isThere = (path: string): boolean => typeof host.stat(path) !== "number";
  return usualConfigurations.find(isThere) ?? "/system/config.yml";
}

export class Machine {
  private readonly log: OwnLog;
  private readonly button: PowerButton;
  private readonly rescue: Rescue;
  private readonly boot: BootReport;
  private readonly watchdog: HardwareWatchdog;
  private plan: Plan | null = null;
  /** Modules are loaded, so devices are there that were not. */
  private prepared = false;
  /** The plan that was stored, or is not to be. */
  private settled: Plan | null = null;

  /** `press`: the power button was pressed. */
  constructor(shell: Pick<Shell, "ownLog" | "watches">, held: { name: string; fd: number }[], press: () => void) {
    this.log = shell.ownLog;
    this.button = new PowerButton(shell.watches, press);
    this.rescue = new Rescue(held);
    this.boot = new BootReport(held);
    this.watchdog = new HardwareWatchdog(this.log, held);
    this.button.look();
  }

  /** Before the first service starts. */
  begin(plan: Plan): void {
    if (plan.hostname === "") return;
    const error = writeKernelFile("/proc/sys/kernel/hostname", plan.hostname);
    if (error < 0) this.log.write("warn", "Cannot set the host name", { reason: host.errnoText(error) });
  }

  /** What to run when the configuration cannot be used: the last good plan, else nothing but a rescue shell. */
  fallback(problems: string): { plan: Plan; configuration: string } {
    const lines = problems.trimEnd().split("\n");
    const good = loadGoodPlan();
    if (good !== null) {
      this.settled = good;
      this.log.write("error", "Cannot use the configuration; the last good plan is used", {}, lines);
      return { plan: good, configuration: good.sources[0]?.path ?? usualConfiguration() };
    }
    this.log.write("error", "Cannot use the configuration; no service is started", {}, lines);
    return this.nothing("the configuration cannot be used (gonit check tells why); mend it, then gonit apply");
  }

  /** `gonit.rescue` on the kernel's command line. */
  rescueOnly(): { plan: Plan; configuration: string } {
    return this.nothing("asked for by gonit.rescue; gonit apply starts the services");
  }

  private nothing(reason: string): { plan: Plan; configuration: string } {
    this.rescue.ask(reason);
    return { plan: emptyPlan(), configuration: usualConfiguration() };
  }

  afterTurn(state: State): void {
    if (state.shutdown !== null) return;
    this.lookAtDevices(state);
    this.rescue.afterTurn(state);
    const news = this.boot.news(state);
    if (news !== null) this.tell(news, state.plan?.services.length ?? 0);
    if (state.plan === null || state.plan === this.settled || bootState(state) !== "ready") return;
    this.settled = state.plan;
    if (state.plan.services.length > 0) storeGoodPlan(state.plan); // a read-only root has no last good plan
  }

  private lookAtDevices(state: State): void {
    if (state.plan === null) return;
    const { byName } = engineOf(state);
    const isPrepared = (byName.get(machineTask)?.unit.state ?? "done") === "done";
    if (state.plan === this.plan && (this.prepared || !isPrepared)) return;
    this.plan = state.plan;
    this.prepared = isPrepared;
    this.watchdog.set(state.plan.watchdogMs ?? null, isPrepared);
    this.button.look();
  }

  private tell(news: "degraded" | "ready", services: number): void {
    const boot = `${(host.now().monotonicMs / 1000).toFixed(3)}s`;
    if (news === "ready") this.log.write("info", "All services are ready", { boot, services });
    else this.log.write("warn", "The system is up, but not all services", { boot, services });
  }
}

function emptyPlan(): Plan {
  return {
    version: "",
    title: "",
    description: "",
    hostname: "",
    role: Role.vm,
    sources: [],
    watchConfig: "off",
    shutdownTimeoutMs: null,
    logs: { directory: "", maxTotalBytes: null },
    services: [],
  };
}
