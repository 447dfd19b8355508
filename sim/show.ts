/** A failing history in a form that people can read, with what is needed to run it again. */

import { type Failure, runHistory } from "./fuzz.ts";
import { service } from "./plans.ts";

const linesMax = 80;

export function shownFailure({ seed, message, history }: Failure): string {
  const lines = [`seed ${seed}: ${message}`, `again: FUZZ_SEED=${seed} FUZZ_EVENTS=1 npm test -- sim/fuzz`];
  for (const one of history.plan.services) lines.push(`service ${differences(one)}`);
  if (history.only !== null) lines.push(`only ${history.only.join(" ")}`);
  for (const move of history.moves) lines.push(`move ${JSON.stringify(move)}`);
  const trace: string[] = [];
  try {
    runHistory(history, undefined, {
      watch: (what) => trace.push(JSON.stringify("event" in what ? { event: what.event } : what)),
    });
  } catch (error) {
    trace.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return [...lines, ...trace.slice(-linesMax)].join("\n");
}

/** What a service's plan says beyond the defaults. */
function differences(plan: ReturnType<typeof service>): string {
  const plain = service(plan.name) as unknown as Record<string, unknown>;
  const entries = Object.entries(plan).filter(
    ([key, value]) => key === "name" || JSON.stringify(value) !== JSON.stringify(plain[key]),
  );
  return JSON.stringify(Object.fromEntries(entries));
}
