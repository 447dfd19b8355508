import { ExitCode } from "../../contract.ts";
import type { Command, Context } from "../command.ts";
import { print, printError } from "../output.ts";
import bash from "./completion-bash.txt";
import fish from "./completion-fish.txt";
import { candidatesFor } from "./completion-words.ts";
import zsh from "./completion-zsh.txt";

const scripts: Record<string, string> = { bash, zsh, fish };

export const completion: Command = {
  usage: "completion bash|zsh|fish",
  about:
    "Prints a script that lets a shell complete verbs, options, their values, and the services of the running instance. " +
    "The script asks gonit each time: it is the same for every version.",
  options: [],
  examples: ["source <(gonit completion bash)", "gonit completion fish > ~/.config/fish/completions/gonit.fish"],
  run,
};

function run({ words }: Context): number {
  const [what, ...rest] = words;
  if (what === "candidates") {
    // The scripts' question, behind `--`: what is typed so far.
    print(
      candidatesFor(rest)
        .map(({ word, help }) => `${word}\t${help}\n`)
        .join(""),
    );
    return ExitCode.ok;
  }
  const script = scripts[what ?? ""];
  if (script === undefined || rest.length > 0) {
    printError("cannot complete: name one shell, bash, zsh or fish");
    return ExitCode.usage;
  }
  print(script);
  return ExitCode.ok;
}
