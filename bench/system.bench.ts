/*
 * gonit as a whole against a bare posix_spawn(3) loop of the same program, by turns in one run: starting and stopping a
 * thousand services, memory, the reader, a client's answer, a killed manager, a killed service, rest. Medians.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = process.env.GONIT_BINARY ?? "dist/gonit";
const programs = process.env.GONIT_BENCH ?? ".cache/bench";
const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const folder = mkdtempSync(join(tmpdir(), "gonit-bench-"));
const marks = join(folder, "marks");
const socket = join(folder, "control.sock");
const limitMs = 60_000;

interface System {
  init: ChildProcess;
  /** Milliseconds from the start of the process until all services have left their mark. */
  startMs: number;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Waits by looking again and again: a timer would be too coarse for what is measured here. */
async function until(what: string, holds: () => boolean): Promise<number> {
  const beganMs = nowMs();
  while (!holds()) {
    if (nowMs() - beganMs > limitMs) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return nowMs();
}

function configure(count: number, chained: boolean): string {
  const file = join(folder, "config.yml");
  const lines = ["defaults: {logs: none}", "services:"];
  for (let at = 0; at < count; at++) {
    const needs = chained && at > 0 ? `, depends_on: [{name: s${at - 1}, wait: started}]` : "";
    lines.push(
      `  - {name: s${at}, command: "${programs}/mark ${marks}", restart: {policy: always, delay: 0s}${needs}}`,
    );
  }
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function up(count: number, chained = false): Promise<System> {
  const file = configure(count, chained);
  rmSync(marks, { force: true });
  const beganMs = nowMs();
  const words = ["up", "-f", file, "--socket", socket, "--log-format", "logfmt"];
  const init = spawn(binary, words, { stdio: "ignore" });
  const doneMs = await until(`${count} services`, () => sizeOf(marks) >= count);
  return { init, startMs: doneMs - beganMs };
}

async function down({ init }: System): Promise<number> {
  const beganMs = nowMs();
  const ended = new Promise((resolve) => init.on("close", resolve));
  init.kill("SIGTERM");
  await ended;
  return nowMs() - beganMs;
}

/** Milliseconds of the loop for the start and for the end. */
async function floor(count: number): Promise<[start: number, stop: number]> {
  rmSync(marks, { force: true });
  const child = spawn(join(programs, "floor"), [String(count), join(programs, "mark"), marks], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const beganMs = nowMs();
  let text = "";
  child.stdout?.on("data", (data: Buffer) => {
    text += data.toString();
  });
  const doneMs = await until("the loop", () => sizeOf(marks) >= count);
  const ended = new Promise((resolve) => child.on("close", resolve));
  child.stdin?.end("\n");
  await ended;
  return [doneMs - beganMs, Number(text.trim().split("\n")[1])];
}

function childOf(pid: number, name: string): number {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  for (const child of list)
    if (readFileSync(`/proc/${child}/cmdline`, "utf8").startsWith(`gonit: ${name}`)) return +child;
  throw new Error(`init has no ${name}`);
}

function pssKib(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]);
}

function processorMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Of all threads, to the nanosecond: what a machine that does much else tells too. */
function scheduledMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return (
    threads.reduce(
      (sum, one) => sum + Number(readFileSync(`/proc/${pid}/task/${one}/schedstat`, "utf8").split(" ")[0]),
      0,
    ) / 1e6
  );
}

function wakeUps(pid: number): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

function status(name: string): number {
  const beganMs = nowMs();
  const run = spawnSync(binary, ["status", name, "--socket", socket], { stdio: "ignore" });
  if (run.status !== 0) throw new Error(`status ended with ${run.status}`);
  return nowMs() - beganMs;
}

function row(what: string, value: string): void {
  console.log(`${what.padEnd(46)} ${value}`);
}

async function startAndStop(count: number, chained: boolean): Promise<void> {
  const own: number[] = [];
  const loop: number[] = [];
  const stops: number[] = [];
  const loopStops: number[] = [];
  const processor: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [startMs, stopMs] = await floor(count);
    loop.push(startMs);
    loopStops.push(stopMs);
    const system = await up(count, chained);
    own.push(system.startMs);
    processor.push(processorMs(childOf(system.init.pid ?? 0, "manager")));
    stops.push(await down(system));
  }
  const kind = chained ? `chain of ${count}, each waits for the one before` : `start of ${count} services`;
  const ratio = (one: number[], other: number[]) => `${(median(one) / median(other)).toFixed(2)} × the loop`;
  row(kind, `${median(own).toFixed(0)} ms, the loop ${median(loop).toFixed(0)} ms: ${ratio(own, loop)}`);
  row("  processor time of the manager", `${((median(processor) * 1000) / count).toFixed(0)} µs a service`);
  row(`  orderly stop`, `${median(stops).toFixed(0)} ms, the loop ${median(loopStops).toFixed(0)} ms`);
}

