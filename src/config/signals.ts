/** Signals by name, with or without SIG, by number, and real-time ones counted from 34 as the kernel's users do. */

import { Refusal } from "./refusal.ts";
import { didYouMean } from "./suggest.ts";

/** Numbers of Linux on x86-64 and arm64, signal(7). */
const names = [
  "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
  "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
  "PWR", "SYS",
]; // biome-ignore format: one table

const others: Record<string, number> = { IOT: 6, CLD: 17, POLL: 29 };

/* What systemd, container runtimes and glibc call RTMIN; musl's own macro says 35. */
const realTimeMin = 34;
const signalMax = 64;

export function parseSignal(text: string): number | Refusal {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= signalMax ? number : new Refusal(`signals have numbers from 1 to ${signalMax}`);
  }
  const name = text.toUpperCase().replace(/^SIG/, "");
  const number = name === "" ? -1 : names.indexOf(name);
  if (number > 0) return number;
  if (Object.hasOwn(others, name)) return others[name] as number;
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name);
  if (realTime === null) return new Refusal("there is no such signal", didYouMean(name, names.slice(1)));
  const [, end, sign, count] = realTime;
  const offset = Number(count ?? 0) * (sign === "-" ? -1 : 1);
  const found = (end === "MIN" ? realTimeMin : signalMax) + offset;
  if (found < realTimeMin || found > signalMax) {
    return new Refusal(
      `real-time signals go from RTMIN (${realTimeMin}) to RTMIN+${signalMax - realTimeMin} (${signalMax})`,
    );
  }
  return found;
}

export function formatSignal(signal: number): string {
  const name = names[signal];
  if (name) return `SIG${name}`;
  return signal === realTimeMin
    ? "SIGRTMIN"
    : signal > realTimeMin
      ? `SIGRTMIN+${signal - realTimeMin}`
      : String(signal);
}
