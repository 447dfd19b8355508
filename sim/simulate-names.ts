/** Names in the sentences of `gonit simulate`: a service, a glob, tag:NAME, or `all`. */

import { matchNames } from "../src/engine/names.ts";
import type { ServicePlan } from "../src/engine/plan.ts";
import type { Reader, Word } from "./simulate-language.ts";

/** The names that a word means, in the order of the plan; other words that could stand there help with a slip. */
export function namesOf(reader: Reader, word: Word, services: ServicePlan[], others: string[] = []): string[] {
  if (word.text === "") reader.fail("the sentence ends where the name of a service is missing");
  const items = services.map((plan) => ({ plan }));
  const { found, suggestions } = matchNames(items, [word.text === "all" ? "*" : word.text]);
  if (found.length > 0) return found.map(({ plan }) => plan.name);
  const near =
    suggestions[0] ??
    matchNames(
      others.map((name) => ({ plan: { name, tags: [] } as never })),
      [word.text],
    ).suggestions[0];
  const known = services.slice(0, 12).map(({ name }) => name);
  const more = services.length > known.length ? ` and ${services.length - known.length} more` : "";
  const otherText = others.length === 0 ? "" : `; other beginnings are ${[...new Set(others)].join(", ")}`;
  return reader.fail(
    `there is no service ${word.text}`,
    near === undefined ? `services are ${known.join(", ")}${more}${otherText}` : `did you mean ${near}?`,
    word,
  );
}
