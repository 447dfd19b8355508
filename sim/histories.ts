/** Random systems and random histories of them, as data: made from a seed, and shortened piece by piece. */

import { Role } from "../src/contract.ts";
import { noLimits } from "../src/engine/enforce-limits.ts";
import type { Gate, Request } from "../src/engine/event.ts";
import type {
  DependencyPlan,
  DependencyWait,
  HealthPlan,
  LimitsPlace,
  Plan,
  ReadyPlan,
  SchedulePlan,
  ServicePlan,
  SocketPlan,
} from "../src/engine/plan.ts";
import { scaledServices } from "../src/engine/replicas.ts";
import { Dice } from "./chance.ts";
import type { Loss } from "./loss.ts";
import { command, needs, restart, service, stop, system } from "./plans.ts";
import type { CrashPoint } from "./world.ts";

/** One thing that happens from outside. */
export type Move = { afterMs: number } & (
  | { kind: "request"; request: Request; timeoutMs: number | null }
  /** Cancels the request that was made this many requests ago. */
  | { kind: "cancel"; back: number }
  | { kind: "crash"; point: CrashPoint; loss: Loss }
  | { kind: "clock-jump"; byMs: number }
  | { kind: "apply"; services: ServicePlan[]; asRequest: boolean; gate?: Gate; timeoutMs?: number }
  | { kind: "kill-main"; name: string; signal: number }
  | { kind: "connect" | "watched-changed"; name: string }
  | { kind: "set-aside" }
  | { kind: "signal"; meaning: "stop" | "force" | "reload-config" }
);

/** What a history is about; some states are rare where everything is tried. */
type Theme = "all" | "reload";

export interface History {
  seed: number;
  plan: Plan;
  only: string[] | null;
  moves: Move[];
}

export function makeHistory(seed: number): History {
  const dice = new Dice(seed);
  const count = 2 + dice.below(6);
  const names = Array.from({ length: count }, (_, at) => `s${at}`);
  const theme: Theme = dice.percent(28) ? "reload" : "all";
  const families = symmetric(names.map((_, at) => makeService(dice, names, at, theme)));
  const role = dice.percent(70) ? Role.vm : dice.percent(50) ? Role.container : Role.laptop;
  const limitsPlace: LimitsPlace = { controllers: [], groups: "none", mayRaise: role === Role.vm, mayHurry: true };
  const services = scaled(dice, families);
  const plan = system(services, { role, limitsPlace });
  const only = dice.percent(10) ? [dice.pick(names)] : null;
  const said = { names, families, units: services.map(({ name }) => name) };
  const moves = Array.from({ length: 5 + dice.below(40) }, () => makeMove(dice, said, theme));
  return { seed, plan, only, moves };
}

/** What moves can name: services as the configuration calls them, and units, which are services or their replicas. */
interface Said {
  names: string[];
  families: ServicePlan[];
  units: string[];
}

/** Some have replicas: those of which a plan has had several may have one more or less in the next. */
function scaled(dice: Dice, families: ServicePlan[]): ServicePlan[] {
  const counts = new Map<string, number>();
  for (const { name, type } of families) if (type !== "group" && dice.percent(8)) counts.set(name, 1 + dice.below(3));
  return scaledServices(families, counts);
}

function makeService(dice: Dice, names: string[], at: number, theme: Theme): ServicePlan {
  const roll = dice.below(100);
  const type = roll < 70 ? "service" : roll < 88 ? "task" : "group";
  const dependsOn: DependencyPlan[] = [];
  const after: string[] = [];
  for (let other = 0; other < at; other++) {
    if (dice.percent(30)) dependsOn.push(makeNeed(dice, names[other] as string));
    else if (dice.percent(12)) after.push(names[other] as string);
  }
  const schedule = type === "task" && dice.percent(40) ? makeSchedule(dice) : null;
  const conflicts = at > 1 && dice.percent(4) ? [names[0] as string] : [];
  return service(names[at] as string, {
    type,
    enabled: dice.percent(90),
    tags: dice.percent(50) ? ["even"] : [],
    runs: type === "task" && schedule === null && dice.percent(30) ? 3 : 1,
    schedule,
    command: type === "group" ? null : command(`/bin/${names[at]}`),
    preStart: type !== "group" && dice.percent(20) ? [command("/bin/prepare"), command("/bin/more")] : [],
    postStop: type !== "group" && dice.percent(20) ? [command("/bin/clean")] : [],
    dependsOn,
    after,
    conflicts: dependsOn.some(({ name }) => conflicts.includes(name)) ? [] : conflicts,
    ready: type === "group" ? { kind: "started" } : makeReady(dice, type, theme),
    restart: restart({
      policy: dice.pick(["no", "on-failure", "always"]),
      delayMs: dice.pick([0, 50, 300]),
      delayMsMax: 2000,
      jitter: 0.1,
      resetAfterMs: 1000,
      limit: dice.percent(30) ? { count: 1 + dice.below(4), windowMs: 5000 } : null,
    }),
    health: type === "service" && dice.percent(25) ? makeHealth(dice) : null,
    pidFile: type === "service" && dice.percent(20) ? "/run/x.pid" : "",
    sockets: type !== "group" && dice.percent(16) ? [makeSocket(dice)] : [],
    watchdogMs: type !== "group" && dice.percent(10) ? 200 + dice.below(1500) : null,
    critical: dice.percent(4) ? dice.pick(["exit", "reboot", "poweroff", "rescue"]) : "no",
    ...makeLimits(dice),
    stop: stop({
      timeoutMs: 100 + dice.below(1500),
      command: dice.percent(15) ? command("/bin/stop") : null,
      kill: dice.percent(85) ? "tree" : dice.pick(["group", "process"]),
    }),
    reload: dice.percent(theme === "reload" ? 25 : 40)
      ? { kind: "signal", signal: 1 }
      : dice.percent(theme === "reload" ? 95 : 50)
        ? { kind: "command", command: command("/bin/reload") }
        : { kind: "restart" },
  });
}

