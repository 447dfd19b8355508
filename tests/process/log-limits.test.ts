/* Limits, counters and files of service output. */
import assert from "node:assert/strict";
import { readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, start } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

interface LogFigures {
  bytes: number;
  lines: number;
  droppedBytes: number;
  paths: string[];
}

test("what comes faster than its rate is dropped in whole lines, told among the others, and counted", async (context) => {
  const lines = 20_000;
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, command: "seq ${lines}; touch talked; exec sleep 1000", logs: {to: a.log, format: raw, rate: 8K}}
`,
  );
  const text = () => readFileSync(join(gonit.folder, "a.log"), "utf8");
  await gonit.sees(/msg="Started service" service=a|msg="Started service" pid=\d+ service=a/);
  const figures = () => {
    const [service] = JSON.parse(gonit.client("status", "--json", "a").stdout).services as { logs: LogFigures }[];
    assert.ok(service !== undefined);
    return service.logs;
  };
  const bytes = Array.from({ length: lines }, (_, at) => `${at + 1}\n`).join("").length;
  await gonit.until("all has come", () => figures().bytes === bytes);
  await gonit.until("what is missing is told", () => / in a second\]\n$/.test(text()));
  const { lines: counted, droppedBytes, paths } = figures();
  assert.equal(counted, lines);
  assert.deepEqual(paths, [join(gonit.folder, "a.log")]);
  let told = 0;
  const kept = text().replace(/^\[gonit: (\d+) bytes are left out: more than 8192 in a second\]\n/gm, (_, count) => {
    told += Number(count);
    return "";
  });
  assert.equal(told, droppedBytes);
  assert.equal(kept.length + told, bytes);
  const numbers = kept.trimEnd().split("\n").map(Number);
  assert.ok(
    numbers.every((number, at) => at === 0 || number > (numbers[at - 1] as number)),
    kept,
  );
  assert.match(gonit.client("status", "a").stdout, /logs +\S+ in 20000 lines, \S+ dropped; .*a\.log/);
});

test("a file that is copied and truncated by others goes on at its beginning", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, command: "trap 'echo again' HUP; echo first; while :; do sleep 0.05; done", logs: {to: a.log, format: raw}}
`,
  );
  const file = join(gonit.folder, "a.log");
  const text = () => readFileSync(file, "utf8");
  await gonit.until("the first line", () => gonit.service("a").pid !== null && text() === "first\n");
  truncateSync(file);
  assert.equal(gonit.client("kill", "-s", "HUP", "a").code, 0);
  await gonit.until("the second line", () => text() === "again\n");
});

test("logs on a terminal keep colours and show what would act on it; elsewhere they are as they came", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, command: "printf '\\\\033[31mred\\\\033[0m \\\\033[2J\\\\007\\\\377 end\\\\n'; exec sleep 1000"}
`,
  );
  await gonit.sees(/ end$/m);
  const plain = "\x1b[31mred\x1b[0m \x1b[2J\x07\ufffd end";
  assert.equal(gonit.client("logs", "a").stdout, `${plain}\n`);
  const words = [binary(), "logs", "--socket", join(gonit.folder, "control.sock"), "a"];
  const shown = await playTerminal(context, gonit.folder, words, []);
  assert.ok(shown.output.includes("\x1b[31mred\x1b[0m ^[[2J^G\ufffd end\x1b[0m\r\n"), JSON.stringify(shown.output));
  const raw = await playTerminal(context, gonit.folder, [...words, "--raw"], []);
  assert.ok(raw.output.includes(`${plain}\r\n`), JSON.stringify(raw.output));
});
