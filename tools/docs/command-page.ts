/** The page about gonit's command line, from what each verb says of itself. */

import { type Command, type CommandModule, commandOf, type OptionSpec } from "../../src/cli/command.ts";
import { commonOptions } from "../../src/cli/options.ts";
import { groupTitles, type Verb, verbs } from "../../src/cli/verbs.ts";
import { ExitCode } from "../../src/contract.ts";
import { markdownTable } from "./markdown.ts";

const exitTexts: Record<keyof typeof ExitCode, string> = {
  ok: "all went well",
  failed: "it failed; the reason stands on standard error",
  usage: "the command line, or the configuration of a start, cannot be used",
  notRunning: "a service that was asked for does not run",
  noSuchService: "there is no such service",
  unreachable: "no gonit answers on the control socket",
  refused: "this user may not do that, or gonit will not",
  timedOut: "the time that was given ran out",
  notExecutable: "of a system: the critical service's program cannot be executed",
  notFound: "of a system: the critical service's program is not there",
  forced: "of a system: ended by a second Ctrl-C",
};

export const environment: [string, string][] = [
  [
    "GONIT_SOCKET",
    "the control socket to talk to, when `--socket` does not name one; services get that of their own gonit",
  ],
  ["GONIT_ROLE", "whose defaults `check`, `config`, `plan` and `simulate` use: `vm`, `container` or `laptop`"],
  ["GONIT_LOG_FORMAT", "form of gonit's own messages: `text`, `logfmt` or `json`"],
  ["XDG_RUNTIME_DIR", "where the control sockets of users other than root are, in the folder `gonit`"],
  ["NO_COLOR", "when set, nothing is coloured"],
  ["TERM", "`dumb`: nothing is coloured"],
  ["COLUMNS", "width of tables where the terminal does not tell its own"],
  ["LC_ALL, LC_CTYPE, LANG", "whether the terminal shows UTF-8, for `graph`"],
];

/** Loads the module of a verb. */
export type LoadModule = (module: string) => Promise<CommandModule>;

export async function commandPage(load: LoadModule): Promise<string> {
  const parts = [
    "# gonit",
    "<!-- Written by npm run docs from what each verb says of itself (src/cli). -->",
    "Every verb of the command line with its options. `gonit help VERB` tells the same.",
    "```\ngonit VERB [OPTION…] [NAME…]\n```",
    "NAME is the name of a service, a glob such as `worker-*`, or `tag:NAME` for all services with that tag. Options may stand " +
      "before or behind names, their values behind a blank or `=`; behind `--` everything is a word.",
  ];
  const titles = Object.entries(groupTitles) as [Verb["group"], string][];
  for (const [group, title] of titles) {
    parts.push(`## ${title}`);
    // start, stop, restart and reload are one.
    const names = new Map<Command, string[]>();
    for (const verb of verbs.filter((one) => one.group === group)) {
      const command = commandOf(await load(verb.module), verb.name);
      names.set(command, [...(names.get(command) ?? []), verb.name, ...verb.aliases]);
    }
    for (const [command, verbNames] of names) parts.push(...verbParts(verbNames, command));
  }
  parts.push("## Options of every verb", optionTable(commonOptions));
  parts.push(
    "## Exit codes",
    exitTable(),
    "The end of a container or of a system on a laptop has the code of its critical service, if there is one: its own, or 128 and the number of the signal that ended it.",
  );
  parts.push(
    "## Environment",
    markdownTable(
      ["variable", "meaning"],
      environment.map(([name, text]) => [code(name), text]),
    ),
  );
  return `${parts.join("\n\n")}\n`;
}

function code(text: string): string {
  return text
    .split(", ")
    .map((part) => `\`${part}\``)
    .join(", ");
}

function verbParts(names: string[], { usage, about, options, examples }: Command): string[] {
  const parts = [`### ${names.join(", ")}`, `\`\`\`\n${usage.split(" · ").map(usageLine).join("\n")}\n\`\`\``, about];
  if (options.length > 0) parts.push(optionTable(options));
  if (examples.length > 0) parts.push(`\`\`\`\n${examples.join("\n")}\n\`\`\``);
  return parts;
}

function usageLine(usage: string): string {
  return usage.startsWith("gonit ") ? usage : `gonit ${usage}`;
}

function optionTable(options: OptionSpec[]): string {
  const rows = options.map(({ name, short, value, help }) => {
    const spelled = [short, name]
      .filter((text) => text !== "")
      .map((text) => (value === "" ? text : `${text} ${value}`));
    return [spelled.map((text) => `\`${text}\``).join(", "), help];
  });
  return markdownTable(["option", "meaning"], rows);
}

function exitTable(): string {
  const codes = Object.entries(ExitCode) as [keyof typeof ExitCode, number][];
  return markdownTable(
    ["code", "meaning"],
    codes.map(([name, number]) => [String(number), exitTexts[name]]),
  );
}
