/** The text scenarios, read once for all threads: they know checks by their number, also when somebody adds one meanwhile. */

import { readdirSync, readFileSync } from "node:fs";

export type ScenarioTexts = [name: string, text: string][];

const folder = "tests/scenarios";
let known: ScenarioTexts | null = null;

export function scenarioTexts(): ScenarioTexts {
  const names = () =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".txt"))
      .sort();
  known ??= names().map((name) => [`${folder}/${name}`, readFileSync(`${folder}/${name}`, "utf8")]);
  return known;
}
