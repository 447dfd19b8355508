/**
 * The environment of a service's process: what is inherited, then what the user's account gives, then the
 * configuration's, then gonit's own variables. gonit's variables of the outside are never passed on.
 */

import type { UserRecord } from "../contract.ts";
import { familyOf, type InstanceId } from "../engine/instance.ts";
import type { ServicePlan } from "../engine/plan.ts";
import { directoryVariables } from "./service-directories.ts";

const searchPathDefault = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const alwaysInherited = ["PATH", "LANG", "TZ"];

/** What the whole instance has in common. */
export interface InstanceFacts {
  /** Random text that marks this run's processes. */
  id: string;
  socket: string;
  title: string;
  version: string;
  /** Terminal of the little system, set by `up --isolated`; empty without one. */
  console: string;
}

/** gonit's environment, split once. */
export function splitEnvironment(environment: string[]): Map<string, string> {
  const variables = new Map<string, string>();
  for (const text of environment) {
    const equals = text.indexOf("=");
    if (equals > 0) variables.set(text.slice(0, equals), text.slice(equals + 1));
  }
  return variables;
}

/** What a service's processes get but for gonit's own variables: the same for all services that say the same about it. */
export function sharedVariables(
  service: Pick<ServicePlan, "inheritEnvironment" | "environment">,
  inherited: Map<string, string>,
  user: UserRecord | null,
): Map<string, string> {
  const variables = new Map<string, string>();
  inherit(variables, service.inheritEnvironment, inherited);
  if (!variables.has("PATH")) variables.set("PATH", inherited.get("PATH") ?? searchPathDefault);
  if (user !== null) {
    variables.set("HOME", user.home);
    if (user.name !== "") {
      variables.set("USER", user.name);
      variables.set("LOGNAME", user.name);
    }
    if (user.shell !== "") variables.set("SHELL", user.shell);
  }
  addConfigured(variables, service.environment);
  return variables;
}

/** What stands in the configuration and in its files. The marks by which processes are found are not theirs to set. */
export function addConfigured(to: Map<string, string>, values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) if (!ownNames.includes(name)) to.set(name, value);
}

const ownNames = [
  "GONIT_SERVICE",
  "GONIT_REPLICA",
  "GONIT_INSTANCE",
  "GONIT_SOCKET",
  "GONIT_RESTARTS",
  "GONIT_PROBE",
  "NOTIFY_SOCKET",
  "LISTEN_PID",
];

/** gonit's own variables that stay the same over all starts of a service. */
export function ownTexts(service: ServicePlan, facts: InstanceFacts): string[] {
  const texts = [`GONIT_SERVICE=${familyOf(service.name)}`, `GONIT_INSTANCE=${facts.id}`];
  if (facts.socket !== "") texts.push(`GONIT_SOCKET=${facts.socket}`);
  if (service.command?.builtin) {
    texts.push(`GONIT_TITLE=${facts.title}`, `GONIT_VERSION=${facts.version}`);
    const { settings } = service.command;
    if (settings !== undefined) texts.push(`GONIT_SETTINGS=${JSON.stringify(settings)}`);
    if (facts.console !== "") texts.push(`GONIT_CONSOLE=${facts.console}`);
  }
  return texts;
}

function inherit(into: Map<string, string>, which: ServicePlan["inheritEnvironment"], from: Map<string, string>): void {
  if (which === "all") {
    for (const [name, value] of from) if (!isOwn(name)) into.set(name, value);
    return;
  }
  for (const name of which === "none" ? alwaysInherited : which) {
    const value = from.get(name);
    if (value !== undefined && !isOwn(name)) into.set(name, value);
  }
}

/** Variables that speak of the gonit around us, or of the service manager that started it. */
function isOwn(name: string): boolean {
  return (
    name.startsWith("GONIT_") ||
    name === "NOTIFY_SOCKET" ||
    name.startsWith("LISTEN_") ||
    name === "WATCHDOG_USEC" ||
    directoryVariables.includes(name) ||
    name === "WATCHDOG_PID"
  );
}

/** The texts by which processes of one instance of a service are found wherever they went. */
export function treeMarks(instance: InstanceId, facts: InstanceFacts): string[] {
  return [
    `GONIT_INSTANCE=${facts.id}`,
    `GONIT_SERVICE=${familyOf(instance.service)}`,
    `GONIT_REPLICA=${instance.replica}`,
  ];
}

export function environmentTexts(variables: Map<string, string>): string[] {
  const texts: string[] = [];
  for (const [name, value] of variables) texts.push(`${name}=${value}`);
  return texts;
}
