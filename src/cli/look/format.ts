import { ExitCode } from "../../contract.ts";
import type { Context, OptionSpec } from "../command.ts";
import { printError } from "../output.ts";

export function formatOption(choices: readonly string[], help: string): OptionSpec {
  return { name: "--format", short: "", value: "FORMAT", choices, help };
}

/** Tells which there are; the exit code. */
export function unknownFormat({ verb }: Context, format: string, known: readonly string[]): number {
  printError(`cannot ${verb} as ${format}: the formats are ${known.join(", ")}`);
  return ExitCode.usage;
}
