/* A reporter for node --test: one JSON line for each test that has no tests below it, and for each that failed. */
import { inspect } from "node:util";
import type { TestOutcome } from "./test-files.ts";

interface TestEvent {
  type: string;
  data: {
    name?: string;
    nesting?: number;
    skip?: string | boolean;
    todo?: string | boolean;
    details?: { duration_ms?: number; type?: string; error?: { failureType?: string; cause?: unknown } };
  };
}

function reason(error: { failureType?: string; cause?: unknown } | undefined): string {
  const cause = error?.cause ?? error;
  return cause instanceof Error && cause.stack !== undefined
    ? inspect(cause)
    : typeof cause === "string"
      ? cause
      : inspect(cause);
}

/** Names of the tests around the one that runs, by nesting. */
const around: string[] = [];

function outcome(event: TestEvent): TestOutcome | undefined {
  const { name = "", nesting = 0, skip, todo, details } = event.data;
  if (event.type === "test:start") around[nesting] = name;
  if (event.type !== "test:pass" && event.type !== "test:fail") return undefined;
  const failed = event.type === "test:fail" && (todo === undefined || todo === false);
  if (details?.type === "suite" && !(failed && details.error?.failureType !== "subtestsFailed")) return undefined;
  const title = [...around.slice(0, nesting), name].join(" > ");
  const skipped = typeof skip === "string" ? skip || "skipped" : skip === true ? "skipped" : undefined;
  return {
    title,
    result: skipped !== undefined ? "skipped" : failed ? "failed" : "passed",
    detail: skipped ?? (failed ? reason(details?.error) : ""),
    ms: details?.duration_ms ?? 0,
  };
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    const line = outcome(event);
    if (line !== undefined) yield `${JSON.stringify(line)}\n`;
  }
}
