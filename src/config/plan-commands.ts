/** Commands of the plan: texts split or given to a shell, and the command of a service that names none. */

import type { CommandPlan } from "../engine/plan.ts";
import { builtinSettings } from "./builtin-settings.ts";
import type { CollectedService, Merged } from "./collect.ts";
import type { Variables } from "./expand.ts";
import type { FileAccess } from "./files.ts";
import { servicesFolder } from "./find.ts";
import { folderOf, type Place, placeOf, resolvePath, type ScalarNode } from "./node.ts";
import type { Problems } from "./problems.ts";
import { splitCommand } from "./split-command.ts";
import type { SystemValues } from "./system-keys.ts";
import type { CommandSource } from "./values.ts";

/** Services that this binary carries itself. */
export const builtins: readonly string[] = ["networking", "terminals"];

const shell = "/bin/sh";

export interface CommandContext {
  role: number;
  /** The keys of the whole file. */
  system: Merged<SystemValues>;
  variables: Variables;
  problems: Problems;
  files: FileAccess;
  /** Whether a relative program is looked for beside its file: where the service does not start there anyway. */
  besideFile: boolean;
}

/** null: there are problems. */
export function planCommand(
  source: CommandSource,
  service: CollectedService,
  context: CommandContext,
): CommandPlan | null {
  const argv = source.kind === "list" ? source.argv : wordsOf(source.node, service, context);
  if (argv === null) return null;
  const program = argv[0] as string;
  const isRelative =
    context.besideFile && service.values.directory === undefined && !program.startsWith("/") && program.includes("/");
  if (isRelative) argv[0] = resolvePath(folderOf(source.node.document.path), program);
  return { argv, builtin: null };
}

function wordsOf(node: ScalarNode, service: CollectedService, context: CommandContext): string[] | null {
  const { problems } = context;
  if (node.text.includes("\0")) {
    problems.at(node, "value", "cannot run this: the command holds a zero byte");
    return null;
  }
  if (service.values.shell === true) {
    if (/\S/.test(node.text)) return [shell, "-c", node.text];
    problems.at(node, "value", "cannot run this: the command is empty");
    return null;
  }
  const split = splitCommand(node.text, context.variables);
  if ("error" in split) {
    const place = placeWithin(node, split.from, split.to);
    problems.at(node, "command", `cannot split this command: ${split.error}`, { place, fix: split.fix });
    return null;
  }
  if (split.words.length > 0 && split.words[0] !== "") return split.words;
  problems.at(node, "value", "cannot run this: the command is empty", {
    fix: "write the program first, then its arguments",
  });
  return null;
}

/** A part of a text, where what is written is what it says; else the whole text. */
function placeWithin(node: ScalarNode, from: number, to: number): Place {
  const place = placeOf(node);
  const quotes = node.plain ? 0 : 1;
  const isOneToOne = place.endColumn - place.column === [...node.text].length + 2 * quotes;
  if (!isOneToOne) return place;
  const start = place.column + quotes + [...node.text.slice(0, from)].length;
  return { ...place, column: start, endColumn: start + Math.max(1, [...node.text.slice(from, to)].length) };
}

/** What a service without a command runs. */
export function defaultCommand(service: CollectedService, context: CommandContext): CommandPlan | null {
  const { name } = service;
  const program = `${servicesFolder}/${name}/bin/${name}`;
  if (context.files.kindOf(program) === "file") return { argv: [program], builtin: null };
  if (builtins.includes(name) || service.nodes.length === 0) {
    const settings = builtinSettings(name, context.role, context.system);
    return { argv: [name], builtin: name, ...(settings === null ? {} : { settings }) };
  }
  // With a command that has problems of its own nothing is missing.
  if (service.nodes.some(({ keys }) => keys.some(({ text }) => text === "command")) && !service.whole) return null;
  const node = service.nodes[0];
  if (node !== undefined) {
    context.problems.at(
      node,
      "no-command",
      `cannot run the service ${name}: it has no command, and there is no ${program}`,
      {
        fix: "add command: PROGRAM ARGUMENTS",
      },
    );
  }
  return null;
}
