/* `npm start`: builds what is stale, then boots the origin's configuration with this terminal. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { buildVariant, openWorkshop } from "./build.ts";
import { Failure, type Tools } from "./run.ts";

const CONFIGURATION = "examples/origin/config.yml";

/* Node must outlive gonit, or the shell would take the terminal back while gonit still restores it. */
const CAUGHT = ["SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/** Keys of a terminal signal the whole foreground group: gonit has had those already, and a second one means haste. */
function isFromTerminal(signal: (typeof CAUGHT)[number]): boolean {
  return process.stdin.isTTY === true && (signal === "SIGINT" || signal === "SIGQUIT");
}

export async function startCommand(tools: Tools, words: string[]): Promise<number> {
  const program = await buildVariant(await openWorkshop(tools), "release");
  tools.unlock();
  return await new Promise((resolve, reject) => {
    const child = spawn(program, ["up", "--isolated", "-f", join(tools.root, CONFIGURATION), ...words], {
      cwd: tools.root,
      stdio: "inherit",
    });
    for (const signal of CAUGHT) {
      process.on(signal, () => {
        if (!isFromTerminal(signal)) child.kill(signal);
      });
    }
    child.on("error", (error) => reject(new Failure(`cannot run ${program}: ${error.message}`)));
    child.on("close", (code, signal) => {
      for (const name of CAUGHT) process.removeAllListeners(name);
      if (signal !== null) process.kill(process.pid, signal);
      resolve(code ?? 1);
    });
  });
}
