/** A machine's plan as the image builder stores it (`gonit config --stored`), with all that was looked at for it. */

import { Role } from "../contract.ts";
import { type Observation, storedPlanHead } from "../engine/observation.ts";
import type { FileAccess, YamlSource } from "./files.ts";
import { hostFiles } from "./host-files.ts";
import { type LoadOptions, type LoadResult, loadPlan } from "./load.ts";
import { planText } from "./plan-text.ts";

/** What Linux gives process 1 beside words of its command line. */
const environmentOfProcessOne = ["HOME=/", "TERM=linux"];

/** A machine that was told nothing on its kernel's command line. */
export const machineOptions: LoadOptions = {
  role: Role.vm,
  path: null,
  workingDirectory: "/",
  environment: environmentOfProcessOne,
  instanceName: () => "main",
};

/** Files of the system whose root is a folder. Links lead where they lead from here: they must be relative. */
export function filesBelow(root: string): FileAccess {
  const { readFile, kindOf, list, realPath, zoneOffset } = hostFiles;
  return {
    ...hostFiles,
    readFile: (path, bytesMax) => readFile(root + path, bytesMax),
    kindOf: (path) => kindOf(root + path),
    list: (path) => list(root + path),
    realPath: (path) => {
      const real = realPath(root + path);
      return typeof real === "string" && real.startsWith(`${root}/`) ? real.slice(root.length) : real;
    },
    zoneOffset: (path, seconds) => zoneOffset(root + path, seconds),
  };
}

/** The text of the stored plan, or the problems. */
export function storedPlan(
  files: FileAccess,
  yaml: YamlSource,
): { text: string } | Extract<LoadResult, { problems: string[] }> {
  const seen = new Map<string, Observation>();
  const note = <One extends Observation>(observation: One): One["seen"] => {
    const { seen: _answer, ...question } = observation;
    seen.set(JSON.stringify(question), observation);
    return observation.seen;
  };
  const observed: FileAccess = {
    ...files,
    readFile: (path, bytesMax) => {
      const data = files.readFile(path, bytesMax);
      note({ kind: "content", path, bytesMax, seen: typeof data === "number" ? data : files.hash(data) });
      return data;
    },
    kindOf: (path) => note({ kind: "kind", path, seen: files.kindOf(path) }),
    list: (path) => note({ kind: "names", path, seen: files.list(path) }),
    realPath: (path) => note({ kind: "real-path", path, seen: files.realPath(path) }),
    // The whole file was read before.
    zoneOffset: files.zoneOffset,
  };
  const asked = (name: string, value: string | undefined) => note({ kind: "variable", name, seen: value ?? null });
  const result = loadPlan({ ...machineOptions, asked }, observed, yaml);
  if ("problems" in result) return result;
  const body = `${JSON.stringify([...seen.values()])}\n${planText(result.plan)}`;
  return { text: `${storedPlanHead} ${host.build()} ${host.hash(body)}\n${body}` };
}
