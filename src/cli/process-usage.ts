/** Processor time and memory of services: of their main processes, all that descend from them, and what they have left. */

/** What is known of one process from /proc. */
export interface ProcessFacts {
  pid: number;
  parent: number;
  cpuMs: number;
}

export interface Usage {
  cpuMs: number;
  pids: number[];
}

/** USER_HZ, which is the same on all machines that Linux runs on but alpha and ia64 (time(7)). */
const ticksPerSecond = 100;

/** The line of /proc/PID/stat, see proc_pid_stat(5); null: it is none. The name may hold blanks and parentheses. */
export function parseStat(text: string): ProcessFacts | null {
  const end = text.lastIndexOf(") ");
  const fields = text.slice(end + 2).split(" ");
  const pid = Number.parseInt(text, 10);
  if (end < 0 || fields.length < 13 || Number.isNaN(pid)) return null;
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { pid, parent: Number(fields[1]), cpuMs: (ticks * 1000) / ticksPerSecond };
}

/**
 * By service. `owner` tells whose process it is that is a main process, or was left to init by one, by its own means;
 * null: nobody's.
 */
export function usageOf(
  processes: ProcessFacts[],
  owner: (process: ProcessFacts) => string | null,
): Map<string, Usage> {
  const known = new Map(processes.map((process) => [process.pid, process]));
  const owners = new Map<number, string | null>();
  const ownerOf = (process: ProcessFacts): string | null => {
    const found = owners.get(process.pid);
    if (found !== undefined) return found;
    // While its parents are looked at: a snapshot that was not taken at once may hold a circle.
    owners.set(process.pid, null);
    const parent = known.get(process.parent);
    const name = owner(process) ?? (parent === undefined ? null : ownerOf(parent));
    owners.set(process.pid, name);
    return name;
  };
  const usages = new Map<string, Usage>();
  for (const process of processes) {
    const name = ownerOf(process);
    if (name === null) continue;
    const usage = usages.get(name) ?? { cpuMs: 0, pids: [] };
    usages.set(name, usage);
    usage.cpuMs += process.cpuMs;
    usage.pids.push(process.pid);
  }
  return usages;
}

/** All processes that /proc shows. */
export function readProcesses(): ProcessFacts[] {
  const names = host.listDirectory("/proc");
  if (typeof names === "number") return [];
  return names.flatMap((name) => (/^\d+$/.test(name) ? (parseStat(textOf(`/proc/${name}/stat`)) ?? []) : []));
}

/** Service of a process that init has taken over, by the mark in its environment. */
export function markedService(pid: number, socket: string): string | null {
  const variables = textOf(`/proc/${pid}/environ`).split("\0");
  if (!variables.includes(`GONIT_SOCKET=${socket}`)) return null;
  const mark = "GONIT_SERVICE=";
  return variables.find((text) => text.startsWith(mark))?.slice(mark.length) ?? null;
}

/** Resident memory of processes in bytes. */
export function memoryOf(pids: number[]): number {
  let kib = 0;
  for (const pid of pids) kib += Number(/^VmRSS:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0);
  return kib * 1024;
}

function textOf(path: string): string {
  const bytes = host.readFile(path, 65_536);
  return typeof bytes === "number" ? "" : host.decodeUtf8(bytes);
}
