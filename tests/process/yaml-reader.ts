/** gonit's own reading of many YAML texts at once: libyaml and the script engine, in one process of their own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import type { Outcome } from "../config/yaml-meaning.ts";
import { children } from "./gonit.ts";

export class YamlReader {
  private readonly folder = mkdtempSync(join(tmpdir(), "gonit-yaml-"));
  private readonly script = join(this.folder, "script.js");

  constructor() {
    buildSync({
      entryPoints: ["tests/process/read-yaml-script.ts"],
      outfile: this.script,
      bundle: true,
      format: "esm",
      platform: "neutral",
      target: "es2023",
    });
  }

  read(texts: string[]): Outcome[] {
    const [from, to] = [join(this.folder, "texts.json"), join(this.folder, "outcomes.json")];
    writeFileSync(from, JSON.stringify(texts));
    execFileSync(join(children, "runs-script"), [this.script, from, to], { timeout: 60_000 });
    return JSON.parse(readFileSync(to, "utf8")) as Outcome[];
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }
}