function makeSchedule(dice: Dice): SchedulePlan {
  const rest = {
    jitterMs: dice.percent(30) ? 200 : 0,
    missed: dice.pick<SchedulePlan["missed"]>(["skip", "run"]),
    overlap: dice.pick<SchedulePlan["overlap"]>(["skip", "queue", "replace"]),
  };
  if (dice.percent(40)) return { kind: "every", text: "every 1s", everyMs: 1000, ...rest };
  if (dice.percent(25)) return { kind: "boot", text: "at boot+1s", delayMs: 1000, ...rest };
  const everyMinute = { minutes: [2 ** 30 - 1, 2 ** 30 - 1] as [number, number], hours: 2 ** 24 - 1 };
  const everyDay = { daysOfMonth: 2 ** 32 - 2, months: 2 ** 13 - 2, daysOfWeek: 2 ** 7 - 1, eitherDay: false };
  return { kind: "cron", text: "* * * * *", timezone: "UTC", ...everyMinute, ...everyDay, ...rest };
}

function makeLimits(dice: Dice): Pick<ServicePlan, "startTimeoutMs" | "runTimeoutMs"> {
  return {
    startTimeoutMs: 300 + dice.below(1500),
    runTimeoutMs: dice.percent(10) ? 500 + dice.below(2000) : null,
  };
}

function makeSocket(dice: Dice): SocketPlan {
  const place = { name: "web", kind: "tcp", address: "127.0.0.1", port: 80 } as const;
  return { ...place, mode: 0o666, user: "", backlog: 128, lazy: dice.percent(70) };
}

function makeHealth(dice: Dice): HealthPlan {
  return {
    probe: { kind: "tcp", host: "127.0.0.1", port: 80, intervalMs: 100, timeoutMs: 3000 },
    intervalMs: dice.pick([300, 1000]),
    failures: 1 + dice.below(3),
    startPeriodMs: dice.pick([0, 500]),
    action: dice.pick(["restart", "none"]),
  };
}

function makeNeed(dice: Dice, name: string): DependencyPlan {
  return needs(name, {
    wait: dice.pick<DependencyWait>(["started", "ready", "ready", "healthy", "done"]),
    required: dice.percent(80),
    restart: dice.percent(80),
  });
}

function makeReady(dice: Dice, type: "service" | "task", theme: Theme): ReadyPlan {
  if (type === "service" && theme === "reload")
    return dice.pick<ReadyPlan>([{ kind: "notify" }, { kind: "notify" }, { kind: "exit" }, { kind: "fd", fd: 3 }]);
  if (type === "task" || dice.percent(45)) return { kind: dice.percent(type === "task" ? 20 : 8) ? "exit" : "started" };
  const times = { intervalMs: 250, timeoutMs: 3000 };
  return dice.pick<ReadyPlan>([
    { kind: "notify" },
    { kind: "fd", fd: 3 },
    { kind: "log", text: "ready", regularExpression: false },
    { kind: "exec", command: command("/bin/true"), ...times },
    { kind: "tcp", host: "127.0.0.1", port: 80, ...times },
    { kind: "unix", path: "/run/x", ...times },
    { kind: "file", path: "/run/x", ...times },
  ]);
}

