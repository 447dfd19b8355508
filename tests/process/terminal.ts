/** A command on a terminal of its own, with a user who types and reads by a script. */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { afterwards, children, watch } from "./gonit.ts";

/** Plays the orders of tests/children/pty-drive.c at a command. What was printed, and the command's exit code. */
export async function playTerminal(
  test: TestContext,
  folder: string,
  words: string[],
  script: string[],
): Promise<{ output: string; code: number }> {
  const file = join(folder, "script");
  writeFileSync(file, `limit 30\n${script.join("\n")}\n`);
  const child = spawn(join(children, "pty-drive"), [file, ...words], {
    cwd: folder,
    env: { ...process.env, PS1: "$ ", ENV: "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watched = watch(child);
  afterwards(test, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await watched.ended;
  });
  return { code: await watched.ended, output: watched.output() };
}
