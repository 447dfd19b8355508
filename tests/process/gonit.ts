/**
 * A real gonit for a test: started in a folder of its own with a configuration, watched by its output, asked through its
 * client, and ended with everything that it started.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { deathsOfOurOwn, nothingLeft, noUnexplainedErrors, noZombies } from "./aftermath.ts";

/** Guards against hanging only; nothing is expected to take this long. */
const patienceMs = 60_000;

export const children = process.env.GONIT_CHILDREN ?? "";

export interface Started {
  folder: string;
  process: ChildProcess;
  /** All that gonit and its services printed, line by line. */
  output(): string;
  /** Standard output alone. */
  stdout(): string;
  /** Resolves when the output matches; rejects when gonit ends before. */
  sees(pattern: RegExp): Promise<void>;
  /** Resolves with the exit code, 128 + signal for a signal. */
  ended: Promise<number>;
  /** The client, against this instance. */
  client(...args: string[]): { code: number; stdout: string; stderr: string };
  /** Parsed `status --json`. */
  status(): { state: string; services: ServiceView[] };
  service(name: string): ServiceView;
  /** Waits until a condition on the status holds, asking again each time gonit prints or a short time has passed. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Process number of a role: init, manager, logger. */
  role(name: "init" | "manager" | "logger"): number;
}

export interface ServiceView {
  name: string;
  state: string;
  shown: string;
  pid: number | null;
  restarts: number;
  marks: string[];
  reason: string;
}

export function binary(name: "GONIT_BINARY" | "GONIT_HOOKS_BINARY" = "GONIT_BINARY"): string {
  const path = process.env[name];
  if (path === undefined) throw new Error(`${name} is not set: run these tests with npm test`);
  return path;
}

const cleanups = new WeakMap<TestContext, (() => unknown)[]>();

/** Runs when the test is over; what was asked for last comes first, unlike with the test's own after(). */
export function afterwards(test: TestContext, cleanup: () => unknown): void {
  const known = cleanups.get(test);
  if (known !== undefined) {
    known.unshift(cleanup);
    return;
  }
  const list = [cleanup];
  cleanups.set(test, list);
  test.after(async () => {
    const errors: unknown[] = [];
    for (const one of list) {
      try {
        await one();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  });
}

/** A folder that is removed with the test. */
export function folderFor(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "gonit-process-"));
  afterwards(test, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface StartOptions {
  binary?: string;
  environment?: Record<string, string>;
  args?: string[];
  /** Where `args` put it; usually control.sock in the folder. */
  socket?: string;
  /** Put before gonit: it becomes gonit, as nice(1) does. */
  wrapper?: string[];
  /** Another user may write into the folder: with a wrapper that changes the user. */
  isOpenFolder?: boolean;
  /** The test ends roles of gonit: it tells that as errors. */
  endsRoles?: boolean;
}

export function start(
  test: TestContext,
  configuration: string | ((folder: string) => string),
  options: StartOptions = {},
): Started {
  const folder = folderFor(test);
  if (options.isOpenFolder === true) chmodSync(folder, 0o777);
  const file = join(folder, "config.yml");
  const socket = options.socket ?? join(folder, "control.sock");
  writeFileSync(file, typeof configuration === "string" ? configuration : configuration(folder));
  const path = options.binary ?? binary();
  const args = options.args ?? ["up", "-f", file, "--socket", socket, "--log-format", "logfmt"];
  const [program = path, ...words] = [...(options.wrapper ?? []), path, ...args];
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watched = watch(child);
  afterwards(test, async () => {
    if (child.exitCode === null && child.signalCode === null) await noZombies(child.pid ?? 0);
    await end(child, watched.ended);
    await nothingLeft(socket);
    noUnexplainedErrors(watched.output(), options.endsRoles === true ? deathsOfOurOwn : null);
  });
  const client = (...words: string[]) => {
    const [verb, ...rest] = words;
    const run = spawnSync(path, [verb ?? "", "--socket", socket, ...rest], { encoding: "utf8", timeout: patienceMs });
    return { code: run.status ?? -1, stdout: run.stdout, stderr: run.stderr };
  };
  const status = () => JSON.parse(client("status", "--json").stdout) as { state: string; services: ServiceView[] };
  const service = (name: string) => {
    const found = status().services.find((view) => view.name === name);
    if (found === undefined) throw new Error(`status does not show ${name}`);
    return found;
  };
  return {
    folder,
    process: child,
    ...watched,
    client,
    status,
    service,
    until: (what, holds) => until(what, holds, watched.output),
    role: (name) => roleOf(child.pid ?? 0, name),
  };
}

/** Output and end of a process. */
export function watch(child: ChildProcess): Pick<Started, "output" | "stdout" | "sees" | "ended"> {
  let lines = "";
  let stdout = "";
  // A line that is not complete comes last, so that the other stream's lines do not stand in its midst.
  const rests = ["", ""];
  const output = () => lines + rests.join("");
  let over = false;
  const waiting = new Set<() => void>();
  const wake = () => {
    for (const look of [...waiting]) look();
  };
  for (const [at, stream] of [child.stdout, child.stderr].entries()) {
    stream?.on("data", (data: Buffer) => {
      const text = rests[at] + data.toString();
      const end = text.lastIndexOf("\n") + 1;
      lines += text.slice(0, end);
      rests[at] = text.slice(end);
      if (stream === child.stdout) stdout += data.toString();
      wake();
    });
  }
  const ended = new Promise<number>((resolve) => {
    child.on("close", (code, signal) => {
      over = true;
      wake();
      resolve(code ?? 128 + signalNumber(signal));
    });
  });
  const sees = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      const guard = setTimeout(() => finish(new Error(`did not see ${pattern} in:\n${output()}`)), patienceMs);
      const finish = (error: Error | null) => {
        clearTimeout(guard);
        waiting.delete(look);
        if (error === null) resolve();
        else reject(error);
      };
      const look = () => {
        if (pattern.test(output())) finish(null);
        else if (over) finish(new Error(`gonit ended before ${pattern} came:\n${output()}`));
      };
      waiting.add(look);
      look();
    });
  return { output, stdout: () => stdout, sees, ended };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  const numbers: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
  return numbers[signal ?? ""] ?? 0;
}

