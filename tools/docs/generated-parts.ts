/** Tables that stand in pages between two marks, and come from the definitions. */

import { configurationSchema } from "../../src/config/json-schema.ts";
import { Role, ShutdownMode } from "../../src/contract.ts";
import { rules } from "../../src/engine/rules.ts";
import { signalName } from "../../src/engine/words.ts";
import { roleTraits, type SignalMeaning } from "../../src/runtime/role-table.ts";
import { markdownTable } from "./markdown.ts";

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  not?: object;
}

/** The page with what stands between the marks of a part in place of what was there. */
export function withPart(page: string, part: string, text: string): string {
  const [begin, end] = [`<!-- ${part}: written by npm run docs -->`, `<!-- end of ${part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the marks of "${part}" are missing: ${begin} … ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}

/** Keys of the file and of a service that work, with what the schema says of them, which editors show. */
export function keyTables(): string {
  const schema = configurationSchema() as Schema;
  const service = schema.properties?.services?.anyOf?.[0]?.items ?? {};
  return ["Of the file:", keyTable(schema), "Of a service:", keyTable(service)].join("\n\n");
}

function keyTable({ properties = {} }: Schema): string {
  const known = Object.entries(properties).filter(([, { not }]) => not === undefined);
  return markdownTable(
    ["key", "meaning"],
    known.map(([key, { description }]) => [`\`${key}\``, description ?? ""]),
  );
}

const meanings: Record<SignalMeaning["meaning"], (meaning: SignalMeaning) => string> = {
  shutdown: (signal) => (signal.meaning === "shutdown" ? shutdownText(signal) : ""),
  "reload-config": () => "apply the configuration on disk",
  reopen: () => "open log files and control socket again",
};

function shutdownText({ mode, again }: Extract<SignalMeaning, { meaning: "shutdown" }>): string {
  const names: Record<number, string> = {
    [ShutdownMode.exit]: "stop and exit",
    [ShutdownMode.poweroff]: "power off",
    [ShutdownMode.reboot]: "reboot",
    [ShutdownMode.halt]: "halt",
  };
  return `${names[mode]}${again === "force" ? "; again: kill" : ""}`;
}

/** What signals to init mean in each role. */
/** What `why` says of each rule, by the engine's own name for it. */
export function ruleTable(): string {
  return markdownTable(
    ["rule", "what it says"],
    Object.entries(rules).map(([name, text]) => [`\`${name}\``, text]),
  );
}

export function signalTable(): string {
  const roles = [Role.vm, Role.container, Role.laptop].map((role) => roleTraits(role));
  const numbers = [...new Set(roles.flatMap(({ signals }) => Object.keys(signals).map(Number)))].sort((a, b) => a - b);
  const rows = numbers.map((number) => {
    const cells = roles.map(({ signals }) => {
      const signal = signals[number];
      return signal === undefined ? "nothing" : meanings[signal.meaning](signal);
    });
    return [`${signalName(number)} (${number})`, ...cells];
  });
  return markdownTable(["signal", "machine", "container", "laptop"], rows);
}
