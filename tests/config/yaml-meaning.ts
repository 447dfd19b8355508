/** What a YAML text means, in a form in which two readers can be compared. */

/** Scalars with their text and what they stand for; maps in the order of the text. */
export type Meaning = ["scalar", text: string, value: string] | ["list", Meaning[]] | ["map", [key: string, Meaning][]];

export type Outcome =
  /** null: the text holds no value at all. */
  { meaning: Meaning | null } | { problems: string[] };

/** A value with its type, so that 1 and "1", 0 and -0 are not the same. */
export function shownValue(value: unknown): string {
  return `${typeof value} ${Object.is(value, -0) ? "-0" : String(value)}`;
}