export async function until(what: string, holds: () => boolean, output: () => string): Promise<void> {
  const limit = Date.now() + patienceMs;
  let error: unknown = null;
  const tried = () => {
    try {
      return holds();
    } catch (thrown) {
      // Until gonit answers, there is no status to look at.
      error = thrown;
      return false;
    }
  };
  while (!tried()) {
    if (Date.now() > limit) throw new Error(`did not become true: ${what}\n${output()}\n${error}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Ends gonit in order, then by force; its services end with it. */
async function end(child: ChildProcess, ended: Promise<number>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const guard = setTimeout(() => child.kill("SIGKILL"), patienceMs / 2);
  await ended;
  clearTimeout(guard);
}

function roleOf(init: number, name: "init" | "manager" | "logger"): number {
  if (name === "init") return init;
  const children = readFileSync(`/proc/${init}/task/${init}/children`, "utf8").trim().split(" ");
  for (const pid of children) {
    if (!isBeforeExec(Number(pid)) && commandLine(Number(pid)).startsWith(`gonit: ${name}`)) return Number(pid);
  }
  return 0;
}

/**
 * PF_FORKNOEXEC (linux/sched.h) in the flags of proc_pid_stat(5). A service's process that has not reached its program
 * is a child of init too, and has the manager's memory, name and arguments: a test would kill it for the manager.
 */
function isBeforeExec(pid: number): boolean {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[6]) & 0x40) !== 0;
  } catch {
    return true;
  }
}

/** Arguments of a process joined by blanks; empty when it is gone. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs gonit to its end and returns what it printed. */
export function runToEnd(
  test: TestContext,
  args: string[],
  files: Record<string, string>,
): { code: number; text: string } {
  const folder = folderFor(test);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const run = spawnSync(binary(), args, { cwd: folder, encoding: "utf8", timeout: patienceMs });
  return { code: run.status ?? -1, text: run.stdout + run.stderr };
}

export function memoryOf(pid: number): { pssKib: number; privateDirtyKib: number } {
  const text = execFileSync("cat", [`/proc/${pid}/smaps_rollup`], { encoding: "utf8" });
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1] ?? Number.NaN);
  return { pssKib: field("Pss"), privateDirtyKib: field("Private_Dirty") };
}
