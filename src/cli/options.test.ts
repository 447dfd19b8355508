import assert from "node:assert/strict";
import { test } from "node:test";
import type { OptionSpec } from "./command.ts";
import { parseCommandLine } from "./options.ts";

const specs: OptionSpec[] = [
  { name: "--faults", short: "--fault", value: "FAULT", help: "" },
  { name: "--lines", short: "-n", value: "N", help: "" },
  { name: "--follow", short: "-f", value: "", help: "" },
];

function parsed(...args: string[]) {
  const result = parseCommandLine(args, specs);
  if ("error" in result) throw new Error(result.error);
  return result;
}

test("parseCommandLine() keeps all values of an option in their order, in either spelling", () => {
  const { options, words } = parsed("--fault", "a", "file", "--faults=b", "--fault=c");
  assert.deepEqual(options.all("--faults"), ["a", "b", "c"]);
  assert.equal(options.text("--faults"), "c");
  assert.deepEqual(words, ["file"]);
  assert.deepEqual(options.all("--lines"), []);
});

test("parseCommandLine() reads short options with their value behind them or after them", () => {
  assert.equal(parsed("-n20").options.text("--lines"), "20");
  assert.equal(parsed("-n", "20", "-f").options.has("--follow"), true);
  assert.deepEqual(parsed("--", "-f").words, ["-f"]);
});

test("parseCommandLine() refuses what it does not know, and what lacks its value", () => {
  assert.deepEqual(parseCommandLine(["--fault"], specs), { error: "cannot use --fault: it needs a FAULT" });
  assert.deepEqual(parseCommandLine(["--follow=x"], specs), {
    error: "cannot use --follow=x: --follow takes no value",
  });
  assert.deepEqual(parseCommandLine(["--line"], specs), {
    error: "cannot use --line: there is no such option; did you mean --lines?",
  });
});
