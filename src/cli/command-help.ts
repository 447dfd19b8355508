import { ExitCode } from "../contract.ts";
import { type Command, type CommandModule, type Context, commandOf } from "./command.ts";
import { commonOptions } from "./options.ts";
import { print, printError } from "./output.ts";
import { findVerb, groupTitles, type Verb, verbs } from "./verbs.ts";

export const command: Command = {
  usage: "help [VERB]",
  about: "Lists the verbs, or explains one.",
  options: [],
  examples: ["gonit help", "gonit help logs"],
  run,
};

function run(context: Context): number {
  const name = context.words[0];
  if (name === undefined) {
    print(overview());
    return ExitCode.ok;
  }
  const verb = findVerb(name);
  if (verb === undefined) {
    printError(`cannot explain ${name}: there is no such verb; gonit help lists them`);
    return ExitCode.usage;
  }
  const loaded = host.load(`cli/${verb.module}`) as CommandModule;
  print(explanation(commandOf(loaded, verb.name)));
  return ExitCode.ok;
}

function overview(): string {
  const lines = ["gonit - init system and service manager", "", "usage: gonit VERB [OPTION…] [NAME…]"];
  for (const group of Object.keys(groupTitles) as Verb["group"][]) {
    lines.push("", groupTitles[group]);
    for (const verb of verbs) {
      if (verb.group !== group) continue;
      const names = [verb.name, ...verb.aliases].join(", ");
      lines.push(`  ${names.padEnd(38)} ${verb.summary}`);
    }
  }
  lines.push("", "gonit help VERB explains one. NAME may be a glob (worker-*) or tag:NAME.");
  return lines.join("\n");
}

function explanation(command: Command): string {
  const lines = [`usage: gonit ${command.usage}`, "", ...wrapped(command.about), "", "Options"];
  for (const { name, short, value, help } of [...command.options, ...commonOptions]) {
    const shown = [short, name].filter((text) => text !== "").join(", ") + (value === "" ? "" : ` ${value}`);
    lines.push(`  ${shown.padEnd(24)} ${help}`);
  }
  if (command.examples.length > 0) lines.push("", "Examples", ...command.examples.map((example) => `  ${example}`));
  return lines.join("\n");
}

function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > 78) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
