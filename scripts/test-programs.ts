/* The programs that tests use: gonit itself, its variants, the small children, and what finds left-over processes. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { buildVariant, openWorkshop, type Workshop } from "./build.ts";
import { compileAll } from "./c-objects.ts";
import { debianKernel } from "./image/kernel.ts";
import { link } from "./link.ts";
import type { Tools } from "./run.ts";
import { buildChildren, buildCTests, type CProgram } from "./test-c.ts";
import { compileFlags } from "./toolchain.ts";
import { chooseAccelerator } from "./vm/accelerator.ts";
import type { Accelerator } from "./vm/qemu-arguments.ts";

export interface Workbench {
  shop: Workshop;
  /** Program that runs another and names what it left behind. */
  reaper: string;
  cPrograms: CProgram[];
}

/** What process tests find in their environment: paths. */
export interface Programs {
  GONIT_BINARY: string;
  GONIT_HOOKS_BINARY: string;
  /** Only where a chosen test names it: it takes long to build. */
  GONIT_SANITIZE_BINARY?: string;
  GONIT_CHILDREN: string;
  /** Only for tests that boot virtual machines: a kernel, the folder of its modules, and how machines are run. */
  GONIT_KERNEL?: string;
  GONIT_KERNEL_MODULES?: string;
  GONIT_ACCELERATOR?: Accelerator;
  /** Only where a chosen test names them: a kernel of a later Debian, and its modules. */
  GONIT_LATER_KERNEL?: string;
  GONIT_LATER_KERNEL_MODULES?: string;
}

async function buildReaper(shop: Workshop): Promise<string> {
  const part = {
    compiler: shop.tools.musl,
    source: join(shop.root, "scripts/reap-rest.c"),
    object: join(shop.root, ".cache/objects/reap-rest.o"),
    flags: compileFlags(shop.tools, shop.sources, "release", "ours"),
  };
  const program = join(shop.root, ".cache/reap-rest");
  await compileAll([part], shop.tools.version);
  await link(shop, program, [part], "release");
  return program;
}

/** Builds what does not need gonit as a whole. */
export async function openWorkbench(tools: Tools, cTests: string[]): Promise<Workbench> {
  const shop = await openWorkshop(tools);
  const reaper = await buildReaper(shop);
  const cPrograms = cTests.length === 0 ? [] : await buildCTests(shop, cTests);
  return { shop, reaper, cPrograms };
}

function childSources(root: string): string[] {
  const folder = join(root, "tests/children");
  const names = existsSync(folder) ? readdirSync(folder).sort() : [];
  return names.filter((name) => name.endsWith(".c")).map((name) => `tests/children/${name}`);
}

export async function buildPrograms(shop: Workshop, tests: string[]): Promise<Programs> {
  const programs: Programs = {
    GONIT_BINARY: await buildVariant(shop, "release"),
    GONIT_HOOKS_BINARY: await buildVariant(shop, "hooks"),
    GONIT_CHILDREN: await buildChildren(shop, childSources(shop.root)),
  };
  if (tests.some((file) => readFileSync(join(shop.root, file), "utf8").includes("GONIT_SANITIZE_BINARY"))) {
    programs.GONIT_SANITIZE_BINARY = await buildVariant(shop, "sanitize");
  }
  return programs;
}

/** Its cloud kernel has drivers that bookworm's has not, such as i6300esb, and packed modules. */
const LATER_SUITE = "trixie";

/** What tests in virtual machines need beside the programs. */
export async function vmPrograms(tools: Tools, tests: string[] = []): Promise<Partial<Programs>> {
  const { file, modules } = await debianKernel(tools, { update: false });
  const accelerator = await chooseAccelerator(file, join(tools.root, ".cache"));
  const programs: Partial<Programs> = {
    GONIT_KERNEL: file,
    GONIT_KERNEL_MODULES: modules,
    GONIT_ACCELERATOR: accelerator,
  };
  if (tests.some((test) => readFileSync(join(tools.root, test), "utf8").includes("GONIT_LATER_KERNEL"))) {
    const later = await debianKernel(tools, { update: false, suite: LATER_SUITE });
    programs.GONIT_LATER_KERNEL = later.file;
    programs.GONIT_LATER_KERNEL_MODULES = later.modules;
  }
  return programs;
}
