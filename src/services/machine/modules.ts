/**
 * Kernel modules: which files make up what is asked for, in which order. Pure, but for the file names that are given.
 *
 * Three sources, in this order: the list of the image builder (/system/modules: a line each, path, blank, options),
 * modules.dep as depmod(8) writes it, and paths.
 */

export interface ModuleFile {
  path: string;
  options: string;
}

/** The lines of /system/modules; empty ones and those that begin with # say nothing. */
export function parseModuleList(text: string): ModuleFile[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [path = "", ...options] = line.split(/\s+/);
      return { path, options: options.join(" ") };
    });
}

/** A file's module name: - and _ are the same to the kernel, which shows _. */
export function moduleName(path: string): string {
  return path
    .slice(path.lastIndexOf("/") + 1)
    .replace(/\.ko(\.(xz|zst|gz))?$/, "")
    .replaceAll("-", "_");
}

/** The files for a name by modules.dep, what it needs first, each as a path below `folder`. Null: it is not listed. */
export function filesByDependencies(dependencies: string, folder: string, name: string): string[] | null {
  const wanted = moduleName(name);
  for (const line of dependencies.split("\n")) {
    const colon = line.indexOf(":");
    if (colon < 0 || moduleName(line.slice(0, colon)) !== wanted) continue;
    const needs = line
      .slice(colon + 1)
      .trim()
      .split(/\s+/)
      .filter((path) => path !== "");
    // modules.dep names what is needed in the order of unloading: the last one is loaded first.
    return [...needs.reverse(), line.slice(0, colon)].map((path) =>
      path.startsWith("/") ? path : `${folder}/${path}`,
    );
  }
  return null;
}

/** A file of the builder's list with this name. */
export function fileInList(list: ModuleFile[], name: string): ModuleFile | null {
  const wanted = moduleName(name);
  return list.find(({ path }) => moduleName(path) === wanted) ?? null;
}