async function memory(count: number): Promise<void> {
  const system = await up(count);
  const init = system.init.pid ?? 0;
  status("s0");
  /* What the start has freed is given back when nothing has happened for a while (src/runtime/rest.ts). */
  spawnSync("sleep", ["1"]);
  const kib = [init, childOf(init, "manager"), childOf(init, "logger")].map(pssKib);
  const total = kib.reduce((sum, one) => sum + one, 0);
  row(
    `memory at rest with ${count} services (PSS)`,
    `init ${kib[0]}, manager ${kib[1]}, logger ${kib[2]}: ${total} KiB`,
  );
  await down(system);
}

async function answers(count: number): Promise<void> {
  const system = await up(count);
  const init = system.init.pid ?? 0;
  const manager = childOf(init, "manager");
  const before = scheduledMs(manager);
  const times = Array.from({ length: 50 }, () => status("s1"));
  row(`gonit status NAME, ${count} services`, `${median(times).toFixed(2)} ms, the whole process`);
  row("  processor time of the manager", `${(((scheduledMs(manager) - before) * 1000) / 50).toFixed(0)} µs an answer`);
  const kills: number[] = [];
  const processor: number[] = [];
  for (let round = 0; round < rounds; round++) {
    process.kill(childOf(init, "manager"), "SIGKILL");
    kills.push(status("s1"));
    processor.push(scheduledMs(childOf(init, "manager")));
    // One that lives for a second is started again at once.
    spawnSync("sleep", ["1.1"]);
  }
  row(`manager killed until control answers, ${count}`, `${median(kills).toFixed(0)} ms`);
  row("  processor time of the new manager", `${median(processor).toFixed(1)} ms`);
  await down(system);
}

/** Text to plan, in the reader's process, beside a start of the same program that reads one service. */
function reading(count: number): void {
  const answer = join(folder, "plan.json");
  const times = [1, count].map((services) => {
    const file = configure(services, false);
    const request = JSON.stringify({ role: 3, path: file, workingDirectory: folder });
    return Array.from({ length: rounds }, () => {
      const output = openSync(answer, "w");
      const beganMs = nowMs();
      const run = spawnSync(binary, [request], {
        argv0: "gonit: reader",
        stdio: ["ignore", "ignore", "ignore", output],
      });
      const tookMs = nowMs() - beganMs;
      closeSync(output);
      if (run.status !== 0 || !readFileSync(answer, "utf8").startsWith('{"plan"'))
        throw new Error("the reader made no plan");
      return tookMs;
    });
  });
  const [one, all] = times.map(median);
  row(`reading ${count} services`, `${all?.toFixed(0)} ms, one service ${one?.toFixed(0)} ms`);
}

async function respawn(): Promise<void> {
  const system = await up(1);
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    const view = JSON.parse(spawnSync(binary, ["status", "s0", "--json", "--socket", socket]).stdout.toString());
    const before = sizeOf(marks);
    const beganMs = nowMs();
    process.kill(view.services[0].pid, "SIGKILL");
    times.push((await until("a new one", () => sizeOf(marks) > before)) - beganMs);
  }
  row("respawn after SIGKILL, no delay", `${median(times).toFixed(2)} ms`);
  await down(system);
}

async function rest(): Promise<void> {
  const system = await up(100);
  const init = system.init.pid ?? 0;
  const all = [init, childOf(init, "manager"), childOf(init, "logger")];
  spawnSync("sleep", ["1"]);
  const before = all.map(wakeUps);
  spawnSync("sleep", ["5"]);
  row("wake-ups in 5 s of rest, 100 services", all.map((pid, at) => wakeUps(pid) - (before[at] ?? 0)).join(" + "));
  await down(system);
}

try {
  row("size of the binary", `${statSync(binary).size} bytes`);
  await startAndStop(1000, false);
  await startAndStop(1000, true);
  for (const count of [1, 100, 1000]) await memory(count);
  reading(1000);
  await answers(100);
  await answers(1000);
  await respawn();
  await rest();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
