/** The client as a process beside the test, which goes on meanwhile. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { binary, type Started, watch } from "./gonit.ts";

/** Resolves with the exit code and all that it printed. */
export function clientBeside(
  gonit: Started,
  verb: string,
  ...words: string[]
): Promise<{ code: number; text: string }> {
  const socket = join(gonit.folder, "control.sock");
  const child = spawn(binary(), [verb, "--socket", socket, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  const { ended, output } = watch(child);
  return ended.then((code) => ({ code, text: output() }));
}
