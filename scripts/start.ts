/* `npm start`: builds what is stale, then boots the origin's configuration with this terminal. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure, type Tools } from "./run.ts";

const CONFIGURATION = "examples/origin/config.yml";

/* Node must outlive gonit, or the shell would take the terminal back while gonit still restores it. */
const CAUGHT = ["SIGINT", "SIGQUIT", "SIGHUP", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/** Keys of a terminal signal the whole foreground group: gonit has had those already, and a second one means haste. */
function isFromTerminal(signal: (typeof CAUGHT)[number]): boolean {
  return process.stdin.isTTY === true && (signal === "SIGINT" || signal === "SIGQUIT");
}

/** What a build is made from. Sources that an override names can change without a trace here. */
const INPUTS = ["package.json", "package-lock.json", "contract", "host", "scripts", "src"];

/**
 * Builds gonit unless all that it is made from is as it was at the last build: asking the compilers and the bundler
 * takes longer than the whole start.
 */
async function freshProgram(tools: Tools): Promise<string> {
  const program = join(tools.root, "dist/gonit");
  const record = join(tools.root, ".cache/started-from");
  const inputs = await tools.hashFiles(INPUTS);
  const stamp = (): string => {
    const { size, mtimeMs } = statSync(program);
    return `${inputs} ${size} ${mtimeMs}`;
  };
  const overridden = process.env.QUICKJS_SRC !== undefined || process.env.LIBYAML_SRC !== undefined;
  if (!overridden && existsSync(program) && existsSync(record)) {
    if (readFileSync(record, "utf8") === stamp()) return program;
  }
  const { buildVariant, openWorkshop } = await import("./build.ts");
  const { stop: stopBundler } = await import("esbuild"); // its process would stay as long as gonit does
  const shop = await openWorkshop(tools);
  await tools.step("Building gonit", () => buildVariant(shop, "release"));
  await stopBundler();
  if (overridden) rmSync(record, { force: true });
  else writeFileSync(record, stamp());
  return program;
}

export async function startCommand(tools: Tools, words: string[]): Promise<number> {
  const program = await freshProgram(tools);
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
