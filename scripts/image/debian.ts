/*
 * Debian packages in an image: resolved, downloaded and verified by the machine's own apt with a private state in which
 * nothing is installed, then unpacked without root. Their scripts do not run: what those would make is named instead.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unpackTar } from "modern-tar";
import { Failure, mustRun, run, runBytes, type Tools } from "../run.ts";
import { archiveOptions } from "./archive.ts";
import { normalPath, type Tree } from "./tree.ts";

export interface DebianPackage {
  name: string;
  version: string;
  architecture: string;
  /** Path of the *.deb file. */
  file: string;
}

/** Packages that serve only the scripts of others, which do not run here. apt takes them for installed. */
const ONLY_FOR_SCRIPTS = [
  "adduser",
  "debconf",
  "debconf-2.0",
  "init-system-helpers",
  "perl-base",
  "sensible-utils",
  "sgml-base",
  "ucf",
  "usr-is-merged",
  "usrmerge",
];

function takenForInstalled(): string {
  const stanza = (name: string): string =>
    [
      `Package: ${name}`,
      "Status: install ok installed",
      "Maintainer: none <none@localhost>",
      "Architecture: all",
      "Multi-Arch: foreign",
      "Version: 9999:0",
      "Description: its work is done by the image builder",
    ].join("\n");
  return `${ONLY_FOR_SCRIPTS.map(stanza).join("\n\n")}\n`;
}

/** apt's name for the file of a package. */
function fileName({ name, version, architecture }: Omit<DebianPackage, "file">): string {
  return `${name}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
}

/** Lines `Inst NAME (VERSION … [ARCHITECTURE])` of a simulated installation. */
export function parseSimulation(text: string): Omit<DebianPackage, "file">[] {
  const line = /^Inst (\S+?)(?::\S+)? (?:\[[^\]]*\] )?\((\S+) .*\[(\w+)\]\)/gm;
  return [...text.matchAll(line)].map(([, name = "", version = "", architecture = ""]) => ({
    name,
    version,
    architecture,
  }));
}

/** Fetches packages and all that they depend on (recommendations not) into .cache; sorted by name. */
export async function fetchPackages(tools: Tools, names: readonly string[]): Promise<DebianPackage[]> {
  if (names.length === 0) return [];
  const folder = join(tools.root, ".cache/debian");
  mkdirSync(join(folder, "archives/partial"), { recursive: true });
  writeFileSync(join(folder, "status"), takenForInstalled());
  const options = [
    ...(await archiveOptions(tools)),
    ...["-o", `Dir::State::status=${folder}/status`],
    ...["-o", `Dir::Cache::archives=${folder}/archives/`],
    ...["-o", "Debug::NoLocking=1", "-o", "APT::Get::AutomaticRemove=false", "-y", "--no-install-recommends"],
  ];
  const simulated = await run("apt-get", [...options, "--simulate", "install", ...names]);
  if (simulated.code !== 0) {
    const reasons = simulated.output.split("\n").filter((line) => /^E:|Depends:|Unable/.test(line));
    throw new Failure(`cannot bring the Debian packages ${names.join(" ")}\n${reasons.join("\n")}`);
  }
  const what = `download the Debian packages ${names.join(" ")}`;
  await mustRun(what, "apt-get", [...options, "--download-only", "install", ...names]);
  return parseSimulation(simulated.stdout)
    .map((one) => ({ ...one, file: join(folder, "archives", fileName(one)) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Documentation and translations stay out; licences stay. */
function isWanted(path: string): boolean {
  if (/^usr\/share\/(man|info|locale|lintian|bug|doc-base)\//.test(path)) return false;
  return !/^usr\/share\/doc\//.test(path) || /\/copyright$/.test(path);
}

type Unpacked = Awaited<ReturnType<typeof unpackTar>>[number];

function addEntry(tree: Tree, { header, data }: Unpacked, from: DebianPackage): void {
  const path = normalPath(header.name);
  if (path === "" || (header.type !== "directory" && !isWanted(path))) return;
  const { mode = 0o644, uid = 0, gid = 0, linkname = "" } = header;
  const owner = { uid, gid };
  if (header.type === "directory") {
    /* A folder that packages share keeps what the first one said, and the layout's own before that. */
    if (tree.find(path)?.kind !== "folder" && isWanted(`${path}/`)) {
      tree.add({ kind: "folder", path, mode: mode & 0o7777, ...owner });
    }
  } else if (header.type === "symlink") tree.add({ kind: "link", path, target: linkname, ...owner });
  else if (header.type === "link") {
    const target = tree.find(linkname);
    if (target === undefined) throw new Failure(`cannot unpack ${from.file}: ${path} is linked to what is not there`);
    tree.add({ ...target, path });
  } else if (header.type === "file" || header.type === undefined) {
    const bytes = Buffer.from(data ?? []);
    tree.add({ kind: "file", path, mode: mode & 0o7777, ...owner, size: bytes.length, content: () => bytes });
  } else throw new Failure(`cannot unpack ${from.file}: ${path} is a ${header.type}`);
}

/** Users that a package's script would make when it is installed, as far as its text shows. */
export function usersOfScript(script: string): string[] {
  const calls = script.replaceAll(/\\\n/g, " ").matchAll(/^[^#\n]*\b(?:adduser|useradd)\b([^\n;&|]*)/gm);
  const names = [...calls].flatMap(
    ([, words = ""]) => /\s["']?([a-z_][a-z0-9_-]*)["']?\s*(?:>.*)?$/.exec(words)?.[1] ?? [],
  );
  return [...new Set(names)];
}

/** Configuration files that a script puts in place with ucf(1), as far as its text names both paths. */
export function copiesOfScript(script: string): { source: string; target: string }[] {
  const calls = script.replaceAll(/\\\n/g, " ").matchAll(/^\s*ucf\s(?:.*\s)?(\/[^\s$"']+)\s+(\/[^\s$"']+)\s*$/gm);
  return [...calls].map(([, source = "", target = ""]) => ({ source, target }));
}

/** Puts a package's files into an image, and what its script would copy; the users that the script would make. */
export async function addPackage(tree: Tree, one: DebianPackage): Promise<string[]> {
  const archive = await runBytes(`unpack ${one.file}`, "dpkg-deb", ["--fsys-tarfile", one.file]);
  for (const entry of await unpackTar(archive)) addEntry(tree, entry, one);
  const script = await run("dpkg-deb", ["--info", one.file, "postinst"]);
  if (script.code !== 0) return [];
  for (const { source, target } of copiesOfScript(script.stdout)) {
    const file = tree.find(source);
    if (file?.kind === "file" && tree.find(target) === undefined) tree.add({ ...file, path: normalPath(target) });
  }
  return usersOfScript(script.stdout);
}
