import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, children, folderFor, isAlive, memoryOf, start, until } from "./gonit.ts";

const privateDirtyKibMax = 64;

function fieldOf(pid: number, name: string): number {
  const text = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
}

/** Paths of a process's mappings, such as [heap]. */
function mappings(pid: number): string[] {
  const lines = readFileSync(`/proc/${pid}/maps`, "utf8").trim().split("\n");
  return lines.map((line) => line.split(/\s+/)[5] ?? "");
}

test("init is small, has no heap, and sleeps while nothing happens", async (context) => {
  const services = Array.from({ length: 200 }, (_, at) => `  - {name: service-${at}, command: "${children}/sleeps"}`);
  const gonit = start(context, `services:\n${services.join("\n")}\n`);
  await gonit.until("all run", () => gonit.status().services.every((service) => service.state === "ready"));
  const init = gonit.role("init");
  assert.equal(mappings(init).includes("[heap]"), false);
  const { privateDirtyKib } = memoryOf(init);
  context.diagnostic(`private and dirty with 200 services: ${privateDirtyKib} KiB`);
  assert.ok(privateDirtyKib <= privateDirtyKibMax, `${privateDirtyKib} KiB`);
  /* The last answer of status and its acknowledgement may still be under way; then nothing is. */
  const switches = () => fieldOf(init, "voluntary_ctxt_switches");
  let before = -1;
  await gonit.until("init sleeps for two seconds", () => {
    before = switches();
    spawnSync("sleep", ["2"]);
    return switches() === before;
  });
});

test("init does without its standard descriptors", async (context) => {
  const folder = folderFor(context);
  const file = join(folder, "config.yml");
  const socket = join(folder, "control.sock");
  writeFileSync(file, `services:\n  - {name: writer, command: sh -c 'echo out; echo err >&2', logs: {to: out.log}}\n`);
  const script = `exec "$0" up -f "$1" --socket "$2" <&- >&- 2>&-`;
  const run = spawnSync("sh", ["-c", script, binary(), file, socket], { cwd: folder, timeout: 60_000 });
  assert.equal(run.status, 0);
  const log = readFileSync(join(folder, "out.log"), "utf8");
  assert.match(log, /out/);
  assert.match(log, /err/);
});

function detached(context: TestContext, configuration: string) {
  const folder = folderFor(context);
  const file = join(folder, "config.yml");
  const socket = join(folder, "control.sock");
  writeFileSync(file, configuration);
  const run = spawnSync(binary(), ["up", "-d", "-f", file, "--socket", socket], { encoding: "utf8", timeout: 60_000 });
  const client = (verb: string, ...rest: string[]) =>
    spawnSync(binary(), [verb, "--socket", socket, ...rest], { encoding: "utf8", timeout: 60_000 });
  return { run, client, file };
}

function roles(client: (verb: string, ...rest: string[]) => { stdout: string }): { init: number } {
  return { init: JSON.parse(client("version", "--json").stdout).running.pid as number };
}

test("up -d returns when gonit answers, and leaves it running", (context) => {
  const { run, client } = detached(context, "services:\n  - {name: sleeper, command: sleep 1000}\n");
  assert.equal(run.status, 0, run.stderr);
  const status = client("status", "--json");
  assert.equal(status.status, 0, status.stderr);
  const pid = JSON.parse(
    client("wait", "sleeper", "--for", "ready").status === 0 ? client("status", "--json").stdout : "{}",
  ).services[0].pid as number;
  assert.equal(isAlive(pid), true);
  assert.equal(client("shutdown").status, 0);
  assert.equal(isAlive(pid), false);
});

test("up -d reads its configuration again at SIGHUP; without -d that is the end", async (context) => {
  const text = "watch_config: off\nservices:\n  - {name: sleeper, command: sleep 1000}\n";
  const { run, client, file } = detached(context, text);
  assert.equal(run.status, 0, run.stderr);
  const { init } = roles(client);
  writeFileSync(file, `${text}  - {name: another, command: sleep 1000}\n`);
  process.kill(init, "SIGHUP");
  await until(
    "another runs",
    () => client("wait", "another", "--for", "ready", "--timeout", "1s").status === 0,
    () => "",
  );
  assert.equal(client("down").status, 0);
  const gonit = start(context, text);
  await gonit.until("it runs", () => gonit.service("sleeper").state === "ready");
  gonit.process.kill("SIGHUP");
  assert.equal(await gonit.ended, 0);
});

