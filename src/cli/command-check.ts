import { type Figures, figureLines, figuresOf, type HostLimits } from "../config/check.ts";
import { type KubernetesFigures, kubernetesFigures, kubernetesText } from "../config/check-kubernetes.ts";
import { ExitCode, Role } from "../contract.ts";
import { hardLimit, limitWarnings, readText } from "../control/limit-facts.ts";
import type { Command, Context } from "./command.ts";
import { loadForClient, reportProblems, roleOption } from "./configuration.ts";
import { print, printError, printJson } from "./output.ts";

export const command: Command = {
  usage: "check [FILE]",
  about:
    "Reads a configuration with all that belongs to it, tells every problem, and what it needs at most: processes, " +
    "descriptors, disk and time. Changes nothing and needs no running gonit.",
  options: [
    roleOption,
    {
      name: "--platform",
      short: "",
      value: "NAME",
      help: "kubernetes: prints what a pod has to grant (time to end, probes). As a container, unless --role is given.",
    },
  ],
  examples: [
    "gonit check",
    "gonit check new.yml",
    "gonit check --role vm image/system/config.yml",
    "gonit check --platform kubernetes",
  ],
  run,
};

function run(context: Context): number {
  const platform = context.options.text("--platform");
  if (platform !== null && platform !== "kubernetes") {
    printError(`cannot check for the platform "${platform}": only kubernetes is known`);
    return ExitCode.usage;
  }
  const result = loadForClient(context, platform === null ? {} : { role: "container" });
  if ("problems" in result) return reportProblems(context, result);
  const { plan } = result;
  const figures = figuresOf(plan, readLimits());
  // A machine's configuration is not carried out where it is checked.
  const warnings = [...result.warnings, ...(plan.role === Role.vm ? [] : limitWarnings(plan.services))];
  if (context.options.json) {
    printJson({
      ok: true,
      problems: [],
      problemCount: 0,
      warnings,
      sources: result.sources,
      figures,
      ...platformFigures(platform, figures),
    });
    return ExitCode.ok;
  }
  for (const warning of warnings) host.print(2, `warning: ${warning}\n`);
  if (platform !== null) {
    print(kubernetesText(figures));
    return ExitCode.ok;
  }
  const count = figures.services === 1 ? "1 service" : `${figures.services} services`;
  const files = result.sources.length === 1 ? "" : ` from ${result.sources.length} files`;
  print(
    [`the configuration is good: ${count}${files}`, "at most", ...figureLines(figures).map((line) => `  ${line}`)].join(
      "\n",
    ),
  );
  return ExitCode.ok;
}

function platformFigures(platform: string | null, figures: Figures): { kubernetes?: KubernetesFigures } {
  return platform === null ? {} : { kubernetes: kubernetesFigures(figures) };
}

/** The hard limits: gonit raises its own soft ones. */
function readLimits(): HostLimits {
  const text = readText("/proc/self/limits");
  return { processes: hardLimit(text, "Max processes"), descriptors: hardLimit(text, "Max open files") };
}
