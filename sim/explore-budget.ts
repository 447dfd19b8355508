/**
 * How much may still go wrong on a way through an explored system: three bits of one number for each kind of fault, so that
 * two budgets are compared in one operation. Three of a kind are any number of them.
 */

export type Budget = number;

export interface Allowance {
  /** Ends by themselves: exits and failed spawns. */
  exits: number;
  /** Ends that leave another process behind. */
  leftovers: number;
  /** Answers "no" of readiness probes. */
  probes: number;
  /** Time limits that run out, SIGKILL that is outlived for a time. */
  limits: number;
  requests: number;
  /** Requests that run out of time; without them requests have no time limit. */
  timeouts: number;
  /** Shutdowns beside the requests; without them a shutdown is a request. */
  shutdowns: number;
  /** Deaths of the manager that lose a signal; all others are tried at each position. */
  crashes: number;
}

const fields = ["exits", "leftovers", "probes", "limits", "requests", "timeouts", "shutdowns", "crashes"] as const;
const any = 3;
const bits = 3;
/** The highest bit of each field, which no count uses. */
const guard = fields.reduce((sum, _, at) => sum | (4 << (at * bits)), 0);

export const noBudget: Budget = 0;

export function budgetOf(allowance: Allowance): Budget {
  return fields.reduce((sum, field, at) => sum | (Math.min(allowance[field], any) << (at * bits)), 0);
}

export function allowanceOf(budget: Budget): Allowance {
  const counts = fields.map((field) => [field, countOf(budget, field)]);
  return Object.fromEntries(counts) as unknown as Allowance;
}

/** How often a start may still fail. */
export function failuresLeft(budget: Budget): number {
  return countOf(budget, "exits") + countOf(budget, "leftovers") + countOf(budget, "limits");
}

function countOf(budget: Budget, field: keyof Allowance): number {
  return (budget >> (fields.indexOf(field) * bits)) & any;
}

/** One of each kind. */
export const price = Object.fromEntries(fields.map((field, at) => [field, 1 << (at * bits)])) as Record<
  keyof Allowance,
  Budget
>;

export const nothingLeft: Allowance = {
  exits: 0,
  leftovers: 0,
  probes: 0,
  limits: 0,
  requests: 0,
  timeouts: 0,
  shutdowns: 0,
  crashes: 0,
};

export function addBudget(one: Budget, other: Budget): Budget {
  return one + other;
}

export function canPay(budget: Budget, cost: Budget): boolean {
  return (((budget | guard) - cost) & guard) === guard;
}

/** Whoever has at least as much of everything can do all that one with less can do. */
export const covers = canPay;

export function spend(budget: Budget, cost: Budget): Budget {
  let left = budget - cost;
  for (let shift = 0; shift < fields.length * bits; shift += bits) {
    if (((budget >> shift) & any) === any) left = (left & ~(any << shift)) | (any << shift);
  }
  return left;
}