test("instances side by side: each folder has its own, and down ends that one alone", async (context) => {
  const folders = [folderFor(context), folderFor(context)];
  const run = (folder: string, ...words: string[]) =>
    spawnSync(binary(), words, {
      cwd: folder,
      env: { PATH: process.env.PATH ?? "", HOME: folder, GONIT_ROLE: "laptop" },
      encoding: "utf8",
      timeout: 60_000,
    });
  for (const [at, folder] of folders.entries()) {
    writeFileSync(
      join(folder, "config.yml"),
      `title: Number ${at}\nservices:\n  - {name: sleeper, command: sleep 1000}\n`,
    );
    afterwards(context, () => run(folder, "down"));
    const up = run(folder, "up", "-d");
    assert.equal(up.status, 0, up.stderr);
    // It answers before it has looked for what an earlier one left behind, and begun.
    await until(
      "its service runs",
      () => run(folder, "wait", "sleeper", "--for", "ready").status === 0,
      () => "",
    );
  }
  const [one = "", other = ""] = folders;
  assert.match(run(one, "status").stdout, /^Number 0: /);
  assert.match(run(other, "status").stdout, /^Number 1: /);
  const pid = JSON.parse(run(other, "status", "--json").stdout).services[0].pid as number;
  assert.equal(run(one, "down").status, 0);
  assert.notEqual(run(one, "status").stdout.includes("Number 0"), true);
  assert.match(run(other, "status").stdout, /^Number 1: /);
  assert.equal(isAlive(pid), true);
  assert.equal(run(other, "down").status, 0);
  assert.equal(isAlive(pid), false);
});

test("a second Ctrl-C kills what does not stop, and gonit ends with 130", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: deaf, command: "${children}/ignores-sigterm", stop: {timeout: 10m}}\n`,
  );
  await gonit.sees(/deaf \| ready/);
  gonit.process.kill("SIGINT");
  await gonit.sees(/msg="Ctrl-C once more kills what is left"/);
  await gonit.sees(/deaf \| ignored/);
  gonit.process.kill("SIGINT");
  assert.equal(await gonit.ended, 130);
});

test("up -d shows why the start failed, and returns its code", (context) => {
  const { run } = detached(context, "services:\n  - {name: web, comand: sleep 1000}\n");
  assert.equal(run.status, 2);
  assert.match(run.stderr, /comand/);
});

test("services and roles end when init is killed on a laptop", async (context) => {
  const gonit = start(context, "services:\n  - {name: sleeper, command: sleep 1000}\n");
  await gonit.until("it runs", () => gonit.service("sleeper").state === "ready");
  const pids = [gonit.service("sleeper").pid ?? 0, gonit.role("manager"), gonit.role("logger")];
  gonit.process.kill("SIGKILL");
  await gonit.ended;
  await gonit.until("all ended", () => !pids.some(isAlive));
});

test("a manager that is stopped by a signal is replaced, its services stay", async (context) => {
  const gonit = start(context, "services:\n  - {name: sleeper, command: sleep 1000}\n", {
    endsRoles: true,
    binary: binary("GONIT_HOOKS_BINARY"),
    environment: { GONIT_GUARD_TICKS: "2" },
  });
  await gonit.until("it runs", () => gonit.service("sleeper").state === "ready");
  const sleeper = gonit.service("sleeper").pid;
  const manager = gonit.role("manager");
  process.kill(manager, "SIGSTOP");
  process.kill(gonit.role("init"), "SIGWINCH");
  await gonit.sees(/msg="The manager does not answer and is replaced"/);
  await gonit.until("the next one answers", () => gonit.service("sleeper").pid === sleeper);
  assert.notEqual(gonit.role("manager"), manager);
});

test("a child that init had before is left alone", async (context) => {
  const folder = folderFor(context);
  const file = join(folder, "config.yml");
  writeFileSync(file, "services:\n  - {name: quick, command: sh -c 'echo done'}\n");
  const script = `sleep 1000 & echo $! > stranger; exec "$0" up -f "$1" --socket ./control.sock`;
  const child = spawn("sh", ["-c", script, binary(), file], { cwd: folder, stdio: "ignore" });
  const code = await new Promise((resolve) => child.on("close", resolve));
  const stranger = Number(readFileSync(join(folder, "stranger"), "utf8"));
  assert.equal(code, 0);
  assert.equal(isAlive(stranger), true);
  process.kill(stranger, "SIGKILL");
});
