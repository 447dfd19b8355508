/** Tables of another manager's keys: what each becomes here, or why it becomes nothing. */

import { didYouMean } from "../config/suggest.ts";
import { type At, type Draft, LeftOut } from "./draft.ts";

/** gonit does the same without being told. */
export const nothing = null;

export type Rule<Context, Value> = ((value: Value, at: At, context: Context) => void) | LeftOut | typeof nothing;
export type Rules<Context, Value> = { [key: string]: Rule<Context, Value> };

export interface Entry<Value> {
  at: At;
  /** The key as the table has it. */
  key: string;
  value: Value;
}

/** Applies the rules to what is written, in its order; what no rule knows is told. */
export function applyRules<Context, Value>(
  entries: Entry<Value>[],
  rules: Rules<Context, Value>,
  context: Context,
  draft: Draft,
): void {
  for (const { at, key, value } of entries) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (rule === undefined) {
      draft.note(at, "the import does not know this key", didYouMean(key, Object.keys(rules)));
    } else if (rule instanceof LeftOut) draft.leave(at, rule);
    else if (rule !== null) rule(value, at, context);
  }
}
