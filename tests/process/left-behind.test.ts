/** What a gonit that was killed leaves running is ended by the next one, before it starts anything. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, children, isAlive, type Started, start } from "./gonit.ts";

/** A gonit that takes the place of another, which has ended. */
function startAfter(context: TestContext, earlier: Started, configuration: string): Started {
  const socket = join(earlier.folder, "control.sock");
  const args = ["up", "-f", "config.yml", "--socket", socket, "--log-format", "logfmt"];
  return start(context, configuration, { args, socket });
}

async function pidIn(gonit: Started, file: string): Promise<number> {
  const path = join(gonit.folder, file);
  const read = () => (existsSync(path) ? Number(readFileSync(path, "utf8")) : 0);
  await gonit.until(`${file} is written`, () => read() > 0);
  return read();
}

/** The test ends what gonit would have. */
function endsWith(context: TestContext, pid: number): void {
  afterwards(context, () => {
    if (isAlive(pid)) process.kill(pid, "SIGKILL");
  });
}

test("what outlived a killed gonit is ended before the next one starts anything", async (context) => {
  const first = start(
    context,
    `
services:
  - {name: away, shell: true, command: "setsid sleep 1000 & echo $! > away; wait"}
  - {name: deaf, command: ${children}/ignores-all, ready: {log: ready}}
  - {name: bare, shell: true, command: "trap '' TERM; setsid env -i sleep 1000 & echo $! > bare; wait"}
`,
  );
  await first.until("deaf runs", () => first.service("deaf").state === "ready");
  const pids = [await pidIn(first, "away"), await pidIn(first, "bare"), first.service("deaf").pid ?? 0];
  for (const pid of [...pids, first.service("bare").pid ?? 0]) endsWith(context, pid);
  first.process.kill("SIGKILL");
  await first.ended;
  assert.ok(pids.every(isAlive), "they outlive it");

  const second = startAfter(context, first, "services:\n  - {name: next, command: sleep 1000}\n");
  await second.sees(/msg="Ending what a killed gonit left behind" count=\d+ pids=/);
  await second.sees(/msg="Started service".*service=next/);
  assert.deepEqual(pids.map(isAlive), [false, false, false]);
  assert.equal(second.service("next").state, "ready");
});

test("Ctrl-C while what was left behind is being ended ends gonit at once", async (context) => {
  const first = start(context, `services:\n  - {name: deaf, command: ${children}/ignores-all, ready: {log: ready}}\n`);
  await first.until("it runs", () => first.service("deaf").state === "ready");
  const deaf = first.service("deaf").pid ?? 0;
  endsWith(context, deaf);
  first.process.kill("SIGKILL");
  await first.ended;
  assert.ok(isAlive(deaf), "it outlives it");
  const second = startAfter(context, first, "services:\n  - {name: next, command: sleep 1000}\n");
  await second.sees(/msg="Ending what a killed gonit left behind"/);
  second.process.kill("SIGINT");
  assert.equal(await second.ended, 0);
  assert.doesNotMatch(second.output(), /service=next/);
  // The next one still knows of what the first one left.
  const third = startAfter(context, first, "services:\n  - {name: next, command: sleep 1000}\n");
  await third.sees(new RegExp(`msg="Ending what a killed gonit left behind" count=1 pids=${deaf}\\b`));
  // This signal asks for the log files to be opened again, and for no end.
  third.process.kill("SIGUSR1");
  await third.until("it answers", () => third.client("version").code === 0);
  process.kill(deaf, "SIGKILL");
  await third.sees(/msg="Started service".*service=next/);
});

test("a gonit that ended in order leaves nothing to look for", async (context) => {
  const first = start(context, 'services:\n  - {name: quick, command: "true"}\n');
  assert.equal(await first.ended, 0);
  const second = startAfter(context, first, 'services:\n  - {name: quick, command: "true"}\n');
  assert.equal(await second.ended, 0);
  assert.doesNotMatch(second.output(), /left behind/);
});
