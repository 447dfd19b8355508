/** The logger inside a real gonit: killed while services print, asked to open its files again, ended in time. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, type Started, start } from "./gonit.ts";

const kills = 25;
const lines = 5000;

/** A logger that ends again and again is started later each time; tests cannot wait for that. */
const atOnce = { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } };

/** Prints numbered lines in bursts, then waits. */
const printer = `sh -c 'n=0; while [ $n -lt ${lines} ]; do n=$((n+1)); echo line $n; done; exec sleep 1000'`;

const numbered = Array.from({ length: lines }, (_, at) => `line ${at + 1}`);

async function killLogger(gonit: Started, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const pid = gonit.role("logger");
    process.kill(pid, "SIGKILL");
    await gonit.until("a new logger", () => ![0, pid].includes(gonit.role("logger")));
  }
}

/** The console lines of one service without the name before them. */
function shownBy(gonit: Started, name: string): string[] {
  const prefix = `${name} | `;
  return gonit
    .stdout()
    .split("\n")
    .filter((line) => line.startsWith(prefix))
    .map((line) => line.slice(prefix.length));
}

test("logger killed while services print to the console: each line is shown once, whole, behind its name", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: a, command: "${printer}", logs: console}
  - {name: b, command: "${printer}", logs: console}
`,
    atOnce,
  );
  await gonit.sees(/msg="Started service".*service=b/);
  await killLogger(gonit, kills);
  await gonit.until("the last lines are shown", () =>
    ["a", "b"].every((name) => gonit.stdout().includes(`${name} | line ${lines}\n`)),
  );
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
  for (const name of ["a", "b"]) assert.deepEqual(shownBy(gonit, name), numbered);
});

/** All lines of a rotated file, oldest first, without their stamps. */
function readRotated(folder: string, name: string): string[] {
  const archives = readdirSync(folder)
    .filter((file) => file.startsWith(`${name}.`))
    .sort((one, other) => Number(other.split(".").pop()) - Number(one.split(".").pop()));
  return [...archives, name]
    .flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"))
    .filter((line) => line !== "")
    .map((line) => {
      assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /);
      return line.slice(25);
    });
}

test("logger killed while it stamps and rotates: no line is lost or doubled over all archives", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: a, command: "${printer}", logs: {to: a.log, max_size: 4K, keep: 1000}}
`,
    atOnce,
  );
  await gonit.sees(/msg="Started service".*service=a/);
  await killLogger(gonit, kills);
  const file = join(gonit.folder, "a.log");
  await gonit.until(
    "all lines are written",
    () => existsSync(file) && readFileSync(file, "utf8").includes(`line ${lines}\n`),
  );
  assert.deepEqual(readRotated(gonit.folder, "a.log"), numbered);
});

test("logger killed while it reads terminals: no line is lost or doubled, and no carriage return is left", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: a, command: "${printer}", tty: true, logs: {to: a.log, max_size: 4K, keep: 1000}}
`,
    atOnce,
  );
  await gonit.sees(/msg="Started service".*service=a/);
  await killLogger(gonit, kills);
  const file = join(gonit.folder, "a.log");
  await gonit.until(
    "all lines are written",
    () => existsSync(file) && readFileSync(file, "utf8").includes(`line ${lines}\n`),
  );
  assert.deepEqual(readRotated(gonit.folder, "a.log"), numbered);
});

test("USR1 opens log files again after somebody moved them away", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: a, command: "sh -c 'echo one; trap \\"echo two\\" HUP; while :; do sleep 0.05; done'", logs: {to: a.log, format: raw}}
`,
  );
  const file = join(gonit.folder, "a.log");
  await gonit.until("the first line", () => existsSync(file) && readFileSync(file, "utf8") === "one\n");
  renameSync(file, `${file}.old`);
  process.kill(gonit.role("init"), "SIGUSR1");
  await gonit.until("a new file", () => existsSync(file));
  assert.equal(gonit.client("kill", "-s", "HUP", "a").code, 0);
  await gonit.until("the second line", () => readFileSync(file, "utf8") === "two\n");
  assert.equal(readFileSync(`${file}.old`, "utf8"), "one\n");
});

test("last words without a line end are shown when the system ends", async (context) => {
  const gonit = start(context, `services: [{name: a, command: "printf 'out1\\\\nfatal: no newline'", restart: no}]`);
  assert.equal(await gonit.ended, 0);
  assert.match(gonit.output(), /a \| out1\n(.*\n)*a \| fatal: no newline/);
});
