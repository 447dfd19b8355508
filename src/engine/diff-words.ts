/** Which variables of a service's environment a new plan changes: by name only, since values may be secrets. */

import type { ServicePlan } from "./plan.ts";

const namesMax = 5;

/** `environment (A, B)`, `env_file (C)`: by where a variable comes from. */
export function environmentKeys(from: ServicePlan, to: ServicePlan): string[] {
  const names = [...new Set([...Object.keys(from.environment), ...Object.keys(to.environment)])].sort();
  const changed = names.filter((name) => from.environment[name] !== to.environment[name]);
  const ofFiles = changed.filter((name) => isOfFile(name in to.environment ? to : from, name));
  const own = changed.filter((name) => !ofFiles.includes(name));
  return [...listed("environment", own), ...listed("env_file", ofFiles)];
}

/** What `environment` sets stands in `except`: it wins over the files. */
function isOfFile({ environmentFiles }: ServicePlan, name: string): boolean {
  return environmentFiles.some(({ except }) => except?.includes(name) !== true);
}

function listed(key: string, names: string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > namesMax ? ` and ${names.length - namesMax} more` : "";
  return [`${key} (${names.slice(0, namesMax).join(", ")}${more})`];
}
