/** What is mounted: /proc/self/mountinfo, proc_pid_mountinfo(5). Pure. */

export interface Mounted {
  /** major:minor */
  device: string;
  target: string;
  type: string;
  source: string;
  isReadOnly: boolean;
}

/** The topmost mount at a place; null: nothing is mounted exactly there. */
export function mountedAt(mountinfo: string, target: string): Mounted | null {
  let found: Mounted | null = null;
  for (const line of mountinfo.split("\n")) {
    const fields = line.split(" ");
    const dash = fields.indexOf("-", 6);
    if (dash < 0 || unescaped(fields[4] ?? "") !== target) continue;
    found = {
      device: fields[2] ?? "",
      target,
      type: fields[dash + 1] ?? "",
      source: unescaped(fields[dash + 2] ?? ""),
      isReadOnly: (fields[5] ?? "").split(",").includes("ro"),
    };
  }
  return found;
}

/** \040 is a blank. */
function unescaped(text: string): string {
  return text.replace(/\\([0-3][0-7]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

/** Mounts in the order of their targets' depth, parents first; else as they were written. */
export function parentsFirst<T extends { target: string }>(mounts: T[]): T[] {
  const depth = ({ target }: T): number => (target === "/" ? 0 : target.split("/").length - 1);
  return mounts.slice().sort((a, b) => depth(a) - depth(b));
}
