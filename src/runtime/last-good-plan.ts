/**
 * The plan with which all services came up, kept on the disk: what a machine falls back on when its configuration
 * cannot be used at the next boot.
 */

import type { Plan } from "../engine/plan.ts";
import { packPlan, unpackPlan } from "./packed-plan.ts";

export const stateFolder = "/system/state";
const file = `${stateFolder}/last-good-plan`;
const bytesMax = 64 * 1024 * 1024;

/** A first line with the version and a checksum: another build may read plans differently, and a crash may tear a file. */
export function goodPlanText(plan: Plan): string {
  const body = packPlan(plan);
  return `gonit plan ${host.version()} ${host.hash(body)}\n${body}`;
}

/** null: it is none, is torn, or was written by another version. */
export function readGoodPlan(text: string): Plan | null {
  const end = text.indexOf("\n");
  const body = text.slice(end + 1);
  if (end < 0 || text.slice(0, end) !== `gonit plan ${host.version()} ${host.hash(body)}`) return null;
  return unpackPlan(body);
}

/** Written only when it changed. 0 or -errno. */
export function storeGoodPlan(plan: Plan): number {
  const text = goodPlanText(plan);
  if (stored() === text) return 0;
  const error = host.makeDirectory(stateFolder, 0o755, -1, -1);
  return error < 0 ? error : host.writeFile(file, text, 0o600);
}

export function loadGoodPlan(): Plan | null {
  const text = stored();
  return text === null ? null : readGoodPlan(text);
}

function stored(): string | null {
  const data = host.readFile(file, bytesMax);
  return typeof data === "number" ? null : host.decodeUtf8(data);
}
