/** What a gonit that has just begun runs, and the place that it takes for this. */

import { ExitCode, ShutdownMode } from "../contract.ts";
import { abstractSocket, instanceNameOf } from "../control/socket-path.ts";
import type { Plan } from "../engine/plan.ts";
import { type Claim, claimerFacts, claimInstance } from "./instance-paths.ts";
import type { ConfigurationLoader } from "./load-configuration.ts";
import type { Machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { isPlainInit, plainPlan } from "./plain-init.ts";
import type { RoleTraits } from "./role-table.ts";
import { loadStoredPlan } from "./stored-plan.ts";

/** `use` is called with the plan and the configuration that it is of; without a usable one gonit ends, unless it is a machine. */
export function findFirstPlan(
  options: Options,
  role: number,
  machine: Machine | null,
  loader: ConfigurationLoader,
  variables: Map<string, string>,
  use: (plan: Plan, configuration: string) => void,
): void {
  const useInstead = ({ plan, configuration }: { plan: Plan; configuration: string }) =>
    use(plan, options.file ?? configuration);
  if (isPlainInit(options, role)) {
    use(plainPlan(options.command ?? [], role), "");
    return;
  }
  if (machine !== null && options.rescue) {
    useInstead(machine.rescueOnly());
    return;
  }
  const stored = machine === null || options.file !== null ? null : loadStoredPlan(variables);
  if (stored !== null) {
    use(stored, stored.sources[0]?.path ?? "");
    return;
  }
  loader.load(options.file, (outcome) => {
    if ("plan" in outcome) use(outcome.plan, outcome.plan.sources[0]?.path ?? "");
    // A machine must not end: it runs something else then.
    else if (machine !== null) useInstead(machine.fallback(outcome.problems));
    else {
      host.print(2, outcome.problems);
      host.finishShutdown(ShutdownMode.exit, ExitCode.usage, 0);
    }
  });
}

/** Socket, lock and directories of this instance; init holds the lock from now on. */
export function claimFor(
  options: Options,
  traits: RoleTraits,
  inherited: Map<string, string>,
  configuration: string,
): Claim {
  const onLaptop = traits.name === "laptop" && !host.isolated();
  // Plain inits run side by side like the commands that they are for, and leave no files.
  const isPlain = onLaptop && options.command !== null && configuration === "";
  const ofFile = onLaptop && configuration !== "" ? instanceNameOf(configuration) : "main";
  const name = options.instance ?? (isPlain ? `init-${host.roles().init.pid}` : ofFile);
  const socket = options.socket ?? (isPlain ? abstractSocket(host.uid(), name) : null);
  const claim = claimInstance({ ...claimerFacts(inherited), name, socket });
  if ("locks" in claim) for (const [at, fd] of claim.locks.entries()) host.hold(`lock:${at}`, fd);
  return claim;
}
