/**
 * Up to which time scheduled tasks with `missed: run` were dealt with, kept on the disk: so that what should have run while
 * gonit, or the machine, was off is made up for.
 */

import { Role } from "../contract.ts";
import type { Event } from "../engine/event.ts";
import type { Plan } from "../engine/plan.ts";
import { stateFolder } from "./last-good-plan.ts";
import type { Shell } from "./performer.ts";

const fileName = "scheduled-times.json";
const bytesMax = 1024 * 1024;

/** The instance that they are of. */
interface Owner {
  shell: Shell;
  role: number;
  facts: { paths: { name: string } } | null;
}

export class KeptTimes {
  private readonly owner: Owner;
  private hasFailed = false;

  constructor(owner: Owner) {
    this.owner = owner;
  }

  /** The event of a first plan, with what was kept for it. */
  firstPlan(plan: Plan, only: string[] | null): Event {
    const isUsed = plan.services.some(({ schedule }) => schedule?.missed === "run");
    return { kind: "plan-loaded", plan, request: null, only, ...(isUsed ? { keptTimes: this.load() } : {}) };
  }

  /** By name; empty where nothing was kept, or what was kept cannot be read. */
  private load(): Record<string, number> {
    const data = host.readFile(this.path(), bytesMax);
    if (typeof data === "number") return {};
    try {
      const times: unknown = JSON.parse(host.decodeUtf8(data));
      const entries = typeof times === "object" && times !== null ? Object.entries(times) : [];
      return Object.fromEntries(entries.filter(([, wallMs]) => Number.isSafeInteger(wallMs)));
    } catch {
      return {};
    }
  }

  /** Times of tasks that are gone from the plan are forgotten. */
  keep(service: string, wallMs: number): void {
    const times = { ...this.load(), [service]: wallMs };
    const { shell } = this.owner;
    for (const name of Object.keys(times)) if (shell.service(name) === undefined) delete times[name];
    const folder = this.folder();
    const made = host.makeDirectory(folder, 0o755, -1, -1);
    const error = made < 0 ? made : host.writeFile(this.path(), `${JSON.stringify(times)}\n`, 0o600);
    if (error < 0 && !this.hasFailed) {
      const reason = `${folder}: ${host.errnoText(error)}`;
      shell.ownLog.write("warn", "Cannot keep when tasks have run; missed runs are forgotten at the end", {
        reason,
      });
    }
    this.hasFailed = error < 0;
  }

  private path(): string {
    return `${this.folder()}/${fileName}`;
  }

  private folder(): string {
    const { shell, role, facts } = this.owner;
    if (role === Role.vm) return stateFolder;
    if (role === Role.container) return "/var/lib/gonit";
    const state = shell.inherited.get("XDG_STATE_HOME");
    const base = state?.startsWith("/") ? state : `${shell.inherited.get("HOME") ?? ""}/.local/state`;
    return `${base}/gonit/${facts?.paths.name ?? "main"}`;
  }
}
