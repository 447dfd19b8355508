/**
 * A plan as JSON text, exactly what JSON.stringify() would write, several times faster: most parts of a service are
 * the same object or text as those of the service before it (defaults), and are not written again.
 */

import type { Plan, ServicePlan } from "../engine/plan.ts";

export function planText(plan: Plan): string {
  const { services, ...rest } = plan;
  const first = services[0];
  if (first === undefined) return JSON.stringify(plan);
  // All services have the same keys, in the same order.
  const heads = Object.keys(first).map((key, index) => `${index === 0 ? "{" : ","}${JSON.stringify(key)}:`);
  const last: unknown[] = heads.map(() => undefined);
  const lastTexts: string[] = heads.slice();
  const parts: string[] = [];
  for (const service of services) parts.push(serviceText(service, heads, last, lastTexts));
  // `services` is a plan's last key.
  return `${JSON.stringify(rest).slice(0, -1)},"services":[${parts.join(",")}]}`;
}

function serviceText(service: ServicePlan, heads: string[], last: unknown[], lastTexts: string[]): string {
  const values: unknown[] = Object.values(service);
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value === last[at]) continue;
    last[at] = value;
    lastTexts[at] = heads[at] + JSON.stringify(value);
  }
  return `${lastTexts.join("")}}`;
}
