/*
 * One virtual machine: QEMU as a child process, its serial console as streams, its monitor, its end.
 *
 * The machine cannot outlive us: QEMU gets SIGKILL from the kernel when this process ends, however that comes about. It is
 * ended by its own process number, and it is in a session of its own, so that keys of our terminal do not signal it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Readable, Writable } from "node:stream";
import { type Monitor, openMonitor } from "./monitor.ts";
import { type Accelerator, type MachineSetting, MONITOR_DESCRIPTOR, qemuArguments } from "./qemu-arguments.ts";

export const QEMU = "qemu-system-x86_64";

export interface MachineEnd {
  /** QEMU's exit code; null when a signal ended it. 0: power-off, reboot, panic; 1 also: it could not start. */
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The number that the guest wrote to the status port, 0 to 127; undefined when it ended in another way. */
  guestStatus: number | undefined;
  /** Whether there was a machine at all. */
  started: boolean;
  /** What QEMU itself had to say: why it could not start. */
  messages: string;
}

export interface Machine {
  pid: number;
  /** What the guest's console prints, byte for byte. */
  output: Readable;
  /** What is typed on the guest's console. */
  input: Writable;
  monitor: Monitor;
  ended: Promise<MachineEnd>;
  /** Ends the machine as a power failure does: SIGKILL to QEMU by its number. */
  kill(): void;
}

/** isa-debug-exit makes QEMU exit with value * 2 + 1. A QEMU that could not start exits with 1 too, but never answered. */
function guestStatus(code: number | null, started: boolean, statusPort: boolean): number | undefined {
  return statusPort && started && code !== null && code % 2 === 1 ? (code - 1) / 2 : undefined;
}

function watchEnd(child: ChildProcess, monitor: Monitor, setting: MachineSetting): Promise<MachineEnd> {
  const messages: Buffer[] = [];
  child.stderr?.on("data", (bytes: Buffer) => messages.push(bytes));
  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null, text: string): void => {
      const started = monitor.isReady();
      const status = guestStatus(code, started, setting.statusPort === true);
      resolve({ code, signal, guestStatus: status, started, messages: text });
    };
    child.on("error", (error) => end(null, null, `cannot run ${QEMU}: ${error.message}`));
    child.on("close", (code, signal) => end(code, signal, Buffer.concat(messages).toString().trim()));
  });
}

/** Starts a machine. Whether QEMU could start is told by `ended`. */
export function startMachine(setting: MachineSetting, accelerator: Accelerator): Machine {
  const words = ["--pdeathsig", "KILL", QEMU, ...qemuArguments(setting, accelerator)];
  const stdio = Array.from({ length: MONITOR_DESCRIPTOR + 1 }, () => "pipe" as const);
  const child = spawn("setpriv", words, { stdio, detached: true });
  const monitor = openMonitor(child.stdio[MONITOR_DESCRIPTOR] as Duplex);
  const ended = watchEnd(child, monitor, setting);
  const input = child.stdin as Writable;
  /* The guest may end while somebody types. */
  input.on("error", () => undefined);
  return {
    pid: child.pid ?? 0,
    output: child.stdout as Readable,
    input,
    monitor,
    ended,
    kill: () => {
      child.kill("SIGKILL");
    },
  };
}
