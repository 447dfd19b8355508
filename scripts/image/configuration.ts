/* The configuration of an image, as gonit itself reads it: the builder parses no YAML of its own. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { Failure, run } from "../run.ts";

export interface ServiceProgram {
  name: string;
  /** Words of the programs that it runs; a built-in service has none. */
  commands: string[][];
  user: string;
}

/** What the builder needs of `gonit config --json`: see src/config/image-plan.ts. */
export interface ImageConfiguration {
  title: string;
  version: string;
  hostname: string;
  services: ServiceProgram[];
  /** Files that it was read from, the main file first. */
  sources: string[];
  /** Time zones that schedules name. */
  zones: string[];
  formats: string[];
  sizeBytes: number | null;
  kernel: "debian" | { file: string; modules: string };
  modules: { name: string; options: string }[] | null;
  /** The key `modules` of the configuration itself. */
  machineModules: { name: string; options: string }[];
  cmdline: string;
  debian: string[];
  users: { name: string; uid: number | null; gid: number | null; home: string; shell: string; groups: string[] }[];
  files: { target: string; source: string; mode: number | null }[];
}

interface Command {
  argv: string[];
  builtin: string | null;
}

interface Printed {
  title: string;
  version: string;
  hostname: string;
  sources: { path: string }[];
  services: {
    name: string;
    user: string;
    command: Command | null;
    preStart: Command[];
    postStop: Command[];
  }[];
  zones?: Record<string, number[]>;
  image: Omit<
    ImageConfiguration,
    "title" | "version" | "hostname" | "services" | "sources" | "zones" | "machineModules"
  > | null;
  machine?: { modules: { name: string; options: string }[] };
}

const WITHOUT: NonNullable<Printed["image"]> = {
  formats: ["initramfs"],
  sizeBytes: null,
  kernel: "debian",
  modules: null,
  cmdline: "quiet panic=10",
  debian: [],
  users: [],
  files: [],
};

/** The absolute path of a gonit that was named; a failure when it does not run, or is another program. */
export async function givenBinary(named: string): Promise<string> {
  const path = resolve(named);
  const { code, stdout } = await run(path, ["version"]).catch(() => ({ code: 1, stdout: "" }));
  if (code !== 0 || !stdout.startsWith("gonit "))
    throw new Failure(`cannot use --binary ${named}: it is no gonit that runs here`);
  return path;
}

/** Reads a configuration for a virtual machine. What gonit says about mistakes in it is the failure. */
export async function readConfiguration(gonit: string, file: string): Promise<ImageConfiguration> {
  if (!existsSync(file)) throw new Failure(`cannot read ${file}: there is no such file`);
  const result = await run(gonit, ["config", "--json", "--role", "vm", file]);
  if (result.code !== 0) {
    const answer = /^\{/.test(result.stdout) ? (JSON.parse(result.stdout) as { problems: string[] }) : undefined;
    throw new Failure(`cannot build an image of ${file}\n${answer?.problems.join("\n") ?? result.output.trim()}`);
  }
  const printed = JSON.parse(result.stdout) as Printed;
  const services = printed.services.map(({ name, user, command, preStart, postStop }) => {
    const all = [...(command === null ? [] : [command]), ...preStart, ...postStop];
    return { name, user, commands: all.filter(({ builtin }) => builtin === null).map(({ argv }) => argv) };
  });
  const { title, version, hostname, sources } = printed;
  return {
    ...(printed.image ?? WITHOUT),
    title,
    version,
    hostname,
    services,
    sources: sources.map((source) => source.path),
    zones: Object.keys(printed.zones ?? {}),
    machineModules: printed.machine?.modules ?? [],
  };
}

/** All files of a configuration as one text that means the same (`gonit config`). */
export async function mergedConfiguration(gonit: string, file: string): Promise<string> {
  const result = await run(gonit, ["config", "--role", "vm", file]);
  if (result.code !== 0) throw new Failure(`cannot print the merged configuration of ${file}\n${result.output.trim()}`);
  return result.stdout;
}
