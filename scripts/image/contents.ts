/* What goes into an image: layout, gonit, configuration, packages, modules, users, files of the user's. In this order. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { elfFacts } from "../elf.ts";
import { Failure, mustRun, type Tools } from "../run.ts";
import { addBusyboxLinks } from "./busybox.ts";
import { type ImageConfiguration, mergedConfiguration } from "./configuration.ts";
import { addPackage, type DebianPackage, fetchPackages } from "./debian.ts";
import { addHostFile } from "./host-files.ts";
import { debianKernel, type Kernel, ownKernel } from "./kernel.ts";
import { addModules, type LoadedModule, MACHINE_MODULES, planModules } from "./kernel-modules.ts";
import { addLayout } from "./layout.ts";
import { missingForServices } from "./libraries.ts";
import { addStoredPlan } from "./stored-plan.ts";
import { Tree } from "./tree.ts";
import { addUsers, imageUsers } from "./users.ts";
import { addZoneFiles } from "./zone-files.ts";

/** All that the build needs, fetched. */
export interface Prepared {
  configuration: ImageConfiguration;
  /** Path of the main configuration file. */
  file: string;
  /** Path of the gonit binary. */
  gonit: string;
  gonitVersion: string;
  /** Undefined where no format has one. */
  kernel: Kernel | undefined;
  packages: DebianPackage[];
}

export interface Contents {
  tree: Tree;
  modules: LoadedModule[];
  /** What a reader should know and what stops nothing. */
  notices: string[];
}

async function prepareKernel(tools: Tools, configuration: ImageConfiguration, update: boolean): Promise<Kernel> {
  const { kernel } = configuration;
  if (kernel === "debian") return await debianKernel(tools, { update });
  return ownKernel(kernel.file, kernel.modules);
}

/** Reads the configuration's needs from the archive. `needsKernel`: some format boots. */
export async function prepare(
  tools: Tools,
  configuration: ImageConfiguration,
  input: { file: string; gonit: string; update: boolean; needsKernel: boolean },
): Promise<Prepared> {
  const { file, gonit, update, needsKernel } = input;
  const facts = elfFacts(gonit);
  if (facts.interpreter || facts.dynamic) {
    throw new Failure(`cannot use ${gonit} in an image: it is not static, and process 1 has no loader to wait for`);
  }
  const kernel = needsKernel ? await prepareKernel(tools, configuration, update) : undefined;
  const packages = await fetchPackages(tools, configuration.debian);
  const version = await mustRun("ask gonit for its version", gonit, ["version"]);
  return { configuration, file, gonit, gonitVersion: version.trim(), kernel, packages };
}

function modulesOf({ configuration, kernel }: Prepared): LoadedModule[] {
  // What the machine loads by name is brought; a path names a file that is in the image otherwise.
  const own = configuration.machineModules.filter(({ name }) => !name.startsWith("/"));
  if (kernel === undefined || kernel.modules === "") {
    if ((configuration.modules ?? own).length === 0) return [];
    throw new Failure(
      "cannot bring kernel modules: the kernel's are not known; write image: {kernel: {file, modules}}",
    );
  }
  const usual = MACHINE_MODULES.map((name) => ({ name, options: "", optional: true }));
  return planModules(kernel.modules, [...(configuration.modules ?? usual), ...own]);
}

/** The configuration as the machine reads it: as it was written, or merged where it is more than one file. */
async function configurationText({ configuration, file, gonit }: Prepared): Promise<string> {
  return configuration.sources.length > 1 ? await mergedConfiguration(gonit, file) : readFileSync(file, "utf8");
}

async function addPackages(tree: Tree, { configuration, packages }: Prepared): Promise<string[]> {
  const known = new Set(["root", "nobody", ...imageUsers(configuration).map(({ name }) => name)]);
  const notices: string[] = [];
  for (const one of packages) {
    const users = (await addPackage(tree, one)).filter((name) => !known.has(name));
    if (users.length > 0) {
      notices.push(`${one.name} would make the user ${users.join(", ")} when installed: name it in image.users`);
    }
  }
  return notices;
}

function refuseMissing(tree: Tree, configuration: ImageConfiguration): void {
  const { services } = configuration;
  const names = new Set(["", "root", "nobody", ...imageUsers(configuration).map(({ name }) => name)]);
  const missing = [
    ...missingForServices(tree, services),
    ...services
      .filter(({ user }) => !names.has(user) && !/^\d+$/.test(user))
      .map(({ name, user }) => `the service ${name} runs as the user ${user}, who is not in image.users`),
  ];
  if (missing.length === 0) return;
  const hint = "Bring what is missing with image.debian, image.files or image.users.";
  throw new Failure(`cannot build the image: it would lack what its services need\n${missing.join("\n")}\n${hint}`);
}

/** Puts everything together; a Failure names all that is missing. `folder` is for files of the build. */
export async function buildContents(prepared: Prepared, folder: string): Promise<Contents> {
  const { configuration, kernel, gonit } = prepared;
  const tree = new Tree();
  addLayout(tree, configuration);
  addHostFile(tree, gonit, "/system/gonit", 0o755);
  tree.file("system/config.yml", await configurationText(prepared));
  const notices = await addPackages(tree, prepared);
  await addBusyboxLinks(tree, folder);
  const modules = modulesOf(prepared);
  if (kernel !== undefined && kernel.modules !== "") addModules(tree, kernel.modules, kernel.release, modules);
  addUsers(tree, imageUsers(configuration), tree.find("bin/sh") === undefined ? "/usr/sbin/nologin" : "/bin/sh");
  addZoneFiles(tree, configuration.zones);
  for (const { target, source, mode } of configuration.files) addHostFile(tree, source, target, mode);
  refuseMissing(tree, configuration);
  await addStoredPlan(tree, gonit, folder);
  return { tree, modules, notices };
}

/** Where the kernel's image is in a root file system. */
export function addKernelFile(tree: Tree, kernel: Kernel): void {
  addHostFile(tree, kernel.file, join("/kernel", `vmlinuz-${kernel.release}`), 0o644);
}
