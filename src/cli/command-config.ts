import { configText } from "../config/config-output.ts";
import type { FileAccess } from "../config/files.ts";
import { hostYaml } from "../config/host-files.ts";
import { loadPlan } from "../config/load.ts";
import { filesBelow, machineOptions, storedPlan } from "../config/stored-plan.ts";
import { ExitCode } from "../contract.ts";
import { ClientEnd } from "./client-end.ts";
import type { Command, Context } from "./command.ts";
import { loadForClient, reportProblems, roleOption } from "./configuration.ts";
import { print, printError, printJson } from "./output.ts";

export const command: Command = {
  usage: "config [FILE]",
  about:
    "Prints the configuration as gonit sees it: all files merged, short forms written out, variables replaced and every " +
    "default in its place. What is printed is a configuration itself and means the same.",
  options: [
    roleOption,
    {
      name: "--root",
      short: "",
      value: "FOLDER",
      help: "The configuration of the machine whose root file system is in this folder, as that machine finds it.",
    },
    {
      name: "--stored",
      short: "",
      value: "",
      help: "With --root: the machine's plan as its file /system/config.plan, by which it starts without reading the rest.",
    },
  ],
  examples: [
    "gonit config",
    "gonit config --role container config.yml",
    "gonit config --root image --stored > image/system/config.plan",
  ],
  run,
};

function run(context: Context): number {
  const root = context.options.text("--root");
  const isStored = context.options.has("--stored");
  if (root === null && isStored) {
    printError("cannot store a plan without --root: name the folder that is the machine's root file system");
    return ExitCode.usage;
  }
  if (root !== null && isStored) return printStored(context, root);
  const result = root === null ? loadForClient(context) : loadPlan(machineOptions, machineFiles(root), hostYaml);
  if ("problems" in result) return reportProblems(context, result);
  for (const warning of result.warnings) host.print(2, `warning: ${warning}\n`);
  if (context.options.json) printJson({ ...result.plan, image: result.image });
  else print(configText(result.plan, result.image));
  return ExitCode.ok;
}

function machineFiles(root: string): FileAccess {
  const real = host.realPath(root);
  if (typeof real === "string") return filesBelow(real === "/" ? "" : real);
  printError(`cannot read the folder ${root}: ${host.errnoText(real)}`);
  throw new ClientEnd(ExitCode.usage);
}

function printStored(context: Context, root: string): number {
  const result = storedPlan(machineFiles(root), hostYaml);
  if ("problems" in result) return reportProblems(context, result);
  host.print(1, result.text);
  return ExitCode.ok;
}
