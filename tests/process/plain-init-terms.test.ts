/**
 * `gonit init -- CMD` in the terms of what tini and dumb-init test of themselves: codes, signals, orphans, groups, what the
 * command inherits, what cannot be run. The terminal is in plain-init.test.ts.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, children, until, watch } from "./gonit.ts";

const patienceMs = 60_000;
const [SIGKILL, SIGUSR1, SIGTERM, SIGCHLD, SIGSTOP] = [9, 10, 15, 17, 19];

function run(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(binary(), ["init", ...words], { encoding: "utf8", timeout: patienceMs });
}

type Beside = ReturnType<typeof watch> & { pid: number; kill: (signal: number) => void };

function beside(t: TestContext, words: string[], before: string[] = []): Beside {
  const [program = "", ...rest] = [...before, binary(), "init", ...words];
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const watched = watch(child);
  afterwards(t, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await watched.ended;
  });
  const pid = child.pid ?? 0;
  return { ...watched, pid, kill: (signal) => process.kill(pid, signal) };
}

async function inTurns<Item>(items: Item[], width: number, each: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await each(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

test("plain init: every exit code from 0 to 255 is its own", async (t) => {
  const codes = Array.from({ length: 256 }, (_, code) => code);
  await inTurns(codes, 4, async (code) => {
    const { ended, output } = beside(t, ["--", join(children, "exits-with"), String(code)]);
    assert.equal(await ended, code, output());
    assert.equal(output(), "");
  });
});

test("plain init: a command that a signal ends makes the code 128 and its number", async (t) => {
  const fatal = [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    SIGKILL,
    SIGUSR1,
    11,
    12,
    13,
    14,
    SIGTERM,
    16,
    24,
    25,
    26,
    27,
    29,
    30,
    31,
    37,
    64,
  ];
  await inTurns(fatal, 4, async (signal) => {
    const { ended } = beside(t, ["--", "sh", "-c", `ulimit -c 0; kill -${signal} $$`]);
    assert.equal(await ended, 128 + signal);
  });
});

test("plain init: each signal is passed on, but CHLD, and those that no process can have", async (t) => {
  const init = beside(t, ["--", join(children, "says-signals")]);
  await init.sees(/ready/);
  // Those of a fault (ILL, ABRT, BUS, FPE, SEGV) would be init's own, as they are for every init.
  const faults = [4, 6, 7, 8, 11];
  const silent = new Set([SIGKILL, SIGSTOP, SIGCHLD, SIGTERM, 32, 33, 34, ...faults]);
  init.kill(SIGCHLD);
  for (let signal = 1; signal <= 64; signal++) {
    // 32 to 34 are libc's own: the command has not blocked them.
    if (silent.has(signal)) continue;
    init.kill(signal);
    await init.sees(new RegExp(`^signal ${signal}$`, "m"));
  }
  init.kill(SIGTERM);
  assert.equal(await init.ended, 0);
  assert.doesNotMatch(init.output(), /^signal 17$/m);
});

test("plain init: orphans are reaped while the command runs, also where gonit is not process 1", async (t) => {
  const script = `${children}/orphan-maker 50; echo made; exec sleep 1000`;
  const init = beside(t, ["--", "sh", "-c", script]);
  await init.sees(/^made$/m);
  const states = () =>
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(statOf)
      .filter(({ parent }) => parent === init.pid);
  // The command, manager and logger remain.
  await until(
    "the orphans are reaped",
    () => states().length === 3,
    () => JSON.stringify(states()),
  );
  assert.ok(states().every(({ state }) => state !== "Z"));
  init.kill(SIGTERM);
  assert.equal(await init.ended, 143);
});

function statOf(name: string): { state: string; parent: number } {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "utf8");
    const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state, parent: Number(parent) };
  } catch {
    return { state: "", parent: 0 };
  }
}

test("plain init: a signal reaches the command alone, and with -g its whole process group", async (t) => {
  const script =
    "trap 'echo parent heard' USR1; sh -c 'trap \"echo child heard; exit 5\" USR1; echo up; while :; do sleep 0.02; done' & wait; wait $!; exit $?";
  const alone = beside(t, ["--", "sh", "-c", script]);
  await alone.sees(/^up$/m);
  alone.kill(SIGUSR1);
  await alone.sees(/^parent heard$/m);
  assert.doesNotMatch(alone.output(), /child/);
  alone.kill(SIGTERM);
  assert.equal(await alone.ended, 143);
  for (const word of ["-g", "--group"]) {
    const group = beside(t, [word, "--", "sh", "-c", script]);
    await group.sees(/^up$/m);
    group.kill(SIGUSR1);
    assert.equal(await group.ended, 5);
    assert.match(group.output(), /^parent heard$/m);
    assert.match(group.output(), /^child heard$/m);
  }
});

test("plain init: the command has the caller's blocked and ignored signals, umask, folder and variables", async (t) => {
  const script = "umask; pwd; grep ^Sig[BI] /proc/self/status; env | grep ^THING";
  const plain = spawnSync("sh", ["-c", script], { cwd: "/var", encoding: "utf8", env: { ...process.env, THING: "1" } });
  const surroundings = `trap "" INT HUP TTOU; umask 027; cd /var; export THING=1`;
  const direct = spawnSync("sh", ["-c", `${surroundings}; exec sh -c '${script}'`], { encoding: "utf8" });
  assert.notEqual(direct.stdout, plain.stdout);
  const init = beside(t, ["--", "sh", "-c", script], ["sh", "-c", `${surroundings}; exec "$@"`, "sh"]);
  assert.equal(await init.ended, 0);
  assert.equal(init.output(), direct.stdout);
});

test("plain init: several run side by side, in one folder, and each is found by its process number", async (t) => {
  const all = [1, 2, 3].map(() => beside(t, ["--", "sh", "-c", "echo up; exec sleep 1000"]));
  for (const one of all) {
    await one.sees(/^up$/m);
    const shown = spawnSync(binary(), ["status", "--instance", `init-${one.pid}`], { encoding: "utf8" });
    assert.match(shown.stdout, /^main +running /m, shown.stderr);
  }
  for (const one of all) one.kill(SIGTERM);
  for (const one of all) assert.equal(await one.ended, 143);
});

test("plain init: what cannot be run is told in one line, with the code that a shell gives", () => {
  for (const [words, code, line] of [
    [["./nothing"], 127, /cannot run \.\/nothing: /],
    [["no-such-program-anywhere"], 127, /cannot run no-such-program-anywhere: /],
    [["/etc/passwd"], 126, /cannot run \/etc\/passwd: it is not executable/],
    [["/tmp"], 126, /cannot run \/tmp: it is a directory/],
  ] as const) {
    const { status, stdout, stderr } = run("--", ...words);
    assert.equal(status, code);
    assert.match(stderr, line);
    assert.equal(stderr.trim().split("\n").length, 1);
    assert.equal(stdout, "");
  }
});

test("plain init: words that make no sense are told, with code 2", () => {
  for (const [words, line] of [
    [["--"], /nothing stands behind --; see gonit help up/],
    [["-z", "--", "true"], /^gonit: cannot use -z: there is no such option; see gonit help init$/m],
    [["true"], /a command stands behind --, as in gonit init -- true/],
  ] as const) {
    const { status, stderr } = run(...words);
    assert.equal(status, 2);
    assert.match(stderr, line);
  }
});
