/**
 * The directories of a service's own: where they lie, what its processes are told of them, and their removal. They are
 * made by each process on its way to its program (host/child-directories.c): as gonit, and blocking nobody else.
 */

import type { SpawnRequest } from "../contract.ts";
import type { DirectoriesPlan, ServicePlan } from "../engine/plan.ts";

type Kind = keyof DirectoriesPlan;

export const directoryKinds: Kind[] = ["run", "state", "cache", "logs"];

const ofRoot: Record<Kind, string> = { run: "/run", state: "/var/lib", cache: "/var/cache", logs: "/var/log" };

/** As systemd.exec(5) names them; several paths have colons between them. */
const variables: Record<Kind, string> = {
  run: "RUNTIME_DIRECTORY",
  state: "STATE_DIRECTORY",
  cache: "CACHE_DIRECTORY",
  logs: "LOGS_DIRECTORY",
};

export const directoryVariables = Object.values(variables);

/** The folder that each kind lies in; empty where the environment does not say. */
export type DirectoryBases = Record<Kind, string>;

/** Root's are fixed; a user's come from the XDG base directory specification, which takes absolute paths only. */
export function directoryBases(uid: number, environment: Map<string, string>): DirectoryBases {
  if (uid === 0) return ofRoot;
  const given = (name: string) => {
    const path = environment.get(name) ?? "";
    return path.startsWith("/") ? path : "";
  };
  const home = given("HOME");
  const inHome = (path: string) => (home === "" ? "" : `${home.replace(/\/$/, "")}/${path}`);
  const state = given("XDG_STATE_HOME") || inHome(".local/state");
  return {
    run: given("XDG_RUNTIME_DIR"),
    state,
    cache: given("XDG_CACHE_HOME") || inHome(".cache"),
    logs: state === "" ? "" : `${state}/log`,
  };
}

/** Why directories cannot be had here, or an empty text. */
export function directoryProblem(plan: DirectoriesPlan | null, bases: DirectoryBases): string {
  const kind = plan === null ? undefined : directoryKinds.find((one) => plan[one].length > 0 && bases[one] === "");
  if (kind === undefined) return "";
  const missing = kind === "run" ? "XDG_RUNTIME_DIR is not" : "neither HOME nor the XDG variable for them is";
  return `cannot make its directories (${kind}): ${missing} set to an absolute path`;
}

export function spawnDirectories(
  plan: DirectoriesPlan,
  bases: DirectoryBases,
): NonNullable<SpawnRequest["directories"]> {
  return directoryKinds.flatMap((kind) =>
    plan[kind].map(({ name, mode }) => [bases[kind], name, mode] as [string, string, number]),
  );
}

/** What the configuration sets itself is left alone. */
export function directoryTexts({ directories, environment }: ServicePlan, bases: DirectoryBases): string[] {
  if (directories === null) return [];
  return directoryKinds
    .filter((kind) => directories[kind].length > 0 && !Object.hasOwn(environment, variables[kind]))
    .map((kind) => `${variables[kind]}=${directories[kind].map(({ name }) => `${bases[kind]}/${name}`).join(":")}`);
}

/**
 * Arguments of our own binary, which removes the run directories that a command of the plan names. Below another root
 * only that is trusted: what lies in it the service may have changed.
 */
export function removalArguments([program = "", ...names]: string[], bases: DirectoryBases, root: string): string[] {
  const pair = (name: string) => (root === "" ? [bases.run, name] : [root, `${bases.run.slice(1)}/${name}`]);
  return [`gonit: ${program}`, ...names.flatMap(pair)];
}

/** What stands in the way of a service's directories, for the errno with which a child gave up. */
export function directoryFailure(plan: DirectoriesPlan, bases: DirectoryBases, why: string): string {
  for (const [base, name] of spawnDirectories(plan, bases)) {
    const real = host.realPath(base);
    if (typeof real === "number") return `cannot make the directory ${base}/${name}: ${why}`;
    let path = real;
    for (const part of name.split("/")) {
      path = `${path === "/" ? "" : path}/${part}`;
      const found = host.realPath(path);
      if (typeof found !== "number" && found !== path)
        return `cannot make the directory ${base}/${name}: ${path} is a symbolic link`;
      const status = host.stat(path);
      if (typeof status === "number") return `cannot make the directory ${base}/${name}: ${why}`;
      if (status.kind !== "directory") return `cannot make the directory ${base}/${name}: ${path} is a ${status.kind}`;
    }
  }
  const paths = spawnDirectories(plan, bases).map(([base, name]) => `${base}/${name}`);
  return `cannot have its directories (${paths.join(", ")}): ${why}`;
}
