/** The key `health` of a service. */

import type { HealthPlan } from "../engine/plan.ts";
import { type ProbeSource, probeDefaults, probeEntries, probeSource, probeTimeout } from "./probe-keys.ts";
import { changed, described, type NodeSchema } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";
import { choice, duration, wholeNumber } from "./values.ts";

/** As HealthPlan of the plan, but for the probe's command. */
export interface HealthSource extends Omit<HealthPlan, "probe"> {
  probe: ProbeSource;
}

export const healthDefaults = { intervalMs: 10_000, failures: 3, startPeriodMs: 0, action: "restart" } as const;

const kinds = ["exec", "http", "tcp", "unix"] as const;

const fixes = { scalar: 'write health: {http: "http://127.0.0.1:8080/healthz"}, or {exec: COMMAND}' };

export const health: NodeSchema<HealthSource> = changed(
  keyed(
    "a check of health",
    {
      ...probeEntries,
      interval: described(duration("a duration", 10), "Time between two probes of a healthy service. Default 10s."),
      start_interval: described(duration("a duration", 10), "The same until the first success. Default 250ms."),
      timeout: probeTimeout,
      failures: described(
        wholeNumber("a number of failures", 1, 1000),
        "So many failures in a row make it unhealthy. Default 3.",
      ),
      start_period: described(
        duration("a duration"),
        "Time for the first success, beside that of `failures` probes at `interval`. Default 0s.",
      ),
      action: described(
        choice("what is done about it", ["restart", "none"]),
        "restart: it is stopped and counts as failed; none: it is only shown. Default restart.",
      ),
    },
    { synonyms: { test: "exec", retries: "failures", on_failure: "action", cmd: "exec" }, fixes },
  ),
  (values, node, result): HealthSource | undefined => {
    const given = kinds.filter((kind) => values[kind] !== undefined);
    const kind = given[0];
    if (kind === undefined || given.length > 1) {
      const why = kind === undefined ? `it has none of ${kinds.join(", ")}` : `it has ${given.join(" and ")}`;
      result.refuse(node, "value", `cannot use this as a check of health: ${why}`, "write exactly one of them");
      return undefined;
    }
    const times = {
      intervalMs: values.start_interval ?? probeDefaults.intervalMs,
      timeoutMs: values.timeout ?? probeDefaults.timeoutMs,
    };
    return {
      probe: probeSource(kind, values, times),
      intervalMs: values.interval ?? healthDefaults.intervalMs,
      failures: values.failures ?? healthDefaults.failures,
      startPeriodMs: values.start_period ?? healthDefaults.startPeriodMs,
      action: values.action ?? healthDefaults.action,
    };
  },
);
