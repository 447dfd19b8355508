/** The published schemas of what reading verbs print with `--json`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Declarations, type Schema } from "./type-schema.ts";

const sources = [
  "src/engine/instance.ts",
  "src/engine/plan.ts",
  "src/engine/view.ts",
  "src/engine/view-graph.ts",
  "src/control/history.ts",
  "src/control/messages.ts",
  "src/control/networking-status.ts",
  "src/cli/json-shapes.ts",
  "src/cli/look/start-analysis.ts",
];

/** By verb, with the type that it prints. */
const shapes: Record<string, string> = {
  analyze: "AnalyzeOutput",
  events: "EventOutput",
  graph: "SystemGraph",
  health: "HealthOutput",
  logs: "LogsOutput",
  networking: "NetworkingStatus",
  plan: "PlanResult",
  status: "SystemStatus",
  "status-at": "PastStatus",
  version: "VersionOutput",
  why: "WhyOutput",
};

export function outputSchema(root: string): Schema {
  const declarations = new Declarations();
  for (const path of sources) declarations.add(readFileSync(join(root, path), "utf8"));
  const definitions = Object.fromEntries(
    Object.entries(shapes).map(([verb, name]) => [verb, declarations.schema(name)]),
  );
  return { $schema: "http://json-schema.org/draft-07/schema#", title: "what gonit VERB --json prints", definitions };
}
