/**
 * Runs the reader: a short-lived process of this binary that turns configuration text into a plan. Whatever the text
 * does to it (a crash, an endless loop, a memory bomb) comes back as a problem in words.
 */

import { Clock, ProcessKind, SignalScope, Stage } from "../contract.ts";
import { readNow } from "./clock.ts";
import type { Shell } from "./performer.ts";

const readerLimitMs = 20_000;
const outputBytesMax = 64 * 1024 * 1024;
const resultFd = 3;
const SIGKILL = 9;

export type ReaderOutput = { value: unknown } | { problem: string };

/** args are those of src/reader.ts. `done` is called exactly once, later. */
export function runReader(shell: Shell, args: string[], done: (output: ReaderOutput) => void): void {
  const memory = host.memory("reader");
  if (memory < 0) {
    done({ problem: `cannot make the reader's memory file: ${host.errnoText(memory)}` });
    return;
  }
  const ticket = shell.tickets.take();
  const timer = shell.tickets.take();
  let late = false;
  shell.timers.arm(timer, Clock.monotonic, readNow().monotonicMs + readerLimitMs, () => {
    late = true;
    shell.processes.cancel(ticket);
    shell.processes.signal(ticket, SIGKILL, SignalScope.process);
  });
  const finish = (output: ReaderOutput) => {
    shell.timers.cancel(timer);
    host.close(memory);
    done(output);
  };
  shell.processes.spawn(
    {
      ticket,
      instance: "reader",
      kind: ProcessKind.reader,
      argv: ["gonit: reader", ...args],
      ownBinary: true,
      environment: host.environment(),
      descriptors: [
        [2, 2],
        [resultFd, memory],
      ],
    },
    {
      started: () => {},
      failed: (stage, errno) =>
        finish({ problem: `cannot start the reader (step ${stageName(stage)}): ${host.errnoText(errno)}` }),
      exited: (exit) => {
        if (late) finish({ problem: `reading it took longer than ${readerLimitMs / 1000} s` });
        else if (exit.signal !== null)
          finish({
            problem: `the reader was ended by ${host.signalName(exit.signal)}: the text needs too much memory or time`,
          });
        else finish(takeOutput(memory, exit.code));
        return true;
      },
    },
  );
}

function takeOutput(memory: number, code: number | null): ReaderOutput {
  const data = host.readFd(memory, 0, outputBytesMax);
  if (typeof data === "number") return { problem: `cannot read the reader's answer: ${host.errnoText(data)}` };
  if (data.length === 0) return { problem: `the reader ended with code ${code} and no answer` };
  try {
    return { value: JSON.parse(host.decodeUtf8(data)) };
  } catch {
    return { problem: `the reader ended with code ${code} in the middle of its answer` };
  }
}

function stageName(stage: number): string {
  for (const [name, value] of Object.entries(Stage)) if (value === stage) return name;
  return String(stage);
}
