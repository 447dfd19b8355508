/* The verbs of setup.mjs, once the npm packages are there. Each loads only its own part. */
import { Failure, type Tools } from "./run.ts";

type Command = (tools: Tools, words: string[]) => Promise<number>;

const COMMANDS: { [verb: string]: () => Promise<Command> } = {
  start: async () => (await import("./start.ts")).startCommand,
  build: async () => (await import("./build.ts")).buildCommand,
  test: async () => (await import("./test.ts")).testCommand,
  "test-long": async () => (await import("./test.ts")).testLongCommand,
  mutants: async () => (await import("./mutants.ts")).mutantsCommand,
  image: async () => (await import("./image/image-command.ts")).imageCommand,
  vm: async () => (await import("./vm/vm.ts")).vmCommand,
  bench: async () => (await import("./bench.ts")).benchCommand,
  check: async () => (await import("./check.ts")).checkCommand,
  format: async () => (await import("./check.ts")).formatCommand,
  docs: async () => (await import("./docs.ts")).docsCommand,
  contract: async () => (await import("./contract-files.ts")).contractCommand,
};

/** Runs one verb; the exit code. */
export async function main(verb: string | undefined, words: string[], tools: Tools): Promise<number> {
  const load = verb === undefined ? undefined : COMMANDS[verb];
  if (load === undefined) throw new Failure(`unknown verb ${verb}; there are ${Object.keys(COMMANDS).join(" ")} clean`);
  const command = await load();
  return command(tools, words);
}
