/* The two files that are generated from contract/contract.ts: writing them, and whether they are fresh. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { contractHeader, contractModule } from "./contract.ts";
import type { Tools } from "./run.ts";

function contractFiles(): Map<string, string> {
  return new Map([
    ["host/contract.h", contractHeader()],
    ["src/contract.ts", contractModule()],
  ]);
}

/** Paths of the generated files that differ from what would be generated. */
export function staleContractFiles(root: string): string[] {
  const isStale = ([path, text]: [string, string]): boolean => {
    return !existsSync(join(root, path)) || readFileSync(join(root, path), "utf8") !== text;
  };
  return [...contractFiles()].filter(isStale).map(([path]) => path);
}

export async function contractCommand(tools: Tools): Promise<number> {
  const stale = staleContractFiles(tools.root);
  for (const path of stale) writeFileSync(join(tools.root, path), contractFiles().get(path) as string);
  console.log(stale.length === 0 ? "The generated files are fresh." : `Wrote ${stale.join(" and ")}.`);
  return 0;
}
