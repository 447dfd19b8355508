/** `healthcheck` of a service in compose.yaml: it tells, and nothing is started again because of it. */

import type { YamlNode } from "../config/node.ts";
import { commandOf, shellCommand, withoutShell } from "./command-words.ts";
import type { ComposeContext } from "./compose-context.ts";
import { interpolate } from "./compose-texts.ts";
import type { At, DataMap } from "./draft.ts";
import { duration, number, readDuration } from "./durations.ts";
import { withReferences } from "./references.ts";
import { isTrue, textOf, textsOf, valueAt } from "./yaml-values.ts";

/** All keys of `healthcheck`, with those that gonit has for them. */
export const healthKeys: { [key: string]: string } = {
  test: "exec",
  interval: "interval",
  timeout: "timeout",
  retries: "failures",
  start_period: "start_period",
  start_interval: "start_interval",
  disable: "",
};

/** What Docker does when nothing is said. */
const timesMs = { interval: 30_000, timeout: 30_000, start_interval: 5000 };

export function healthcheck(value: YamlNode, at: At, context: ComposeContext): void {
  const { service, draft } = context;
  const test = valueAt(value, "test");
  const words = textsOf(test).map((text) => interpolate(text, at, draft));
  if (isTrue(valueAt(value, "disable")) || words[0] === "NONE") return;
  const exec = testCommand(words, test?.kind === "list");
  if (exec === null) {
    draft.note(at, "the test is the image's", "write health: {exec: COMMAND}");
    return;
  }
  const health: DataMap = { exec: withReferences(exec) };
  for (const [key, usualMs] of Object.entries(timesMs)) {
    const ms = readDuration(textOf(valueAt(value, key)) ?? "") ?? usualMs;
    health[healthKeys[key] as string] = duration(Math.max(key === "timeout" ? 1 : 10, ms));
  }
  const failures = Number(textOf(valueAt(value, "retries")) ?? 3);
  if (failures !== 3 && failures >= 1) health.failures = number(Math.min(1000, failures));
  const startMs = readDuration(textOf(valueAt(value, "start_period")) ?? "");
  if (startMs !== null && startMs > 0) health.start_period = duration(startMs);
  health.action = "none";
  service.set("health", health, at);
}

function testCommand(words: string[], isList: boolean): string | ReturnType<typeof commandOf> | null {
  const [first = "", ...rest] = words;
  if (!isList) return first === "" ? null : forShell(first);
  if (first === "CMD-SHELL") return forShell(rest.join(" "));
  return first === "CMD" && rest.length > 0 ? commandOf(rest) : null;
}

function forShell(text: string): ReturnType<typeof commandOf> {
  return withoutShell(text) ?? shellCommand(text);
}
