import { ExitCode } from "../../contract.ts";
import type { SystemGraph } from "../../engine/view-graph.ts";
import type { Command, Context } from "../command.ts";
import { ask, connect } from "../connection.ts";
import { painter, print, printJson, variable } from "../output.ts";
import { formatOption, unknownFormat } from "./format.ts";
import { graphDot } from "./graph-dot.ts";
import { graphSvg } from "./graph-svg.ts";
import { around, graphText } from "./graph-text.ts";

export const graph: Command = {
  usage: "graph [--format text|dot|svg|json] [NAME…]",
  about:
    "Shows what depends on what, and the states. As text each service stands above what it depends on; in brackets what " +
    "it asks of it. With names only these, what they depend on, and what depends on them.",
  options: [formatOption(["text", "dot", "svg", "json"], "text, dot (for Graphviz), svg or json.")],
  examples: ["gonit graph", "gonit graph web", "gonit graph --format svg > system.svg"],
  run,
};

function run(context: Context): number {
  const { words, options } = context;
  const format = context.options.json ? "json" : (options.text("--format") ?? "text");
  const show = formats[format];
  if (show === undefined) return unknownFormat(context, format, Object.keys(formats));
  const connection = connect(context);
  const whole = ask(context, connection, "graph", {});
  const named = new Set(words.length === 0 ? [] : namesOf());
  connection.close();
  show(named.size === 0 ? whole : around(whole, named), context, named);
  return ExitCode.ok;

  function namesOf(): string[] {
    return ask(context, connection, "status", { names: words }).services.map(({ name }) => name);
  }
}

type Show = (graph: SystemGraph, context: Context, named: Set<string>) => void;

const formats: Record<string, Show> = {
  text: (graph, context, named) =>
    print(graphText(graph, { paint: painter(context.options), named, unicode: isUnicode() })),
  dot: (graph) => print(graphDot(graph)),
  svg: (graph) => print(graphSvg(graph)),
  json: (graph) => printJson(graph),
};

/** Whether the terminal shows more than ASCII, as locale(7) tells. */
function isUnicode(): boolean {
  return /utf-?8/i.test(variable("LC_ALL") || variable("LC_CTYPE") || variable("LANG"));
}
