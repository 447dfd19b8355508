/** What a manager decides once and its successors must know before they read anything else: kept in init's table. */

import { heldText, holdText } from "./held-text.ts";
import type { InstancePaths } from "./instance-paths.ts";

export interface BootFacts {
  paths: InstancePaths;
  /** The configuration's real path; empty for a plain init. */
  configuration: string;
  /** Marks of the runs before this one that were not seen to end. */
  earlierRuns: string[];
}

const heldName = "facts";

export function keepBootFacts(facts: BootFacts): void {
  const error = holdText(heldName, JSON.stringify(facts));
  if (error < 0) throw new Error(`cannot keep the boot facts: ${host.errnoText(error)}`);
}

/** null in the first life, and where they were lost. */
export function earlierBootFacts(held: { name: string; fd: number }[]): BootFacts | null {
  const entry = held.find(({ name }) => name === heldName);
  const text = entry === undefined ? null : heldText(entry.fd);
  return text === null ? null : (JSON.parse(text) as BootFacts);
}
