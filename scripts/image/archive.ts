/* Debian packages for images: found, downloaded and unpacked with the machine's own apt, installed nowhere. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { privateArchive } from "../apt-fetch.ts";
import { Failure, mustRun, run, type Tools } from "../run.ts";

/** Reading the lists takes seconds: once in a process. */
let known: Promise<string[]> | undefined;

/** Options with which apt knows the archive: the machine's own lists, or lists of ours where it has none. */
export function archiveOptions(tools: Tools): Promise<string[]> {
  known ??= findArchive(tools);
  return known;
}

async function findArchive(tools: Tools): Promise<string[]> {
  const probe = await run("apt-cache", ["show", "base-files"]);
  if (probe.code === 0 && /^Filename:/m.test(probe.stdout)) return ["-q", "-o", "APT::Sandbox::User=root"];
  return await tools.step("Reading the package lists", () => privateArchive(join(tools.root, ".cache/apt-image")));
}

/** Downloads one package (`NAME` or `NAME=VERSION`) into a folder of its own; the file's path. apt verifies it. */
export async function downloadPackage(options: string[], name: string, folder: string): Promise<string> {
  const into = `${folder}/.new`;
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into, { recursive: true });
  await mustRun(`download the Debian package ${name}`, "apt-get", [...options, "download", name], { cwd: into });
  const file = readdirSync(into).find((one) => one.endsWith(".deb"));
  if (file === undefined) throw new Failure(`cannot download the Debian package ${name}: apt-get left no file`);
  renameSync(`${into}/${file}`, `${folder}/${file}`);
  rmSync(into, { recursive: true });
  return `${folder}/${file}`;
}

/** Unpacks a package's files into a folder that is complete when it is there at all. */
export async function unpackPackage(file: string, folder: string): Promise<void> {
  if (existsSync(folder)) return;
  const work = `${folder}.new`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  await mustRun(`unpack ${file}`, "dpkg-deb", ["-x", file, work]);
  renameSync(work, folder);
}
