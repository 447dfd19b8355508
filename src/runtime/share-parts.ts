/** Equal parts of a plan's services, held once: most services differ in few places, and a thousand of them are kept. */

import type { Plan } from "../engine/plan.ts";

/** Makes equal parts of the services one object each. The plan is data that nobody changes. */
export function shareParts(plan: Plan): Plan {
  const known = new Map<string, object>();
  for (const service of plan.services) {
    const fields = service as unknown as { [name: string]: unknown };
    for (const [name, part] of Object.entries(fields)) {
      if (typeof part !== "object" || part === null) continue;
      const text = JSON.stringify(part);
      const first = known.get(text);
      if (first === undefined) known.set(text, part);
      else fields[name] = first;
    }
  }
  return plan;
}
