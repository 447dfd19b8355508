/**
 * A plan as the text that init holds for the next manager, made to be read fast: names of fields once, equal parts of
 * services once, and so held once in memory as well.
 */

import type { Plan, ServicePlan } from "../engine/plan.ts";

interface Packed {
  /** Without its services. */
  plan: Plan;
  fields: string[];
  parts: unknown[];
  /** A service's values in the order of the fields; what is no text, number or the like is [index of its part]. */
  rows: unknown[][];
}

/** Parts that several services share must be one object each (shareParts). */
export function packPlan(plan: Plan): string {
  const fields = plan.services[0] === undefined ? [] : Object.keys(plan.services[0]);
  const numbers = new Map<object, number>();
  const parts: unknown[] = [];
  const cell = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    let number = numbers.get(value);
    if (number === undefined) {
      number = parts.push(value) - 1;
      numbers.set(value, number);
    }
    return [number];
  };
  const rows = plan.services.map((service) => {
    const values = service as unknown as Record<string, unknown>;
    return fields.map((field) => cell(values[field]));
  });
  const packed: Packed = { plan: { ...plan, services: [] }, fields, parts, rows };
  return JSON.stringify(packed);
}

/** null: the text is no packed plan. */
export function unpackPlan(text: string): Plan | null {
  const packed = parsed(text);
  if (packed === null) return null;
  const { plan, fields, parts, rows } = packed;
  plan.services = rows.map((row) => {
    const service: Record<string, unknown> = {};
    for (let at = 0; at < fields.length; at++) {
      const value = row[at];
      service[fields[at] as string] =
        typeof value === "object" && value !== null ? parts[(value as [number])[0]] : value;
    }
    return service as unknown as ServicePlan;
  });
  return plan;
}

function parsed(text: string): Packed | null {
  try {
    return JSON.parse(text) as Packed;
  } catch {
    return null;
  }
}
