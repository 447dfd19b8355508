/**
 * The plan that the image builder stored beside the configuration: a machine starts its services by it without a reader.
 * It holds only where a reader would see what was seen when it was made; whatever is different, or is no such file, is a
 * reason to read the configuration as ever.
 */

import { type Observation, storedPlanHead } from "../engine/observation.ts";
import type { Plan } from "../engine/plan.ts";
import { shareParts } from "./share-parts.ts";

export const storedPlanFile = "/system/config.plan";
const bytesMax = 64 * 1024 * 1024;

/** null: there is none, it is another build's, or it does not hold here. */
export function readStoredPlan(text: string, variables: Map<string, string>): Plan | null {
  const [head = ""] = text.split("\n", 1);
  if (!head.startsWith(`${storedPlanHead} ${host.build()} `)) return null;
  const body = text.slice(head.length + 1);
  if (!head.endsWith(` ${host.hash(body)}`)) return null;
  const end = body.indexOf("\n");
  const observations = JSON.parse(body.slice(0, end)) as Observation[];
  if (!observations.every((one) => isSame(one.seen, look(one, variables)))) return null;
  return shareParts(JSON.parse(body.slice(end + 1)) as Plan);
}

export function loadStoredPlan(variables: Map<string, string>): Plan | null {
  const data = host.readFile(storedPlanFile, bytesMax);
  return typeof data === "number" ? null : readStoredPlan(host.decodeUtf8(data), variables);
}

/** What src/config/host-files.ts would answer. */
function look(one: Observation, variables: Map<string, string>): Observation["seen"] {
  switch (one.kind) {
    case "kind": {
      const found = host.stat(one.path);
      return typeof found === "number" ? found : found.kind;
    }
    case "content": {
      const data = host.readFile(one.path, one.bytesMax);
      return typeof data === "number" ? data : host.hash(data);
    }
    case "names":
      return host.listDirectory(one.path);
    case "real-path":
      return host.realPath(one.path);
    case "variable":
      return variables.get(one.name) ?? null;
  }
}

function isSame(before: Observation["seen"], now: Observation["seen"]): boolean {
  if (!Array.isArray(before) || !Array.isArray(now)) return before === now;
  return before.length === now.length && before.every((name, at) => name === now[at]);
}
