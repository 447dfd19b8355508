/** The key `restart` of a service. */

import { parseDuration } from "./duration.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, type NodeSchema, type OutputOf, scalar } from "./schema-kit.ts";
import { layered } from "./schema-maps.ts";
import { choice, duration, factor, oneOrMore, wholeNumber } from "./values.ts";

const policy = choice("a restart policy", ["no", "on-failure", "always"]);

export interface RestartLimit {
  count: number;
  windowMs: number;
}

const limitFix = "write a number and a time, such as 5 in 1m, or off";

/** `5 in 1m`, or off. */
const limit: NodeSchema<RestartLimit | "off"> = scalar<RestartLimit | "off">(
  "a limit of restarts",
  { type: "string", pattern: "^\\d+ in .+$|^off$" },
  (value) => {
    if (value === "off") return "off";
    const found = /^(\d{1,6})\s+in\s+(\S+)$/.exec(value);
    if (found === null) return new Refusal("it has no number and time", limitFix);
    const windowMs = parseDuration(found[2] as string);
    if (windowMs instanceof Refusal) return new Refusal(`${found[2]}: ${windowMs.why}`, limitFix);
    const count = Number(found[1]);
    return count > 0 && windowMs > 0 ? { count, windowMs } : new Refusal("both must be larger than 0", limitFix);
  },
);

/** 10% or 0.1 */
const jitter: NodeSchema<number> = scalar(
  "a share",
  { type: ["string", "number"], pattern: "^\\d+(\\.\\d+)?\\s?%$" },
  (value) => {
    const found = /^(\d+(?:\.\d+)?)\s?(%?)$/.exec(value);
    const share = found === null ? Number.NaN : Number(found[1]) / (found[2] === "%" ? 100 : 1);
    return share >= 0 && share <= 1 ? share : new Refusal("it is not between 0% and 100%", "write it as 10%");
  },
);

const restartMap = layered("a way to restart", {
  policy: described(policy, "no, on-failure or always. Default on-failure."),
  delay: described(duration("a duration"), "Before the first restart. Default 500ms."),
  backoff: described(
    factor("a factor", 1, 100),
    "The delay is multiplied by it after each failure in a row. Default 2.",
  ),
  max_delay: described(duration("a duration"), "The delay grows no longer than this. Default 30s."),
  jitter: described(jitter, "Share of the delay that chance adds or takes away. Default 10%."),
  reset_after: described(duration("a duration"), "A run of this length clears the failures in a row. Default 60s."),
  limit: described(
    limit,
    "More restarts than this make the service failed, as in 5 in 1m. Default off; 5 in 1m for a critical service.",
  ),
  on_limit: described(choice("what the limit does", ["fail"]), "What happens when the limit is reached. Default fail."),
  success: described(
    oneOrMore(wholeNumber("an exit code", 0, 255), "exit codes"),
    "Exit codes that count as success. Default [0].",
  ),
});

export type RestartValues = OutputOf<typeof restartMap>;

export const restart: NodeSchema<RestartValues> = byKind("a restart policy", {
  scalar: changed(policy, (value) => ({ policy: value }) as RestartValues),
  map: restartMap,
});
