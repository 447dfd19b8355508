/**
 * The reader process: configuration text in, a plan out, as one JSON text on descriptor 3 (standard output when there is
 * none). It is started for one reading and ends; whatever the text does to it is an error message for the manager.
 *
 *     reader '{"role": 3, "path": null, "workingDirectory": "/home"}'      → {plan (packed), warnings, sources} or {problems, …}
 *     reader environment '[{"path": "/etc/web.env", "required": true}]'    → {environment} or {problem}
 */

import { readEnvironmentFiles } from "./config/environment-files.ts";
import { hostFiles, hostYaml } from "./config/host-files.ts";
import { type LoadOptions, loadPlan } from "./config/load.ts";
import { instanceNameOf } from "./control/socket-path.ts";
import type { EnvironmentFilePlan } from "./engine/plan.ts";
import { packPlan } from "./runtime/packed-plan.ts";

const resultFd = 3;
const EBADF = 9;

interface ReadRequest {
  role: number;
  path: string | null;
  workingDirectory: string;
  /** Name of the instance where the user chose one. */
  instance?: string | null;
}

function answer(args: string[]): string {
  if (args[0] === "environment")
    return JSON.stringify(readEnvironmentFiles(JSON.parse(args[1] ?? "[]") as EnvironmentFilePlan[], hostFiles));
  const request = JSON.parse(args[0] ?? "{}") as ReadRequest;
  const options: LoadOptions = {
    role: request.role,
    path: request.path,
    workingDirectory: request.workingDirectory,
    environment: host.environment(),
    instanceName: (path) => request.instance ?? instanceNameOf(path),
  };
  const result = loadPlan(options, hostFiles, hostYaml);
  if ("problems" in result) return JSON.stringify(result);
  /* The image builder's part is not for a running system. */
  const { plan, image: _image, ...rest } = result;
  return `{"plan":${packPlan(plan)},${JSON.stringify(rest).slice(1)}`;
}

function main(): number {
  const text = answer(host.args());
  let result = host.print(resultFd, text);
  if (result === -EBADF) result = host.print(1, `${text}\n`);
  return result < 0 ? 1 : 0;
}

host.exit(main());
