/** Equal parts of a plan's services, held once: most services differ in few places, and a thousand of them are kept. */

import type { Plan } from "../engine/plan.ts";

/** Makes equal parts of the services one object each. The plan is data that nobody changes. */
export function shareParts(plan: Plan): Plan {
  const known = new Map<string, object>();
  // Most of what the reader makes is one object already, the default: it needs to become text but once.
  const shared = new Map<object, object>();
  for (const service of plan.services) {
    const fields = service as unknown as { [name: string]: unknown };
    for (const name in fields) {
      const part = fields[name];
      if (typeof part === "object" && part !== null) fields[name] = shared.get(part) ?? theOne(part, known, shared);
    }
  }
  return plan;
}

function theOne(part: object, known: Map<string, object>, shared: Map<object, object>): object {
  const text = JSON.stringify(part);
  const one = known.get(text) ?? part;
  known.set(text, one);
  shared.set(part, one);
  return one;
}
