/** From files to a plan: the whole way of a configuration, for the reader process, `check`, `config` and tests. */

import { Limit, Role } from "../contract.ts";
import type { Plan, PlanSource, ServicePlan } from "../engine/plan.ts";
import { type Collected, type CollectedService, collect } from "./collect.ts";
import { watchDefault } from "./defaults.ts";
import type { Variables } from "./expand.ts";
import type { FileAccess, YamlSource } from "./files.ts";
import { type ImagePlan, planImage, withImageFiles } from "./image-plan.ts";
import { logSources } from "./log-sources.ts";
import { folderOf } from "./node.ts";
import { builtins } from "./plan-commands.ts";
import { afterMachine, machineNote, machineTask, planMachine } from "./plan-machine.ts";
import { expandReplicas } from "./plan-replicas.ts";
import { planService, type ServiceContext } from "./plan-service.ts";
import { Problems } from "./problems.ts";
import { type Layers, readLayers } from "./read-layers.ts";
import { linkServices } from "./references.ts";
import { systemEnvironment } from "./system-environment.ts";

export interface LoadOptions {
  /** Role.* */
  role: number;
  /** null: found by the rules of the role. */
  path: string | null;
  workingDirectory: string;
  /** gonit's own environment, NAME=value. */
  environment: string[];
  /** Told of each variable that is looked up there. */
  asked?: (name: string, value: string | undefined) => void;
  /** Name of the instance by the real path of its configuration, for the folder of a laptop's log files. */
  instanceName: (path: string) => string;
}

export type LoadResult =
  | { plan: Plan; image: ImagePlan | null; warnings: string[]; sources: PlanSource[] }
  /** Problems as texts, with places and carets. */
  | { problems: string[]; problemCount: number; warnings: string[]; sources: PlanSource[]; found: boolean };

export function loadPlan(options: LoadOptions, files: FileAccess, yaml: YamlSource): LoadResult {
  const problems = new Problems();
  const warnings: string[] = [];
  const shownPath = pathShower(options.workingDirectory);
  const own = askedVariables(options);
  const layers = readLayers({ ...options, shownPath }, files, yaml, own, problems);
  const made = layers === null ? null : makePlan(options, layers, own, files, problems, warnings, shownPath);
  const sources = layers?.sources ?? [];
  if (made !== null && problems.count === 0) return { ...made, warnings, sources };
  return { problems: problems.texts(), problemCount: problems.count, warnings, sources, found: layers !== null };
}

function makePlan(
  options: LoadOptions,
  layers: Layers,
  own: Variables,
  files: FileAccess,
  problems: Problems,
  warnings: string[],
  shownPath: (path: string) => string,
): { plan: Plan; image: ImagePlan | null } {
  const { role } = options;
  const roots = layers.layers.filter(({ service }) => service === null).map(({ root }) => root);
  const system = systemEnvironment({ role, main: layers.main, roots, own, files, shownPath, problems });
  layers.sources.push(...system.sources);
  const collected = collect(layers.layers, system.variables, problems);
  const values = collected.system;
  const logDirectory = values.logs?.directory ?? logDirectoryOf(options, layers.main, own);
  for (const name of builtins) {
    if (name in values && !collected.services.has(name))
      warnings.push(`${shownPath(layers.main)}: ${name}: has no effect, because there is no service ${name}`);
  }
  const image = planImage(values.image);
  const context: ServiceContext = {
    role,
    system: values,
    directory: role === Role.laptop ? folderOf(layers.main) : "/",
    besideFile: role !== Role.laptop,
    logDirectory,
    shared: system.shared,
    variables: system.variables,
    problems,
    files: role === Role.vm ? withImageFiles(files, image) : files,
    shownPath,
    sources: layers.sources,
    warnings,
    zones: {},
  };
  const machine = planMachine(values);
  const note = machineNote(machine, role);
  if (note !== null) warnings.push(note);
  const task = machineTask(machine, collected, role, shownPath(layers.main), files, problems);
  const services = planServices(collected, context, task);
  const plan: Plan = {
    version: values.version ?? "",
    title: values.title ?? "",
    description: values.description ?? "",
    hostname: values.hostname ?? "",
    role,
    sources: layers.sources,
    watchConfig: values.watch_config ?? watchDefault(role),
    shutdownTimeoutMs: values.shutdown?.timeout ?? null,
    logs: { directory: logDirectory, maxTotalBytes: values.logs?.max_total ?? null },
    ...(values.watchdog === undefined ? {} : { watchdogMs: values.watchdog }),
    ...(machine === null ? {} : { machine }),
    ...(Object.keys(context.zones).length === 0 ? {} : { zones: context.zones }),
    services,
  };
  return { plan, image };
}

function planServices(collected: Collected, context: ServiceContext, machine: CollectedService | null): ServicePlan[] {
  const plans = new Map<string, ServicePlan>();
  if (machine !== null) plans.set(machine.name, planService(machine, context));
  for (const service of collected.services.values()) plans.set(service.name, planService(service, context));
  linkServices(collected.services, plans, context.problems);
  const services = expandReplicas([...plans.values()], collected.services, context.problems);
  if (machine !== null) afterMachine(services);
  refuseTooMany(services, context.problems);
  return services;
}

/** The ledger's tables have fixed sizes: better told now than when a start finds no place. */
function refuseTooMany(services: ServicePlan[], problems: Problems): void {
  // A start needs a slot of its own while the one before is not taken yet; probes and the reader need some too.
  let processes = 0;
  const processesMax = Limit.childSlots - 96;
  let logs = 0;
  for (const service of services) {
    if (service.type !== "group") processes++;
    logs += logSources(service);
  }
  const logsMax = Limit.logSlots - Limit.logOwnPipes - 1;
  if (processes > processesMax) {
    problems.atFile("", "too-many", `cannot manage ${processes} services: ${processesMax} are the most`);
  }
  if (logs > logsMax) {
    problems.atFile("", "too-many", `cannot keep ${logs} logs: ${logsMax} are the most`, {
      fix: "write defaults: {logs: {stderr: merge}}: a separate standard error is a log of its own",
    });
  }
}

/** Where log files are when neither a service nor the file says it; empty: beside each service. */
function logDirectoryOf({ role, instanceName }: LoadOptions, main: string, own: Variables): string {
  if (role === Role.vm) return "";
  if (role === Role.container) return "/var/log/gonit";
  const state = own("XDG_STATE_HOME");
  const base = state?.startsWith("/") ? state : `${own("HOME") ?? ""}/.local/state`;
  return `${base}/gonit/${instanceName(main)}/logs`;
}

function askedVariables({ environment, asked }: LoadOptions): Variables {
  const variables = variablesOf(environment);
  if (asked === undefined) return variables;
  return (name) => {
    const value = variables(name);
    asked(name, value);
    return value;
  };
}

export function variablesOf(environment: string[]): Variables {
  const variables = new Map<string, string>();
  for (const text of environment) {
    const equals = text.indexOf("=");
    if (equals > 0) variables.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return (name) => variables.get(name);
}

/** Paths below the working directory are shown as one would type them there. */
export function pathShower(workingDirectory: string): (path: string) => string {
  const prefix = `${workingDirectory}/`;
  return (path) => (workingDirectory !== "/" && path.startsWith(prefix) ? path.slice(prefix.length) : path);
}
