import { figureLines, figuresOf, type HostLimits } from "../config/check.ts";
import { ExitCode } from "../contract.ts";
import type { Command, Context } from "./command.ts";
import { loadForClient, reportProblems, roleOption } from "./configuration.ts";
import { print, printJson } from "./output.ts";

export const command: Command = {
  usage: "check [FILE]",
  about:
    "Reads a configuration with all that belongs to it, tells every problem, and what it needs at most: processes, " +
    "descriptors, disk and time. Changes nothing and needs no running gonit.",
  options: [roleOption],
  examples: ["gonit check", "gonit check new.yml", "gonit check --role vm image/system/config.yml"],
  run,
};

function run(context: Context): number {
  const result = loadForClient(context);
  if ("problems" in result) return reportProblems(context, result);
  const figures = figuresOf(result.plan, readLimits());
  if (context.options.json) {
    printJson({ ok: true, problems: [], problemCount: 0, warnings: result.warnings, sources: result.sources, figures });
    return ExitCode.ok;
  }
  for (const warning of result.warnings) host.print(2, `warning: ${warning}\n`);
  const count = figures.services === 1 ? "1 service" : `${figures.services} services`;
  const files = result.sources.length === 1 ? "" : ` from ${result.sources.length} files`;
  print(
    [`the configuration is good: ${count}${files}`, "at most", ...figureLines(figures).map((line) => `  ${line}`)].join(
      "\n",
    ),
  );
  return ExitCode.ok;
}

/** The hard limits: gonit raises its own soft ones. */
function readLimits(): HostLimits {
  const data = host.readFile("/proc/self/limits", 64 * 1024);
  const text = typeof data === "number" ? "" : host.decodeUtf8(data);
  return { processes: hardLimit(text, "Max processes"), descriptors: hardLimit(text, "Max open files") };
}

function hardLimit(text: string, name: string): number | null {
  const line = text.split("\n").find((one) => one.startsWith(name)) ?? "";
  const hard = line.slice(name.length).trim().split(/\s+/)[1];
  return hard === undefined || hard === "unlimited" ? null : Number(hard);
}
