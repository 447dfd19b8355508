/**
 * A plan as the text that init holds for the next manager, and that the reader hands over, made to be read fast: names of fields once, equal parts of
 * services once, and so held once in memory as well.
 */

import type { Plan, ServicePlan } from "../engine/plan.ts";

export interface PackedPlan {
  /** Without its services. */
  plan: Plan;
  parts: unknown[];
  /** Services: plain values first, then the indexes of their parts, in the order of the lists below. */
  rows: unknown[][];
}

/** Not the same in most services, or no more than a number. */
const plainFields = [
  "name",
  "description",
  "enabled",
  "runs",
  "umask",
  "environmentProblem",
  "startTimeoutMs",
  "runTimeoutMs",
  "definedAt",
  "pidFile",
] as const satisfies (keyof ServicePlan)[];

/** Held once where equal: a text that JSON.parse() reads is another one each time. */
const partFields = [
  "tags",
  "labels",
  "command",
  "preStart",
  "postStop",
  "groups",
  "inheritEnvironment",
  "environment",
  "environmentFiles",
  "dependsOn",
  "after",
  "conflicts",
  "ready",
  "restart",
  "stop",
  "reload",
  "logs",
  "health",
  "watchdogMs",
  "directories",
  "limits",
  "sandbox",
  "schedule",
  "sockets",
  "tty",
  "stdinFrom",
  "watch",
  "type",
  "directory",
  "user",
  "group",
  "stdin",
  "critical",
] as const satisfies (keyof ServicePlan)[];

/** Equal parts are found by their texts, those that are one object already without. */
export function packPlan(plan: Plan): string {
  const parts = new Parts();
  const lastParts: unknown[] = partFields.map(() => undefined);
  const lastIndexes: number[] = partFields.map(() => -1);
  const rows = plan.services.map((service) => {
    const row: unknown[] = [];
    for (const field of plainFields) row.push(service[field]);
    for (let at = 0; at < partFields.length; at++) {
      const part = service[partFields[at] as (typeof partFields)[number]];
      // Mostly the default, as in the service before.
      if (part !== lastParts[at]) {
        lastParts[at] = part;
        lastIndexes[at] = parts.indexOf(part);
      }
      row.push(lastIndexes[at]);
    }
    return row;
  });
  const packed: PackedPlan = { plan: { ...plan, services: [] }, parts: parts.list, rows };
  return JSON.stringify(packed);
}

class Parts {
  readonly list: unknown[] = [];
  private readonly numbers = new Map<unknown, number>();
  private readonly numbersByText = new Map<string, number>();

  indexOf(part: unknown): number {
    const known = this.numbers.get(part);
    if (known !== undefined) return known;
    const text = JSON.stringify(part);
    const number = this.numbersByText.get(text) ?? this.list.push(part) - 1;
    this.numbers.set(part, number);
    this.numbersByText.set(text, number);
    return number;
  }
}

/** null: the text is no packed plan. */
export function unpackPlan(text: string): Plan | null {
  const packed = parsed(text);
  return packed === null ? null : planOfPacked(packed);
}

export function planOfPacked({ plan, parts, rows }: PackedPlan): Plan {
  plan.services = rows.map((row) => serviceOf(row, parts));
  return plan;
}

/** Written out, and in the plan's order of fields: a loop over names takes five times as long. */
function serviceOf(row: unknown[], parts: unknown[]): ServicePlan {
  const service: { [Field in keyof ServicePlan]: unknown } = {
    name: row[0],
    description: row[1],
    enabled: row[2],
    tags: parts[row[10] as number],
    labels: parts[row[11] as number],
    type: parts[row[37] as number],
    runs: row[3],
    schedule: parts[row[32] as number],
    command: parts[row[12] as number],
    preStart: parts[row[13] as number],
    postStop: parts[row[14] as number],
    directory: parts[row[38] as number],
    user: parts[row[39] as number],
    group: parts[row[40] as number],
    groups: parts[row[15] as number],
    umask: row[4],
    directories: parts[row[29] as number],
    limits: parts[row[30] as number],
    sandbox: parts[row[31] as number],
    watch: parts[row[36] as number],
    sockets: parts[row[33] as number],
    tty: parts[row[34] as number],
    stdin: parts[row[41] as number],
    stdinFrom: parts[row[35] as number],
    inheritEnvironment: parts[row[16] as number],
    environment: parts[row[17] as number],
    environmentFiles: parts[row[18] as number],
    environmentProblem: row[5],
    dependsOn: parts[row[19] as number],
    after: parts[row[20] as number],
    conflicts: parts[row[21] as number],
    ready: parts[row[22] as number],
    pidFile: row[9],
    restart: parts[row[23] as number],
    critical: parts[row[42] as number],
    health: parts[row[27] as number],
    watchdogMs: parts[row[28] as number],
    startTimeoutMs: row[6],
    runTimeoutMs: row[7],
    stop: parts[row[24] as number],
    reload: parts[row[25] as number],
    logs: parts[row[26] as number],
    definedAt: row[8],
  };
  return service as ServicePlan;
}

function parsed(text: string): PackedPlan | null {
  try {
    return JSON.parse(text) as PackedPlan;
  } catch {
    return null;
  }
}
