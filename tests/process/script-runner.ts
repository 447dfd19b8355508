/** A script of this folder, run in gonit's own script engine (tests/children/runs-script.c): data in, data out, as JSON. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { children } from "./gonit.ts";

export class ScriptRunner {
  private readonly folder = mkdtempSync(join(tmpdir(), "gonit-script-"));
  private readonly script = join(this.folder, "script.js");

  /** `file`: path from the project's folder. */
  constructor(file: string) {
    buildSync({
      entryPoints: [file],
      outfile: this.script,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2023",
    });
  }

  run(input: unknown): unknown {
    const [from, to] = [join(this.folder, "input.json"), join(this.folder, "output.json")];
    writeFileSync(from, JSON.stringify(input));
    execFileSync(join(children, "runs-script"), [this.script, from, to], { timeout: 60_000 });
    return JSON.parse(readFileSync(to, "utf8"));
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
