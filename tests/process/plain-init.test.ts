/* `gonit init -- CMD` without a configuration: CMD has the terminal as if nothing stood between. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, children, folderFor, watch } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

/** Plays a script at a shell command on a terminal; `$0` is the binary. */
function play(t: TestContext, command: string, script: string[]): Promise<{ output: string; code: number }> {
  return playTerminal(t, folderFor(t), ["sh", "-c", command, binary()], script);
}

test("the command is in the terminal's foreground: a shell has job control, Ctrl-C goes to its job", async (t) => {
  const { code, output } = await play(t, 'exec "$0" init -- sh -i', [
    "expect $ ",
    String.raw`send cat\r`,
    String.raw`send hello\r`,
    // Its echo, and what cat answers.
    "expect hello",
    "expect hello",
    String.raw`send \x03`,
    "expect $ ",
    String.raw`send sleep 1000 &\r`,
    "expect $ ",
    String.raw`send jobs; kill %1\r`,
    "expect Running",
    "expect $ ",
    String.raw`send exit 7\r`,
  ]);
  assert.equal(code, 7, output);
  assert.match(output, /modes: restored/);
  assert.doesNotMatch(output, /job control turned off|cannot set terminal/);
});

test("what runs after the command's end has the terminal again", async (t) => {
  const command = `"$0" init -- sh -c 'read first; echo a-$first'; read second; echo b-$second`;
  const { code, output } = await play(t, command, [
    String.raw`send one\r`,
    "expect a-one",
    String.raw`send two\r`,
    "expect b-two",
  ]);
  assert.equal(code, 0, output);
});

test("a job in the background takes the terminal from nobody", async (t) => {
  const command = 'set -m; "$0" init -- sh -c "echo up; exec sleep 1000" & read line; echo got-$line; kill %1; wait %1';
  const { code, output } = await play(t, command, ["expect up", String.raw`send mine\r`, "expect got-mine"]);
  assert.equal(code, 143, output);
});

test("a command without a terminal, and one that cannot be run", () => {
  const good = spawnSync(binary(), ["init", "--", "cat"], { input: "through\n", encoding: "utf8", timeout: 60_000 });
  assert.deepEqual([good.status, good.stdout, good.stderr], [0, "through\n", ""]);
  const bad = spawnSync(binary(), ["init", "--", "./nothing"], { encoding: "utf8", timeout: 60_000 });
  assert.equal(bad.status, 127);
  assert.match(bad.stderr, /cannot run \.\/nothing/);
});

test("a signal that comes before gonit knows that the command runs reaches it all the same", async (t) => {
  // After the turn that starts the command the manager sleeps, while the command runs already.
  const child = spawn(binary("GONIT_HOOKS_BINARY"), ["init", "--", join(children, "says-signals")], {
    env: { ...process.env, GONIT_HOOK: "turn-done=sleep:300@2" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watched = watch(child);
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await watched.ended;
  });
  await watched.sees(/ready/);
  child.kill("SIGTERM");
  await watched.sees(/signal 15/);
  assert.equal(await watched.ended, 0);
});
