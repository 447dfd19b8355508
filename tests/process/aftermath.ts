/** What must hold after every test with a real gonit: nothing is left behind, and every error it told is one of a service. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Guards against hanging only. */
const patienceMs = 20_000;

/** Errors that services cause, or the configuration. */
const explained =
  /msg="(Service failed|Service ended|Critical service ended[^"]*|Cannot use the configuration[^"]*|Apply failed[^"]*|Watch suspended[^"]*)"/;

/** What gonit tells where a test ends its own processes. */
export const deathsOfOurOwn =
  /msg="(The (manager|logger) (ended|does not answer)|init is back after|An event that ended the manager|Safe mode: )/;

/** Processes by whatever a look at /proc finds. A process that ends meanwhile is not found. */
function processes(isMeant: (folder: string) => boolean): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        return isMeant(`/proc/${name}`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

/** Dead children that nobody has reaped. */
export function zombiesOf(parent: number): number[] {
  return processes((folder) => {
    const [state, ppid] = readFileSync(`${folder}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return state === "Z" && Number(ppid) === parent;
  });
}

/** Processes of services that were started with this control socket. */
export function servicesOf(socket: string): number[] {
  return processes((folder) =>
    readFileSync(`${folder}/environ`, "utf8").split("\0").includes(`GONIT_SOCKET=${socket}`),
  );
}

/** What each descriptor of a process is, sorted: equal before and after where nothing leaks. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/${pid}/fd/${fd}`).replace(/\[\d+\]/, "")];
      } catch {
        return [];
      }
    })
    .sort();
}

async function becomesEmpty(list: () => number[]): Promise<number[]> {
  const limit = Date.now() + patienceMs;
  let found = list();
  while (found.length > 0 && Date.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    found = list();
  }
  return found;
}

export async function noZombies(init: number): Promise<void> {
  const left = await becomesEmpty(() => zombiesOf(init));
  assert.deepEqual(left, [], "dead children of init that it does not reap");
}

/** Also ends what it finds, so that one test's fault is not another's trouble. */
export async function nothingLeft(socket: string): Promise<void> {
  const left = await becomesEmpty(() => servicesOf(socket));
  for (const pid of left) process.kill(pid, "SIGKILL");
  assert.deepEqual(left, [], "processes of services that outlive gonit");
}

export function noUnexplainedErrors(output: string, alsoExplained: RegExp | null): void {
  const lines = output.split("\n").filter((line) => /^(time=\S+ )?level=error /.test(line));
  const others = lines.filter((line) => !explained.test(line) && alsoExplained?.test(line) !== true);
  assert.deepEqual(others, [], "errors of gonit's own");
}
