/** Which terminals get a shell. Pure: what is there is asked through the arguments. */

export interface ConsoleFacts {
  /** The little system's own console (`up --isolated`); null without one. */
  own: string | null;
  /** Whether gonit is process 1 of a machine, whose consoles are ours to use; elsewhere they are the host's. */
  isMachine: boolean;
  /** Content of /sys/class/tty/console/active: names, the most important last. */
  active: string;
  isTerminal: (path: string) => boolean;
}

export function chooseConsoles(facts: ConsoleFacts): string[] {
  if (facts.own !== null) return facts.isTerminal(facts.own) ? [facts.own] : [];
  if (!facts.isMachine) return [];
  const names = facts.active.split(/\s+/).filter((name) => /^[A-Za-z0-9._-]+$/.test(name));
  const paths = [...new Set(names)].map((name) => `/dev/${name === "tty0" ? "tty1" : name}`);
  return paths.filter(facts.isTerminal);
}
