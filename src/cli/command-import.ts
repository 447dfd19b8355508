import { hostFiles, hostYaml } from "../config/host-files.ts";
import { didYouMean } from "../config/suggest.ts";
import { ExitCode } from "../contract.ts";
import { type Imported, importFiles } from "../import/import.ts";
import { type Kind, kinds } from "../import/kinds.ts";
import { notesText } from "../import/notes-text.ts";
import { Unusable } from "../import/sources.ts";
import type { Command, Context } from "./command.ts";
import { print, printError, printJson } from "./output.ts";

export const command: Command = {
  usage: "import FILE|DIRECTORY… [--from KIND]",
  about:
    "Prints a config.yml that does what another manager's files say, and on standard error what was not carried over and " +
    `why. Knows ${kinds.join(", ")}, by name and content. Writes no file and starts nothing.`,
  options: [{ name: "--from", short: "", value: "KIND", help: `One of ${kinds.join(", ")}. Default: recognised.` }],
  examples: [
    "gonit import Procfile > config.yml",
    "gonit import /etc/supervisor/supervisord.conf",
    "gonit import /etc/systemd/system/web.service",
    "gonit import --from runit /etc/sv",
  ],
  run,
};

function run(context: Context): number {
  const from = context.options.text("--from");
  if (from !== null && !(kinds as readonly string[]).includes(from)) {
    const near = didYouMean(from, kinds);
    printError(`cannot import from "${from}": it is none of ${kinds.join(", ")}${near === "" ? "" : `; ${near}`}`);
    return ExitCode.usage;
  }
  if (context.words.length === 0) {
    printError("cannot import nothing: name a file or a folder; see gonit help import");
    return ExitCode.usage;
  }
  try {
    const options = {
      paths: context.words,
      kind: from as Kind | null,
      workingDirectory: host.workingDirectory(),
      encodeUtf8: (text: string) => host.encodeUtf8(text),
    };
    return report(context, importFiles(options, hostFiles, hostYaml));
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    if (context.options.json) printJson({ ok: false, problems: [error.message] });
    else printError(error.message);
    return ExitCode.failed;
  }
}

function report(context: Context, imported: Imported): number {
  const { kind, text, services, notes, notesMore, problems } = imported;
  const ok = problems.length === 0;
  if (context.options.json) {
    printJson({
      ok,
      kind,
      configuration: text,
      services,
      notCarriedOver: notes,
      notCarriedOverMore: notesMore,
      problems,
    });
  } else {
    print(text);
    host.print(2, notesText(imported));
    for (const problem of problems) host.print(2, `${problem}\n`);
    if (!ok) printError("the configuration cannot be used as it is: see the problems above");
  }
  return ok ? ExitCode.ok : ExitCode.failed;
}
