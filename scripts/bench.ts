/*
 * `npm run bench [PATTERN ...]`: builds gonit and the programs of bench/, and runs the measurements of bench/*.bench.ts
 * whose names hold a pattern. Speed depends on the machine, so nothing of it is asserted: each figure stands beside what
 * was measured in the same run.
 */
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { build } from "esbuild";
import { buildVariant, openWorkshop, type Workshop } from "./build.ts";
import { type Compilation, compileAll } from "./c-objects.ts";
import { link } from "./link.ts";
import { preparePrograms } from "./programs.ts";
import { Failure, mustRun, type Tools } from "./run.ts";
import { parseHead } from "./test-c.ts";
import { vmPrograms } from "./test-programs.ts";
import { compileFlags } from "./toolchain.ts";

/** Links one C program of bench/ with what its head names; where it lies. */
async function buildProgram(shop: Workshop, name: string): Promise<void> {
  const flags = [...compileFlags(shop.tools, shop.sources, "release", "ours"), `-DGONIT_VERSION="${shop.version}"`];
  const own = (source: string): Compilation => ({
    compiler: shop.tools.musl,
    source: join(shop.root, source),
    object: join(shop.root, ".cache/objects/bench", `${source.replaceAll("/", "+")}.o`),
    flags,
  });
  const file = `bench/${name}`;
  const { parts } = parseHead(file, readFileSync(join(shop.root, file), "utf8"));
  const all = [own(file), ...parts.map((part) => own(`host/${part}`))];
  await compileAll(all, shop.tools.version);
  await link(shop, join(shop.root, ".cache/bench", basename(name, ".c")), all, "release");
}

/** Builds the C programs of bench/. The tests do so too, since the parts that a program names change. */
export async function buildBenchPrograms(shop: Workshop): Promise<void> {
  mkdirSync(join(shop.root, ".cache/bench"), { recursive: true });
  const names = readdirSync(join(shop.root, "bench")).filter((name) => name.endsWith(".c"));
  for (const name of names.sort()) await buildProgram(shop, name);
}

export async function benchCommand(tools: Tools, patterns: string[]): Promise<number> {
  const shop = await openWorkshop(tools);
  const binary = await buildVariant(shop, "release");
  await buildBenchPrograms(shop);
  const chosen = readdirSync(join(tools.root, "bench"))
    .sort()
    .filter((name) => name.endsWith(".bench.ts"))
    .filter((name) => patterns.length === 0 || patterns.some((word) => name.includes(word)));
  if (chosen.length === 0) throw new Failure(`no measurement's name holds ${patterns.join(" or ")}`);
  const machines = chosen.includes("boot.bench.ts");
  if (machines) await preparePrograms(tools, ["vm"]);
  const forMachines = machines ? await vmPrograms(tools) : {};
  tools.unlock();
  for (const name of chosen) {
    const bundle = join(tools.root, ".cache/bench", `${basename(name, ".ts")}.mjs`);
    await build({
      entryPoints: [join(tools.root, "bench", name)],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile: bundle,
      logLevel: "error",
    });
    const env = { ...process.env, GONIT_BINARY: binary, GONIT_BENCH: join(tools.root, ".cache/bench"), ...forMachines };
    await mustRun(`run ${name}`, process.execPath, [bundle], { env, inherit: true });
  }
  return 0;
}
