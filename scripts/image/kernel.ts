/*
 * The kernel of an image: Debian's cloud kernel, whose newest version the archive names, unpacked into .cache and
 * installed nowhere; or files that the configuration names.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { privateArchive } from "../apt-fetch.ts";
import { Failure, mustRun, systemMessage, type Tools } from "../run.ts";
import { archiveOptions, downloadPackage, unpackPackage } from "./archive.ts";

/** The package that depends on the newest kernel for virtual machines. */
const META_PACKAGE = "linux-image-cloud-amd64";

export interface Kernel {
  /** Path of the bzImage. */
  file: string;
  /** What uname(2) calls the release. */
  release: string;
  /** Folder of the modules: lib/modules/RELEASE. */
  modules: string;
  /** Debian package and version that it came from; undefined for a kernel of the user's own. */
  origin?: { package: string; version: string };
}

/** Bytes that say what boots: a bzImage (boot protocol of x86, at 0x202), an uncompressed vmlinux. */
const BZIMAGE = { at: 0x202, magic: "HdrS" };
const ELF = { at: 0, magic: "\x7fELF" };

/** A kernel that the configuration names; a Failure when it cannot be read or is none. */
export function ownKernel(file: string, modules: string): Kernel {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    throw new Failure(`cannot read the kernel ${file}: ${systemMessage(error)}`);
  }
  const has = ({ at, magic }: typeof ELF): boolean => content.toString("latin1", at, at + magic.length) === magic;
  if (!has(BZIMAGE) && !has(ELF)) throw new Failure(`cannot use the kernel ${file}: it is no bzImage and no vmlinux`);
  if (modules !== "" && !existsSync(modules)) {
    throw new Failure(`cannot find the kernel's modules: there is no folder ${modules}`);
  }
  return { file, release: modules === "" ? "unknown" : modules.slice(modules.lastIndexOf("/") + 1), modules };
}

/** Finds kernel and modules in an unpacked package: newer ones have them in usr/lib. */
export function findKernel(folder: string): Omit<Kernel, "origin"> {
  const name = readdirSync(join(folder, "boot")).find((one) => one.startsWith("vmlinuz-"));
  if (name === undefined) throw new Failure(`cannot find a kernel in ${folder}/boot`);
  const release = name.slice("vmlinuz-".length);
  const modules = [`${folder}/lib/modules/${release}`, `${folder}/usr/lib/modules/${release}`].find(existsSync);
  if (modules === undefined) throw new Failure(`cannot find the modules of ${release} in ${folder}`);
  return { file: join(folder, "boot", name), release, modules };
}

interface KernelRecord {
  package: string;
  version: string;
}

async function newestKernel(options: string[]): Promise<KernelRecord> {
  const text = await mustRun("find Debian's cloud kernel", "apt-cache", [...options, "show", META_PACKAGE]);
  const name = /^Depends:.*?(linux-image-[\w.+-]+)/m.exec(text)?.[1];
  if (name === undefined) throw new Failure(`cannot find a kernel: ${META_PACKAGE} depends on none`);
  const details = await mustRun(`look up ${name}`, "apt-cache", [...options, "show", name]);
  return { package: name, version: /^Version: (\S+)/m.exec(details)?.[1] ?? "" };
}

function readRecord(path: string): KernelRecord | undefined {
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as KernelRecord) : undefined;
}

/**
 * Debian's cloud kernel: the one in .cache, or with `update`, or when there is none, the newest of the archive. `suite`:
 * of this one, not of the machine's own.
 */
export async function debianKernel(
  tools: Tools,
  { update, suite }: { update: boolean; suite?: string },
): Promise<Kernel> {
  const cache = join(tools.root, ".cache/kernel");
  const record = join(cache, suite === undefined ? "newest.json" : `newest-of-${suite}.json`);
  const known = update ? undefined : readRecord(record);
  const folderOf = (one: KernelRecord): string => join(cache, `${one.package}_${one.version.replaceAll(":", "%3a")}`);
  if (known !== undefined && existsSync(folderOf(known))) return { ...findKernel(folderOf(known)), origin: known };
  const options = suite === undefined ? await archiveOptions(tools) : await privateArchive(join(cache, "apt"), suite);
  const found = await newestKernel(options);
  const folder = folderOf(found);
  mkdirSync(cache, { recursive: true });
  if (!existsSync(folder)) {
    await tools.step(`Fetching ${found.package} ${found.version} through apt`, async () => {
      const file = await downloadPackage(options, `${found.package}=${found.version}`, cache);
      await unpackPackage(file, folder);
      rmSync(file);
    });
  }
  writeFileSync(`${record}.new`, JSON.stringify(found));
  renameSync(`${record}.new`, record);
  return { ...findKernel(folder), origin: found };
}
