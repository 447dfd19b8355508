/* gonit as process 1 of a pid namespace, which is what it is in a container. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, children, folderFor, until, watch } from "./gonit.ts";

const namespace = ["--pid", "--fork", "--mount-proc", "--kill-child"];
const isPossible = spawnSync("unshare", [...namespace, "true"]).status === 0;

type Container = ReturnType<typeof watch> & { folder: string; init: () => number; child: ChildProcess };

/** null, and the test skipped: this machine makes no namespaces for us. */
function run(
  t: TestContext,
  words: string[],
  configuration = "",
  scripts: Record<string, string> = {},
): Container | null {
  if (!isPossible) {
    t.skip("no pid namespace can be made here");
    return null;
  }
  const folder = folderFor(t);
  writeFileSync(join(folder, "config.yml"), configuration);
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(folder, name), text, { mode: 0o755 });
  const child = spawn("unshare", [...namespace, binary(), "init", ...words], {
    cwd: folder,
    env: { ...process.env, GONIT_LOG_FORMAT: "logfmt" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watched = watch(child);
  t.after(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await watched.ended;
  });
  const init = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  return { ...watched, child, folder, init };
}

const socket = ["--socket", "./control.sock"];

test("the command's wait status is the container's", async (t) => {
  for (const [script, code] of [
    ["exit 0", 0],
    ["exit 7", 7],
    ["kill -KILL $$", 137],
    ["kill -SEGV $$", 139],
  ] as const) {
    const container = run(t, ["--", "sh", "-c", script]);
    if (container === null) return;
    assert.equal(await container.ended, code, script);
  }
});

test("every signal but CHLD goes to the command", async (t) => {
  for (const [signal, number] of [
    ["SIGTERM", 15],
    ["SIGINT", 2],
    ["SIGHUP", 1],
    ["SIGUSR1", 10],
    ["SIGUSR2", 12],
    ["SIGQUIT", 3],
  ] as const) {
    const container = run(t, ["--", join(children, "says-signals")]);
    if (container === null) return;
    await container.sees(/ready/);
    process.kill(container.init(), signal);
    await container.sees(new RegExp(`\\b${number}\\b`));
    process.kill(container.init(), "SIGKILL");
    await container.ended;
  }
});

test("what the command leaves behind is asked to end, and may finish", async (t) => {
  const left = "(trap 'echo told >> told; exit' TERM; echo up > up; while :; do sleep 0.02; done)";
  const container = run(t, ["--", "sh", "-c", `${left} & while ! [ -e up ]; do sleep 0.01; done; exit 3`]);
  if (container === null) return;
  assert.equal(await container.ended, 3);
  assert.equal(readFileSync(join(container.folder, "told"), "utf8"), "told\n");
});

test("orphans that a service put aside are asked to end with the system, and may finish", async (t) => {
  const script =
    "(setsid sh -c 'trap \"echo saved > saved; exit\" TERM; echo up > up; while :; do sleep 0.02; done' &); exit 0";
  const container = run(
    t,
    ["-f", "config.yml", ...socket],
    `services:\n  - {name: a, type: task, command: ./orphan.sh, directory: .}\n  - {name: b, command: sleep 1000}\n`,
    { "orphan.sh": `#!/bin/sh\n${script}\n` },
  );
  if (container === null) return;
  await until("the orphan runs", () => existsSync(join(container.folder, "up")), container.output);
  process.kill(container.init(), "SIGTERM");
  assert.equal(await container.ended, 0, container.output());
  assert.equal(readFileSync(join(container.folder, "saved"), "utf8"), "saved\n");
});

test("every signal that a runtime stops a container with stops it in order; a second one forces", async (t) => {
  const services = `services:
  - {name: db, command: sleep 1000}
  - {name: web, command: sleep 1000, depends_on: [db]}
`;
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", 37, 38, 39] as const) {
    const container = run(t, ["-f", "config.yml", ...socket], services);
    if (container === null) return;
    await container.sees(/msg="Started service".*service=web/);
    process.kill(container.init(), signal);
    assert.equal(await container.ended, 0, `${signal}: ${container.output()}`);
    const stopped = [...container.output().matchAll(/msg="Stopped service" service=(\w+)/g)].map((match) => match[1]);
    assert.deepEqual(stopped, ["web", "db"]);
  }
  const calm = run(t, ["-f", "config.yml", ...socket], services);
  if (calm === null) return;
  await calm.sees(/msg="Started service".*service=web/);
  for (const signal of ["SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGPIPE", "SIGALRM"] as const)
    process.kill(calm.init(), signal);
  process.kill(calm.init(), "SIGHUP");
  await calm.sees(/msg="Applying configuration"/);
  process.kill(calm.init(), "SIGTERM");
  assert.equal(await calm.ended, 0);
  assert.equal([...calm.output().matchAll(/msg="Started service"/g)].length, 2, calm.output());
  const stubborn = run(
    t,
    ["-f", "config.yml", ...socket],
    `services:\n  - {name: a, command: "${children}/ignores-sigterm", stop: {timeout: 10m}}\n`,
  );
  if (stubborn === null) return;
  await stubborn.sees(/msg="Started service".*service=a/);
  process.kill(stubborn.init(), "SIGINT");
  await stubborn.sees(/msg="Stopping services"/);
  process.kill(stubborn.init(), "SIGINT");
  await stubborn.sees(/msg="Killing services"/);
  assert.equal(await stubborn.ended, 130, stubborn.output());
});

test("a container ends when nothing runs any more, with the code of what was critical", async (t) => {
  const quick = run(t, ["-f", "config.yml", ...socket], "services:\n  - {name: a, type: task, command: 'true'}\n");
  if (quick === null) return;
  assert.equal(await quick.ended, 0, quick.output());
  for (const [command, code] of [
    [`["sh", "-c", "exit 5"]`, 5],
    [`["sh", "-c", "kill -KILL $$$$"]`, 137],
    [`["sh", "-c", "kill -TERM $$$$"]`, 143],
    ["[/nonexistent]", 127],
    ["[/etc/passwd]", 126],
  ] as const) {
    const failing = run(
      t,
      ["-f", "config.yml", ...socket],
      `services:\n  - {name: a, command: sleep 1000}\n  - {name: main, command: ${command}, restart: no, critical: exit}\n`,
    );
    assert.equal(await failing?.ended, code, failing?.output());
  }
  const bad = run(t, ["-f", "config.yml", ...socket], "services:\n  - {name: a, comand: x}\n");
  assert.equal(await bad?.ended, 2);
});
