/* Linking, done again only when an object, the flags or the compiler changed. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Compilation, fileHash, forgetHash } from "./c-objects.ts";
import { mustRun } from "./run.ts";
import { compilerOf, linkFlags, type Toolchain, type Variant } from "./toolchain.ts";

/** Links a program from objects; whether it had to. */
export async function link(
  shop: { root: string; tools: Toolchain },
  program: string,
  parts: Compilation[],
  variant: Variant,
): Promise<boolean> {
  const compiler = compilerOf(shop.tools, variant);
  const objects = parts.map((part) => part.object);
  for (const object of objects) forgetHash(object);
  const flags = linkFlags(variant);
  const key = JSON.stringify([shop.tools.version, compiler, flags, objects.map((path) => [path, fileHash(path)])]);
  const record = join(shop.root, ".cache/linked", `${program.slice(shop.root.length + 1).replaceAll("/", "+")}.json`);
  if (existsSync(program) && existsSync(record) && readFileSync(record, "utf8") === key) return false;
  for (const path of [program, record]) mkdirSync(dirname(path), { recursive: true });
  /* Renamed into place: a running gonit keeps its file, and nobody sees half a program. */
  await mustRun(`link ${program}`, compiler, [...objects, ...flags, "-lm", "-lpthread", "-o", `${program}.new`]);
  renameSync(`${program}.new`, program);
  forgetHash(program);
  writeFileSync(record, key);
  return true;
}
