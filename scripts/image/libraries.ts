/*
 * Whether everything in an image can run there: each program of a service is there, each dynamic file finds its loader and
 * its libraries, each script its interpreter. A "static" binary that asks for a loader after all was the trouble of the
 * project's origin: what is missing is named when the image is built, not when it boots.
 */
import { elfNeeds, isElf } from "../elf.ts";
import type { ServiceProgram } from "./configuration.ts";
import type { Entry, FileEntry, Tree } from "./tree.ts";

/** Where the loader of glibc looks by itself (ld.so(8)), and musl's by its default path file. */
const LIBRARY_FOLDERS = [
  "lib/x86_64-linux-gnu",
  "usr/lib/x86_64-linux-gnu",
  "lib64",
  "usr/lib64",
  "lib",
  "usr/lib",
  "usr/local/lib",
  "usr/lib32",
  "lib/i386-linux-gnu",
  "usr/lib/i386-linux-gnu",
];

/** Where a program without a slash is looked for: PATH of a service in a virtual machine. */
const PROGRAM_FOLDERS = ["usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin"];

function isFile(entry: Entry | undefined): entry is FileEntry {
  return entry?.kind === "file";
}

/** Folders that hold libraries for a file: its own choice, what ld.so.conf names, the usual ones (ld.so(8)). */
function libraryFolders(tree: Tree, file: FileEntry, own: readonly string[]): string[] {
  const configured = tree
    .entries()
    .filter((entry): entry is FileEntry => isFile(entry) && /^etc\/ld\.so\.conf\.d\/.*\.conf$/.test(entry.path))
    .flatMap((entry) => entry.content().toString().split("\n"))
    .filter((line) => line.startsWith("/"));
  const origin = file.path.slice(0, file.path.lastIndexOf("/"));
  const chosen = own.map((folder) => folder.replace(/\$ORIGIN|\$\{ORIGIN\}/g, `/${origin}`));
  return [...chosen, ...configured, ...LIBRARY_FOLDERS];
}

function missingForElf(tree: Tree, file: FileEntry, bytes: Buffer): string[] {
  const { loader, libraries, folders: own } = elfNeeds(bytes);
  const problems: string[] = [];
  if (loader !== undefined && !isFile(tree.find(loader))) problems.push(`/${file.path} needs ${loader}`);
  if (libraries.length === 0) return problems;
  const folders = libraryFolders(tree, file, own);
  for (const name of libraries) {
    const places = name.includes("/") ? [name] : folders.map((folder) => `${folder}/${name}`);
    if (!places.some((place) => isFile(tree.find(place)))) problems.push(`/${file.path} needs the library ${name}`);
  }
  return problems;
}

function missingForScript(tree: Tree, file: FileEntry, bytes: Buffer): string[] {
  const line = bytes.toString("latin1", 2, 258).split("\n")[0]?.trim() ?? "";
  const [interpreter = "", word] = line.split(/\s+/);
  if (interpreter === "") return [];
  if (!isFile(tree.find(interpreter))) return [`/${file.path} needs ${interpreter}`];
  if (!interpreter.endsWith("/env") || word === undefined || word.startsWith("-")) return [];
  return findProgram(tree, word) === undefined ? [`/${file.path} needs the program ${word}`] : [];
}

/** What one file lacks to run. */
export function missingFor(tree: Tree, file: FileEntry): string[] {
  const bytes = file.content();
  if (isElf(bytes)) return missingForElf(tree, file, bytes);
  return bytes.toString("latin1", 0, 2) === "#!" ? missingForScript(tree, file, bytes) : [];
}

/** The file that a command's first word means; undefined when there is none. */
export function findProgram(tree: Tree, word: string): FileEntry | undefined {
  const places = word.includes("/") ? [word] : PROGRAM_FOLDERS.map((folder) => `${folder}/${word}`);
  return places.map((place) => tree.find(place)).find(isFile);
}

/**
 * What services lack: their programs, and what those need to run. Files that no service names are not looked at:
 * packages hold scripts for interpreters that nobody asked for.
 */
export function missingForServices(tree: Tree, services: readonly ServiceProgram[]): string[] {
  const problems = new Set<string>();
  for (const { name, commands } of services) {
    for (const [word = ""] of commands) {
      const program = findProgram(tree, word);
      if (program === undefined) problems.add(`the service ${name} runs ${word}, which is not in the image`);
      else for (const problem of missingWithAll(tree, program)) problems.add(`${problem} (service ${name})`);
    }
  }
  return [...problems];
}

/** The same for a program and all libraries that it loads. */
function missingWithAll(tree: Tree, program: FileEntry): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  const look = (file: FileEntry): void => {
    if (seen.has(file.path)) return;
    seen.add(file.path);
    problems.push(...missingFor(tree, file));
    const bytes = file.content();
    if (!isElf(bytes)) return;
    const { libraries, folders } = elfNeeds(bytes);
    for (const name of libraries) {
      const places = libraryFolders(tree, file, folders).map((folder) => `${folder}/${name}`);
      const library = places.map((place) => tree.find(place)).find(isFile);
      if (library !== undefined) look(library);
    }
  };
  look(program);
  return problems;
}
