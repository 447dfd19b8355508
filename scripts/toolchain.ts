/* The C compilers of this machine, and the flags with which each kind of source is compiled. */
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { mustRun } from "./run.ts";
import type { Sources } from "./sources.ts";

/** Release and hooks are static programs of musl. The other two are for tests: glibc, with sanitizers and without. */
export type Variant = "release" | "hooks" | "sanitize" | "plain";

/** Warnings of compilers that nobody tried with gonit must not stop a newcomer's build. */
const TESTED_GCC = [12, 13, 14, 15];

export interface Toolchain {
  root: string;
  musl: string;
  gcc: string;
  /** What the compiler says of itself: part of every object's key. */
  version: string;
  major: number;
  /** Folder with nothing but the kernel's headers, which musl-gcc does not see by itself. */
  kernelHeaders: string;
}

/** Links to the kernel's headers alone: with the whole of /usr/include glibc's would stand in for what musl lacks. */
function linkKernelHeaders(folder: string, triple: string): void {
  const targets: [string, string][] = [
    ["linux", "/usr/include/linux"],
    ["asm-generic", "/usr/include/asm-generic"],
    ["asm", existsSync(`/usr/include/${triple}/asm`) ? `/usr/include/${triple}/asm` : "/usr/include/asm"],
  ];
  mkdirSync(folder, { recursive: true });
  for (const [name, target] of targets) {
    rmSync(join(folder, name), { force: true });
    symlinkSync(target, join(folder, name));
  }
}

export async function findToolchain(root: string): Promise<Toolchain> {
  const gcc = "gcc";
  const ask = async (question: string): Promise<string> =>
    (await mustRun(`ask gcc for ${question}`, gcc, [question])).trim();
  const [text, number, triple] = await Promise.all([ask("--version"), ask("-dumpversion"), ask("-print-multiarch")]);
  const version = text.split("\n")[0] ?? "";
  const major = Number.parseInt(number, 10);
  const kernelHeaders = join(root, ".cache/kernel-headers");
  linkKernelHeaders(kernelHeaders, triple);
  return { root, musl: "musl-gcc", gcc, version, major, kernelHeaders };
}

/** Sanitizers and valgrind know glibc only. */
export function compilerOf(tools: Toolchain, variant: Variant): string {
  return variant === "sanitize" || variant === "plain" ? tools.gcc : tools.musl;
}

/** Flags for one kind of source. `ours` may not warn; what others wrote is compiled as it is. */
export function compileFlags(
  tools: Toolchain,
  sources: Sources,
  variant: Variant,
  kind: "ours" | "engine" | "yaml",
): string[] {
  const sanitize = variant === "sanitize";
  const musl = compilerOf(tools, variant) === tools.musl;
  const common = [
    ...(sanitize ? ["-O1", "-g", "-fno-omit-frame-pointer", "-fsanitize=address"] : ["-O2", "-g"]),
    "-std=gnu11",
    "-D_GNU_SOURCE",
    "-ffunction-sections",
    "-fdata-sections",
    "-fno-pie",
    /* Nobody unwinds a stack at run time; debuggers read .debug_frame. Saves 110 KB. */
    ...(musl ? ["-fno-asynchronous-unwind-tables", "-fno-unwind-tables"] : []),
    /* Paths in the program would make two builds in two folders differ. */
    `-ffile-prefix-map=${tools.root}=.`,
    `-ffile-prefix-map=${sources.engine.folder}=quickjs`,
    `-ffile-prefix-map=${sources.yaml.folder}=libyaml`,
    "-fmax-errors=10",
    ...(!musl ? [] : ["-idirafter", tools.kernelHeaders]),
  ];
  if (kind === "engine") return [...common, "-w", "-funsigned-char"];
  if (kind === "yaml") {
    const [major, minor, patch] = sources.yaml.version.split(".");
    const numbers = [`-DYAML_VERSION_MAJOR=${major}`, `-DYAML_VERSION_MINOR=${minor}`, `-DYAML_VERSION_PATCH=${patch}`];
    const include = `-I${sources.yaml.folder}/include`;
    return [...common, "-w", include, `-DYAML_VERSION_STRING="${sources.yaml.version}"`, ...numbers];
  }
  return [
    ...common,
    "-Wall",
    "-Wextra",
    ...(TESTED_GCC.includes(tools.major) ? ["-Werror"] : []),
    ...(sanitize ? ["-fsanitize=undefined", "-fno-sanitize-recover=undefined"] : []),
    ...(variant === "hooks" ? ["-DGONIT_TEST_HOOKS"] : []),
    /* For #include "x.h" only: host/features.h and others share a name with a header of libc. */
    `-iquote${tools.root}/host`,
    `-iquote${sources.engine.folder}`,
    `-I${sources.yaml.folder}/include`,
  ];
}

export function linkFlags(variant: Variant): string[] {
  if (variant === "plain") return ["-no-pie"];
  if (variant === "sanitize") return ["-fsanitize=address,undefined", "-no-pie"];
  return ["-static", "-no-pie", "-Wl,--gc-sections", "-Wl,--build-id=none", "-Wl,-z,noexecstack"];
}