function makeMove(dice: Dice, { names, families, units }: Said, theme: Theme): Move {
  const afterMs = dice.percent(30) ? 0 : dice.percent(60) ? dice.below(60) : dice.below(2500);
  const roll = dice.below(100);
  if (roll < 55)
    return {
      afterMs,
      kind: "request",
      request: makeRequest(dice, names, theme),
      timeoutMs: dice.percent(20) ? dice.below(1000) : null,
    };
  if (roll < 58) return { afterMs, kind: "cancel", back: dice.below(3) };
  if (roll < 78) return { afterMs, kind: "crash", ...makeCrash(dice) };
  if (roll < 81) return { afterMs, kind: "clock-jump", byMs: dice.pick([-31_536_000_000, -5000, 3_600_000]) };
  if (roll < 88)
    return {
      afterMs,
      kind: "apply",
      services: scaled(dice, changedServices(dice, names, families, theme)),
      asRequest: dice.percent(70),
      ...makeGate(dice),
    };
  if (roll < 96) return { afterMs, kind: "kill-main", name: dice.pick(units), signal: dice.pick([9, 11, 15]) };
  if (roll < 98)
    return dice.percent(20)
      ? { afterMs, kind: "signal", meaning: "stop" }
      : dice.percent(60)
        ? { afterMs, kind: dice.percent(50) ? "connect" : "watched-changed", name: dice.pick(units) }
        : { afterMs, kind: "set-aside" };
  return { afterMs, kind: "signal", meaning: dice.pick(["reload-config", "reload-config", "force"]) };
}

/** How an apply is to prove itself; mostly as a transaction. */
function makeGate(dice: Dice): { gate?: Gate; timeoutMs?: number } {
  if (dice.percent(30)) return {};
  const gate = { limitMs: dice.percent(40) ? 50 + dice.below(4000) : null };
  return dice.percent(20) ? { gate, timeoutMs: dice.below(1500) } : { gate };
}

function makeCrash(dice: Dice): { point: CrashPoint; loss: Loss } {
  const point = dice.percent(25) ? "before-append" : dice.below(12);
  return { point, loss: dice.percent(76) ? "none" : dice.percent(50) ? "journal" : "state" };
}

function makeRequest(dice: Dice, names: string[], theme: Theme): Request {
  const some = dice.percent(80)
    ? [dice.pick(names)]
    : dice.percent(50)
      ? ["*"]
      : dice.percent(50)
        ? [dice.pick(names), dice.pick(names)]
        : ["nosuch"];
  if (theme === "reload" && dice.percent(60)) return { verb: "reload", names: some };
  const roll = dice.below(100);
  if (roll < 30) return { verb: "start", names: some };
  if (roll < 55) return { verb: "stop", names: some, force: dice.percent(20) };
  if (roll < 65) return { verb: "restart", names: some };
  if (roll < 68) return { verb: "run-task", names: some };
  if (roll < 84) return { verb: "reload", names: some };
  if (roll < 90)
    return { verb: "kill", names: some, signal: dice.pick([1, 9, 15]), scope: dice.pick(["process", "group", "tree"]) };
  if (roll < 99) return { verb: "wait", names: some, until: dice.pick(["ready", "healthy", "done", "stopped"]) };
  return { verb: "shutdown", mode: 1, exitCode: null, force: dice.percent(30), reason: "asked for" };
}

/** The same system with one thing changed, added or taken away; what others name stays. */
function changedServices(dice: Dice, names: string[], services: ServicePlan[], theme: Theme): ServicePlan[] {
  const copies = services.map((one) => ({ ...one }));
  const at = dice.below(copies.length);
  const chosen = copies[at] as ServicePlan;
  const roll = dice.below(100);
  if (roll < 32) chosen.environment = { V: String(dice.below(3)) };
  else if (roll < 33) chosen.watch = [`/srv/${dice.below(3)}`];
  else if (roll < 34) chosen.tty = dice.percent(50) ? { device: "", stdin: dice.percent(50) } : null;
  else if (roll < 35) chosen.stdinFrom = dice.pick(["", ...chosen.dependsOn.map(({ name }) => name)]);
  else if (roll < 40) chosen.description = `number ${dice.below(9)}`;
  else if (roll < 43) {
    const files = 3 + dice.below(9);
    chosen.limits = { ...noLimits, files, delegate: files > 8 ? true : null };
  } else if (roll < 47) Object.assign(chosen, makeLimits(dice));
  else if (roll < 50 && chosen.type === "task") chosen.schedule = dice.percent(70) ? makeSchedule(dice) : null;
  else if (roll < 50 && chosen.type === "service") chosen.health = dice.percent(70) ? makeHealth(dice) : null;
  else if (roll < 60) chosen.enabled = !chosen.enabled;
  else if (roll < 75) copies.push(makeService(dice, [...names, "extra"], names.length, theme));
  else if (roll < 85) copies[at] = makeService(dice, names, at, theme);
  else copies.splice(at, 1);
  const left = new Set(copies.map(({ name }) => name));
  return symmetric(
    copies.map((one) => ({
      ...one,
      dependsOn: one.dependsOn.filter(({ name }) => left.has(name)),
      after: one.after.filter((name) => left.has(name)),
      conflicts: one.conflicts.filter((name) => left.has(name)),
    })),
  );
}

/** As the reader makes it: who conflicts with another is in conflict from both sides. */
function symmetric(services: ServicePlan[]): ServicePlan[] {
  return services.map((one) => {
    const others = services.filter(
      ({ conflicts, name }) => conflicts.includes(one.name) || one.conflicts.includes(name),
    );
    return { ...one, conflicts: others.map(({ name }) => name) };
  });
}
