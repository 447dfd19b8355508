import { ExitCode } from "../../contract.ts";
import { emptyPast, pastAt, readHistory } from "../../control/history.ts";
import type { Command, Context } from "../command.ts";
import { ask, connect } from "../connection.ts";
import type { AnalyzeOutput } from "../json-shapes.ts";
import { painter, print, printError, printJson, table } from "../output.ts";
import { spanText } from "./event-words.ts";
import { formatOption, unknownFormat } from "./format.ts";
import {
  analyseBoot,
  analyseStart,
  type BootAnalysis,
  type ServiceStart,
  type StartAnalysis,
} from "./start-analysis.ts";
import { startSvg } from "./start-svg.ts";

const formats = ["text", "svg", "json"];

export const analyze: Command = {
  usage: "analyze [boot] [--last] [--format text|svg|json]",
  about:
    "Shows how long the start took: of each service what it waited, how long its program took to begin, and how long it " +
    "took to be ready; and the chain of services that held up the rest. With boot also the kernel, an initramfs and init.",
  options: [
    { name: "--last", short: "", value: "", help: "The last start of each service. Default: its first one." },
    formatOption(formats, "text, svg or json."),
  ],
  examples: ["gonit analyze", "gonit analyze boot", "gonit analyze --format svg > start.svg"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  if (words.length > 1 || (words[0] ?? "boot") !== "boot") {
    printError(`cannot analyze ${words.join(" ")}: there is gonit analyze and gonit analyze boot`);
    return ExitCode.usage;
  }
  const format = options.json ? "json" : (options.text("--format") ?? "text");
  if (!formats.includes(format)) return unknownFormat(context, format, formats);
  const connection = connect(context);
  const { texts } = ask(context, connection, "history", { follow: false });
  const graph = ask(context, connection, "graph", {});
  const { role } = ask(context, connection, "version", {});
  connection.close();
  const history = readHistory(texts);
  const past = history === null ? emptyPast() : pastAt(history, Number.POSITIVE_INFINITY);
  const analysis = analyseStart(past, graph, options.has("--last") ? "last" : "first");
  const boot = words.length === 0 ? null : analyseBoot(past, role, analysis);
  if (format === "json") printJson((boot === null ? analysis : { boot, ...analysis }) satisfies AnalyzeOutput);
  else if (format === "svg") print(startSvg(analysis, boot));
  else print(shown(analysis, boot, context));
  return ExitCode.ok;
}

function shown(analysis: StartAnalysis, boot: BootAnalysis | null, context: Context): string {
  const { services, chain, totalMs } = analysis;
  const lines: string[] = [];
  if (boot !== null) lines.push(...bootLines(boot), "");
  if (chain.length === 0) return [...lines, "no service is ready yet"].join("\n");
  lines.push(`${chain[0]} was the last to be ready, ${spanText(totalMs)} after gonit began`);
  lines.push("", "what it waited for, the last first");
  const byName = new Map(services.map((service) => [service.name, service]));
  const paint = painter(context.options);
  const held = chain.map((name) => chainRow(byName.get(name) as ServiceStart));
  lines.push(
    table(held, (cell) => cell),
    "",
  );
  const rows = services.map((service) => serviceRow(service));
  lines.push(
    table([["SERVICE", "WAITED", "SPAWN", "UNTIL READY", "READY AT"], ...rows], (cell, row, column) => {
      if (row === 0) return paint(cell, "dim");
      return column === 0 && chain.includes(cell) ? paint(cell, "bold") : cell;
    }),
  );
  return lines.join("\n");
}

function chainRow({ name, spawnMs, untilReadyMs, readyAtMs }: ServiceStart): string[] {
  return [
    `  ${name}`,
    `took ${spanText((spawnMs ?? 0) + (untilReadyMs ?? 0))}`,
    `ready at ${spanText(readyAtMs ?? 0)}`,
  ];
}

function serviceRow({ name, state, waitedMs, spawnMs, untilReadyMs, readyAtMs }: ServiceStart): string[] {
  const span = (ms: number | null): string => (ms === null ? "-" : spanText(ms));
  return [name, span(waitedMs), span(spawnMs), span(untilReadyMs), readyAtMs === null ? state : spanText(readyAtMs)];
}

function bootLines({ kernelMs, initramfsMs, initMs, servicesMs, totalMs, unknown }: BootAnalysis): string[] {
  const rows = [
    ["kernel", kernelMs],
    ["initramfs", initramfsMs],
    ["init", initMs],
    ["services", servicesMs],
    ["total", totalMs],
  ] as const;
  const known = rows.flatMap(([name, ms]) => (ms === null ? [] : [`${name.padEnd(10)} ${spanText(ms)}`]));
  return [...known, ...unknown.map((text) => `not known: ${text}`)];
}
