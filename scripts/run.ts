/* Running a program to its end, and failures that need no stack. */
import { spawn } from "node:child_process";

/** What set-up hands to the scripts. */
export interface Tools {
  /** The project's folder, without a slash at its end. */
  root: string;
  /** Shows a long step with its elapsed time. */
  step<T>(label: string, work: () => Promise<T>): Promise<T>;
  /** One hash for the paths and contents of files, and of all files in folders. */
  hashFiles(paths: string[]): Promise<string>;
  /** Lets the next set-up or build of this folder begin. */
  unlock(): void;
}

/** A failure that is told in its own words, without a stack: what cannot be done, why, and the fix. */
export class Failure extends Error {
  override name = "Failure";
}

/** An error of a system call in the system's words: Node's own begin with a code and end with the call. */
export function systemMessage(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === undefined ? message : message.replace(/^\w+: /, "").replace(/, \w+( '.*)?$/, "");
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** The terminal goes to the program; nothing is collected. */
  inherit?: boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  /** Both, in the order in which they came. */
  output: string;
}

/** Runs a program to its end. A code other than 0 is a result, a program that cannot be started a failure. */
export function run(command: string, words: string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: options.inherit ? "inherit" : ["ignore", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    const output: Buffer[] = [];
    child.stdout?.on("data", (bytes: Buffer) => {
      stdout.push(bytes);
      output.push(bytes);
    });
    child.stderr?.on("data", (bytes: Buffer) => output.push(bytes));
    child.on("error", (error) => reject(new Failure(`cannot run ${command}: ${error.message}`)));
    child.on("close", (code, signal) => {
      const text = Buffer.concat(output).toString();
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        output: signal === null ? text : `${text}\n${command} was ended by ${signal}\n`,
      });
    });
  });
}

/** Runs a program that must succeed; its output is the reason when it does not. */
export async function mustRun(
  what: string,
  command: string,
  words: string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(command, words, options);
  if (result.code !== 0)
    throw new Failure(`cannot ${what}: ${command} ended with ${result.code}\n${result.output.trim()}`);
  return result.stdout;
}

/** The same for a program whose output is no text. */
export function runBytes(what: string, command: string, words: string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, words, { stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on("data", (bytes: Buffer) => output.push(bytes));
    child.stderr.on("data", (bytes: Buffer) => errors.push(bytes));
    child.on("error", (error) => reject(new Failure(`cannot run ${command}: ${error.message}`)));
    child.on("close", (code) => {
      if (code === 0) return resolve(Buffer.concat(output));
      reject(new Failure(`cannot ${what}: ${command} ended with ${code}\n${Buffer.concat(errors).toString().trim()}`));
    });
  });
}

/** Does work for each item, so many at a time; results in the items' order. The first failure is the whole's. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}

type Settled<T> = { -readonly [K in keyof T]: Awaited<T[K]> };

/** Like Promise.all, but waits for every one, and a failure tells what all of them tell. */
export async function allOf<T extends readonly unknown[]>(works: readonly [...T]): Promise<Settled<T>> {
  const results = await Promise.allSettled(works);
  const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
  const unknown = errors.find((error) => !(error instanceof Failure));
  if (unknown !== undefined) throw unknown;
  if (errors.length > 0) throw new Failure(errors.map((error) => (error as Failure).message).join("\n"));
  return results.map((result) => (result as PromiseFulfilledResult<unknown>).value) as Settled<T>;
}

/** Lets so many works run at a time, whoever asks; the others wait in the order in which they came. */
export function limiter(width: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= width) await new Promise<void>((go) => waiting.push(go));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
