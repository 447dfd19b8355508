/** `stdin: {from: NAME}`: who reads from whom. A service's output can have one reader, and must be a pipe. */

import type { ServicePlan } from "../engine/plan.ts";
import type { CollectedService } from "./collect.ts";
import { lineOf, type YamlNode } from "./node.ts";
import type { Problems } from "./problems.ts";

/** Tells what is wrong with the sources of standard inputs; `isKnown` tells names that no service has. */
export function checkFeeds(
  services: Map<string, CollectedService>,
  plans: Map<string, ServicePlan>,
  problems: Problems,
  isKnown: (reference: { name: string; node: YamlNode }) => boolean,
): void {
  const readers = new Map<string, { name: string; node: YamlNode }>();
  for (const { name, values } of services.values()) {
    const source = values.stdin;
    if (source?.kind !== "from" || !isKnown(source.from)) continue;
    const { name: from, node } = source.from;
    const refuse = (why: string, fix: string) =>
      problems.at(node, "contradiction", `cannot read the output of ${from}: ${why}`, { fix });
    const other = readers.get(from);
    const writer = plans.get(from);
    if (from === name) refuse("it is the service itself", "name another service");
    else if (other !== undefined)
      refuse(`${other.name} reads it already (${lineOf(other.node)})`, "let a program such as tee pass it on to both");
    else if (writer?.type === "group") refuse("a group has no process", "name one of its services");
    else if (writer !== undefined && writer.tty !== null) refuse("it has a terminal", `remove tty of ${from}`);
    readers.set(from, { name, node });
  }
}
