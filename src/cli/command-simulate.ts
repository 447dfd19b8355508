import { type Simulation, type SimulationOptions, simulate } from "../../sim/simulate.ts";
import { readExpectation } from "../../sim/simulate-expectations.ts";
import { type Chance, type Fault, readFault } from "../../sim/simulate-faults.ts";
import { Misread, sentencesOf } from "../../sim/simulate-language.ts";
import { readOrder } from "../../sim/simulate-orders.ts";
import { shownSimulation, simulationJson } from "../../sim/simulate-show.ts";
import { parseDuration } from "../config/duration.ts";
import { ExitCode } from "../contract.ts";
import type { Plan, ServicePlan } from "../engine/plan.ts";
import { ClientEnd } from "./client-end.ts";
import type { Command, Context } from "./command.ts";
import { loadForClient, reportProblems, roleOption } from "./configuration.ts";
import { columns, painter, print, printError, printJson } from "./output.ts";

export const command: Command = {
  usage: "simulate [FILE]",
  about:
    "Runs a configuration in virtual time, with the engine that runs it in earnest, and tells what happens: nothing is " +
    "started, and a day takes a moment. Programs work unless a --fault says otherwise. Ends with 1 when an expectation " +
    "does not hold. Options may stand several times, and a semicolon separates sentences.",
  options: [
    {
      name: "--faults",
      short: "--fault",
      value: "FAULT",
      help: "What goes wrong, or few or many: by chance, from the seed.",
    },
    { name: "--do", short: "", value: "ORDER", help: "What somebody asks of gonit, and when." },
    { name: "--expect", short: "", value: "EXPECTATION", help: "What must be true of the run." },
    { name: "--for", short: "", value: "TIME", help: "How long; default: until nothing happens any more, or 10m." },
    { name: "--seed", short: "", value: "N", help: "Of all chance, such as jitter; 1 when not given." },
    {
      name: "--runs",
      short: "",
      value: "N",
      help: "As many seeds, one after the other; shows the first run that is not good.",
    },
    roleOption,
  ],
  examples: [
    "gonit simulate",
    "gonit simulate --fault 'db exits 1 after 3s' --expect 'web is never failed'",
    "gonit simulate --fault 'db has disk full at 1m for 5m' --expect 'web is ready at 10m'",
    "gonit simulate --do 'shutdown at 1m' --fault 'web ignores TERM' --expect 'shutdown within 15s'",
    "gonit simulate new.yml --faults few --runs 100 --expect 'web is up at 10m'",
  ],
  run,
};

function run(context: Context): number {
  const result = loadForClient(context);
  if ("problems" in result) return reportProblems(context, result);
  for (const warning of result.warnings) host.print(2, `warning: ${warning}\n`);
  const options = readOptions(context, result.plan);
  if (options === null) return ExitCode.usage;
  const runs = readCount("--runs", context.options.text("--runs"));
  if (runs === undefined) return ExitCode.usage;
  return runs === null ? show(context, options, simulate(options)) : runMany(context, options, runs);
}

function show(context: Context, options: SimulationOptions, simulation: Simulation): number {
  if (context.options.json) printJson(simulationJson(options, simulation));
  else print(shownSimulation(options, simulation, painter(context.options), host.isTerminal(1) ? columns() : null));
  if (simulation.broken !== null) reportBroken(options, simulation.broken);
  return isGood(simulation) ? ExitCode.ok : ExitCode.failed;
}

function isGood({ broken, expectations }: Simulation): boolean {
  return broken === null && expectations.every(({ holds }) => holds);
}

/** Shows the first run that is not good; when all are, how many there were. */
function runMany(context: Context, options: SimulationOptions, runs: number): number {
  for (let at = 0; at < runs; at++) {
    const one = { ...options, seed: options.seed + at };
    const simulation = simulate(one);
    if (isGood(simulation)) continue;
    if (!context.options.json) print(`run ${at + 1} of ${runs} is not good; again: --seed ${one.seed}\n`);
    return show(context, one, simulation);
  }
  const last = options.seed + runs - 1;
  if (context.options.json) printJson({ ok: true, runs, seeds: { first: options.seed, last } });
  else print(`${runs} runs are good: seeds ${options.seed} to ${last}`);
  return ExitCode.ok;
}

function reportBroken({ seed }: SimulationOptions, broken: NonNullable<Simulation["broken"]>): void {
  printError(
    `this is a fault of gonit's own, found by the simulation with seed ${seed}: ${broken.message}\n` +
      "  please report it, with the configuration and this command line",
  );
}

