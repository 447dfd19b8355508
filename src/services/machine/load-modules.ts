/** Loads kernel modules: the image builder's list, then what the configuration asks for. */

import type { ModulePlan } from "../../engine/plan.ts";
import { textOf } from "../text-file.ts";
import { fileInList, filesByDependencies, type ModuleFile, moduleName, parseModuleList } from "./modules.ts";

const listFile = "/system/modules";
const listBytesMax = 1024 * 1024;
const dependencyBytesMax = 16 * 1024 * 1024;
const EEXIST = 17;
const ENOENT = 2;
const ENODEV = 19;

/** Why modules could not be loaded, a text each. */
export function loadModules(wanted: ModulePlan[]): string[] {
  const loaded: string[] = [];
  const list = parseModuleList(textOf(listFile, listBytesMax));
  const problems = list.flatMap((file) => loadFile(file, loaded));
  for (const { name, options } of wanted) problems.push(...load(list, name, options, loaded));
  if (loaded.length > 0) host.print(1, `loaded modules: ${loaded.join(" ")}\n`);
  return problems;
}

function load(list: ModuleFile[], name: string, options: string, loaded: string[]): string[] {
  if (name.startsWith("/")) return loadFile({ path: name, options }, loaded);
  if (isLoaded(name)) return [];
  const listed = fileInList(list, name);
  const files = listed === null ? filesOf(name) : [listed.path];
  if (files === null) return [`cannot load the module ${name}: it is neither in ${listFile} nor in ${folders()[0]}`];
  return files.flatMap((path, at) => loadFile({ path, options: at === files.length - 1 ? options : "" }, loaded));
}

function isLoaded(name: string): boolean {
  return typeof host.stat(`/sys/module/${moduleName(name)}`) !== "number";
}

function folders(): string[] {
  const release = textOf("/proc/sys/kernel/osrelease");
  return [`/lib/modules/${release}`, `/usr/lib/modules/${release}`];
}

function filesOf(name: string): string[] | null {
  for (const folder of folders()) {
    const found = filesByDependencies(textOf(`${folder}/modules.dep`, dependencyBytesMax), folder, name);
    if (found !== null) return found;
  }
  return null;
}

/** Its name goes to `loaded`, unless it was loaded before. */
function loadFile({ path, options }: ModuleFile, loaded: string[]): string[] {
  const name = moduleName(path);
  const error = -host.loadModule(path, options);
  if (error === 0) loaded.push(options === "" ? name : `${name} (${options})`);
  if (error === 0 || error === EEXIST) return [];
  return [`cannot load the module ${name} (${path}): ${reasonOf(error, path)}`];
}

function reasonOf(error: number, path: string): string {
  if (error === ENOENT && typeof host.stat(path) !== "number")
    return "it needs a module that is not loaded, or is for another kernel (dmesg tells more)";
  if (error === ENODEV) return "this machine has no such device";
  return host.errnoText(error);
}
