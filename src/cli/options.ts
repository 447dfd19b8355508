/** Options of the command line: those of every verb, and those of the verb in question. */

import type { OptionSpec } from "./command.ts";

export class CliOptions {
  private readonly values = new Map<string, string[]>();

  set(name: string, value: string): void {
    const known = this.values.get(name);
    if (known === undefined) this.values.set(name, [value]);
    else known.push(value);
  }

  has(name: string): boolean {
    return this.values.has(name);
  }

  /** The last value; null: the option does not stand there. */
  text(name: string): string | null {
    return this.values.get(name)?.at(-1) ?? null;
  }

  /** All values of an option that may stand several times, in their order. */
  all(name: string): string[] {
    return this.values.get(name) ?? [];
  }

  get json(): boolean {
    return this.has("--json");
  }
}

export const commonOptions: OptionSpec[] = [
  { name: "--json", short: "", value: "", help: "Print JSON for programs." },
  { name: "--socket", short: "", value: "PATH", help: "Control socket of the instance to talk to." },
  { name: "--instance", short: "", value: "NAME", help: "Name of the instance to talk to." },
  { name: "--color", short: "", value: "WHEN", choices: ["always", "never", "auto"], help: "always, never or auto." },
  { name: "--help", short: "-h", value: "", help: "Explain this verb." },
];

export type Parsed = { words: string[]; options: CliOptions } | { error: string };

/** Words and options in any order; behind `--` everything is a word. */
export function parseCommandLine(args: string[], specs: OptionSpec[]): Parsed {
  const options = new CliOptions();
  const words: string[] = [];
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string;
    if (arg === "--") {
      words.push(...args.slice(at + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      words.push(arg);
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const written = equals > 0 ? arg.slice(0, equals) : arg;
    let spec = specs.find(({ name, short }) => name === written || (short !== "" && short === written));
    let value = equals > 0 ? arg.slice(equals + 1) : null;
    if (spec === undefined && equals < 0 && !arg.startsWith("--") && arg.length > 2) {
      // -n20
      spec = specs.find(({ short, value: takes }) => takes !== "" && short === arg.slice(0, 2));
      value = arg.slice(2);
    }
    if (spec === undefined) return { error: unknownOption(written, specs) };
    if (spec.value === "") {
      if (value !== null) return { error: `cannot use ${spec.name}=${value}: ${spec.name} takes no value` };
      options.set(spec.name, "");
      continue;
    }
    value ??= args[++at] ?? null;
    if (value === null) return { error: `cannot use ${written}: it needs a ${spec.value}` };
    if (commonOptions.includes(spec) && spec.choices?.includes(value) === false)
      return { error: `cannot use ${spec.name} ${value}: it is ${spec.choices.join(", ")}` };
    options.set(spec.name, value);
  }
  return { words, options };
}

function unknownOption(written: string, specs: OptionSpec[]): string {
  const near = specs.find(({ name }) => name.startsWith(written) || written.startsWith(name));
  const hint = near === undefined ? "" : `; did you mean ${near.name}?`;
  return `cannot use ${written}: there is no such option${hint}`;
}

/** Milliseconds of a duration such as 500ms, 10s, 5m, 1h30m; a bare number is seconds. Null: not a duration. */
export function parseDurationMs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Math.round(Number(text) * 1000);
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  let total = 0;
  let rest = text;
  while (rest !== "") {
    const part = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)/.exec(rest);
    if (part === null) return null;
    total += Number(part[1]) * (units[part[2] as string] ?? 0);
    rest = rest.slice(part[0].length);
  }
  return text === "" ? null : Math.round(total);
}