/** Null: something cannot be read, and was told. */
function readOptions(context: Context, plan: Plan): SimulationOptions | null {
  const { options } = context;
  const seed = readCount("--seed", options.text("--seed"));
  const forMs = readFor(options.text("--for"));
  const sentences = new Sentences(plan.services);
  const loaded = [plan];
  const load = (path: string) => {
    const other = loadOther(context, path);
    loaded.push(other);
    return other;
  };
  // What is applied later may bring services that other sentences name.
  const ordersOf = (isApply: boolean) => (text: string) =>
    /^apply\b/.test(text) === isApply ? readOrder(text, servicesOf(loaded), load) : null;
  const applies = sentences.read("order", options.all("--do"), ordersOf(true));
  const orders = sentences.read("order", options.all("--do"), ordersOf(false));
  const services = servicesOf(loaded);
  const faults = sentences.read("fault", options.all("--faults"), (text) => readFault(text, services));
  const expectations = sentences.read("expectation", options.all("--expect"), (text) =>
    readExpectation(text, services),
  );
  const late = expectations.find(({ untilMs }) => forMs !== null && forMs !== undefined && untilMs > forMs);
  if (late !== undefined)
    sentences.tell(`cannot judge "${late.text}": the simulation ends before, with --for ${options.text("--for")}`);
  if (seed === undefined || forMs === undefined || sentences.isBad) return null;
  const chance = faults.findLast((one): one is Chance => typeof one === "string") ?? "none";
  return {
    plan,
    seed: seed ?? 1,
    forMs,
    chance,
    faults: faults.filter((one): one is Fault => typeof one !== "string"),
    orders: [...applies, ...orders],
    expectations,
  };
}

/** null: it is not given; undefined: it is no number, and that was told. */
function readCount(name: string, text: string | null): number | null | undefined {
  if (text === null) return null;
  if (/^\d{1,9}$/.test(text) && (name === "--seed" || Number(text) > 0)) return Number(text);
  printError(`cannot use ${name} ${text}: a whole number is needed`);
  return undefined;
}

function readFor(text: string | null): number | null | undefined {
  if (text === null) return null;
  const ms = parseDuration(text);
  if (typeof ms === "number" && ms > 0) return ms;
  const why = typeof ms === "number" ? "it is no time at all" : `${ms.why}; ${ms.fix}`;
  printError(`cannot use --for ${text}: ${why}`);
  return undefined;
}

/** Every service that one of the plans has, by its first definition. */
function servicesOf(plans: Plan[]): ServicePlan[] {
  const services = new Map<string, ServicePlan>();
  for (const plan of plans)
    for (const service of plan.services) if (!services.has(service.name)) services.set(service.name, service);
  return [...services.values()];
}

function loadOther(context: Context, path: string): Plan {
  const result = loadForClient({ ...context, words: [path] });
  if ("plan" in result) return result.plan;
  reportProblems(context, result);
  throw new ClientEnd(ExitCode.failed);
}

type Kind = "fault" | "order" | "expectation";

/** Sentences about the services that there are: the first, which others tend to need, and the last. */
function examples(kind: Kind, services: ServicePlan[]): string[] {
  const first = services[0]?.name ?? "db";
  const last = services.at(-1)?.name ?? "web";
  switch (kind) {
    case "fault":
      return [`${first} exits 1 after 3s`, `${first} is killed by SEGV at 10s`, `${last} exec fails ENOENT`];
    case "order":
      return [`restart ${last} at 10s`, `stop ${first} at 1m`, "shutdown at 5m"];
    case "expectation":
      return [`${last} is up within 10s`, `${first} restarts at most 3 times`, "shutdown within 10s"];
  }
}

/** Reads all sentences and tells of all that cannot be read. */
class Sentences {
  isBad = false;
  private readonly services: ServicePlan[];

  constructor(services: ServicePlan[]) {
    this.services = services;
  }

  read<Made>(kind: Kind, texts: string[], make: (text: string) => Made | null): Made[] {
    const found: Made[] = [];
    for (const text of texts.flatMap(sentencesOf)) {
      try {
        const made = make(text);
        if (made !== null) found.push(made);
      } catch (error) {
        if (!(error instanceof Misread)) throw error;
        this.tell(misreadText(kind, error, examples(kind, this.services)));
      }
    }
    return found;
  }

  tell(text: string): void {
    this.isBad = true;
    printError(text);
  }
}

function misreadText(kind: Kind, misread: Misread, like: string[]): string {
  const { sentence, column, length, message, fix } = misread;
  const lines = [
    `cannot read the ${kind}: ${message}`,
    `  ${sentence}`,
    `  ${" ".repeat(column)}^${"~".repeat(length - 1)}`,
  ];
  if (fix !== "") lines.push(`  fix: ${fix}`);
  lines.push(`  like: ${like.join("; ")}`);
  return lines.join("\n");
}
