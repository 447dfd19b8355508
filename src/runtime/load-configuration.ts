/** Has the reader turn the configuration into a plan. */

import type { Plan } from "../engine/plan.ts";
import { type PackedPlan, planOfPacked } from "./packed-plan.ts";
import type { Shell } from "./performer.ts";
import { runReader } from "./reader-process.ts";

interface LoadRequest {
  role: number;
  /** null: found by the rules of the role. */
  path: string | null;
  workingDirectory: string;
  /** Name of the instance where the user chose one. */
  instance: string | null;
}

export type LoadOutcome =
  | { plan: Plan; warnings: string[] }
  /** Problems as text, with places and carets. */
  | { problems: string };

/** Loads for one manager; of reloads one at a time. */
export class ConfigurationLoader {
  private readonly shell: Shell;
  private readonly role: number;
  private readonly instance: string | null;
  private reloading = false;
  /** Another reload was asked for meanwhile: what is being read may be older. */
  private again = false;

  constructor(shell: Shell, role: number, instance: string | null) {
    this.shell = shell;
    this.role = role;
    this.instance = instance;
  }

  load(path: string | null, done: (outcome: LoadOutcome) => void): void {
    const { role, instance } = this;
    loadConfiguration(this.shell, { role, path, workingDirectory: host.workingDirectory(), instance }, done);
  }

  /** SIGHUP, or a change: the configuration on disk, if it is valid; an empty path: there is none. */
  reload(configuration: string, tried: (outcome: LoadOutcome) => void): void {
    if (configuration === "") return;
    this.again = this.reloading;
    if (this.reloading) return;
    this.reloading = true;
    this.load(configuration, (outcome) => {
      this.reloading = false;
      if (this.again) {
        this.reload(configuration, tried);
        return;
      }
      tried(outcome);
      if ("plan" in outcome) {
        const gate = { limitMs: null };
        this.shell.emit({ kind: "plan-loaded", plan: outcome.plan, request: null, only: null, gate });
        return;
      }
      const [reason = ""] = outcome.problems.split("\n");
      this.shell.ownLog.write("error", "Cannot use the configuration; nothing was changed", { reason });
    });
  }
}

function loadConfiguration(shell: Shell, request: LoadRequest, done: (outcome: LoadOutcome) => void): void {
  runReader(shell, [JSON.stringify(request)], (output) => {
    if ("problem" in output) {
      done({ problems: `cannot read the configuration: ${output.problem}\n` });
      return;
    }
    const value = output.value as { plan?: PackedPlan; problems?: string[]; warnings?: string[] };
    if (value.plan !== undefined)
      done({ plan: ofThisPlace(shell, planOfPacked(value.plan)), warnings: value.warnings ?? [] });
    else done({ problems: `${(value.problems ?? ["the reader gave no reason"]).join("\n").trimEnd()}\n` });
  });
}

/** The reader has no rights, and cannot tell what this place lets be changed in processes that run. */
function ofThisPlace(shell: Shell, plan: Plan): Plan {
  if (plan.services.some(({ limits }) => limits !== null)) plan.limitsPlace = shell.cgroups.place();
  return plan;
}
