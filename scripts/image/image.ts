/*
 * Builds images from a configuration, in three stages. prepare: what must be fetched; build: what is in the
 * image, as data; write: the files, each beside its place first and renamed when all are done, so that an interrupted build
 * leaves what was there.
 */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildVariant, openWorkshop } from "../build.ts";
import { preparePrograms } from "../programs.ts";
import { Failure, systemMessage, type Tools } from "../run.ts";
import { BOOT_INITRAMFS, bootEntries } from "./boot-initramfs.ts";
import { givenBinary, type ImageConfiguration, readConfiguration } from "./configuration.ts";
import { buildContents, type Contents, type Prepared, prepare } from "./contents.ts";
import { cpioArchive } from "./cpio.ts";
import { RULES } from "./formats.ts";
import { FORMATS, type Format, type ImageManifest, MANIFEST, type ManifestImage } from "./manifest.ts";
import type { ImageOptions } from "./options.ts";
import { SBOM, sbomOf } from "./sbom.ts";
import { identityOf, type WriteInput } from "./writer.ts";

/** The time of every file in an image unless SOURCE_DATE_EPOCH names another: 1 January 2000. */
const STANDARD_TIME = 946_684_800;
const KERNEL_FILE = "vmlinuz";

function timeOfFiles(): number {
  const text = process.env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === "") return STANDARD_TIME;
  const seconds = Number(text);
  if (/^\d+$/.test(text) && seconds < 2 ** 32) return seconds;
  throw new Failure(`cannot use SOURCE_DATE_EPOCH=${text}: it is no number of seconds since 1970`);
}

function formatsOf(options: ImageOptions, configuration: ImageConfiguration): Format[] {
  const wanted = options.formats ?? configuration.formats;
  return FORMATS.filter((format) => wanted.includes(format));
}

/** Prints a line for a stage that is over. */
async function stage<T>(name: string, work: () => Promise<{ result: T; summary: string }>): Promise<T> {
  const started = Date.now();
  const { result, summary } = await work();
  console.log(`${name.padEnd(8)} ${((Date.now() - started) / 1000).toFixed(1).padStart(6)} s  ${summary}`);
  return result;
}

function size(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function sha256(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** With those above it, one by one: where the kernel lets nobody make any, Node's own way never ends. */
function makeFolders(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (folder !== dirname(folder)) makeFolders(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    throw new Failure(`cannot make the folder ${folder}: ${systemMessage(error)}`);
  }
}

/** A folder of this build's own in `parent`; those of builds that were killed are removed, others may be at work there. */
function newFolder(parent: string): string {
  makeFolders(parent);
  for (const name of readdirSync(parent)) {
    const [, pid] = /^\.new-(\d+)-/.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) rmSync(join(parent, name), { recursive: true });
  }
  return mkdtempSync(join(parent, `.new-${process.pid}-`));
}

async function writeFormat(
  format: Format,
  input: Omit<WriteInput, "folder">,
  folder: string,
  work: string,
): Promise<ManifestImage> {
  const { file, write } = RULES[format];
  const path = join(folder, file);
  const own = join(work, format);
  mkdirSync(own);
  const boot = await write({ ...input, folder: own }, path);
  rmSync(own, { recursive: true, force: true });
  const bytes = statSync(path).size;
  return { format, file, bytes, sha256: sha256(path), ...(boot === undefined ? {} : { boot }) };
}

function manifestOf({ configuration, kernel }: Prepared, images: ManifestImage[]): ImageManifest {
  const { title, version } = configuration;
  if (kernel === undefined) return { title, version, images };
  return { title, version, kernel: { file: KERNEL_FILE, release: kernel.release, ...kernel.origin }, images };
}

/** Moves the finished files into place; the manifest last, which vouches for them by their hashes. */
function putInPlace(folder: string, output: string): void {
  const names = readdirSync(folder).filter((name) => name !== MANIFEST);
  for (const name of [...names, MANIFEST]) renameSync(join(folder, name), join(output, name));
}

async function writeAll(
  prepared: Prepared,
  contents: Contents,
  formats: readonly Format[],
  output: string,
  work: string,
): Promise<ManifestImage[]> {
  const { configuration, kernel } = prepared;
  const seconds = timeOfFiles();
  const entries = contents.tree.entries();
  const { title, version, sizeBytes, cmdline } = configuration;
  const boots = kernel === undefined ? [] : bootEntries(prepared, contents, formats.includes("erofs") ? ["erofs"] : []);
  const input = {
    entries,
    title,
    version,
    sizeBytes,
    cmdline,
    seconds,
    identity: identityOf(entries),
    kernel: kernel?.file,
    bootEntries: boots,
  };
  const folder = newFolder(output);
  try {
    const images: ManifestImage[] = [];
    for (const format of formats) {
      await stage("write", async () => {
        const image = await writeFormat(format, input, folder, work);
        images.push(image);
        return { result: undefined, summary: `${image.file} ${size(image.bytes)}` };
      });
    }
    if (formats.some((format) => RULES[format].needsInitramfs === true)) {
      writeFileSync(join(folder, BOOT_INITRAMFS), cpioArchive(boots, seconds));
    }
    if (kernel !== undefined) copyFileSync(kernel.file, join(folder, KERNEL_FILE));
    writeFileSync(join(folder, SBOM), sbomOf(prepared, contents, seconds, input.identity));
    writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifestOf(prepared, images), undefined, 2)}\n`);
    putInPlace(folder, output);
    return images;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new Failure(`cannot write the images into ${output}: ${systemMessage(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Builds the images that the options ask for; what was written. */
export async function buildImages(tools: Tools, options: ImageOptions): Promise<ManifestImage[]> {
  const file = resolve(options.file ?? join(tools.root, "examples/appliance/config.yml"));
  const output = resolve(options.output ?? join(tools.root, "dist/image"));
  const gonit =
    options.binary === undefined
      ? await buildVariant(await openWorkshop(tools), "release")
      : await givenBinary(options.binary);
  const configuration = await readConfiguration(gonit, file);
  const formats = formatsOf(options, configuration);
  await preparePrograms(tools, [
    ...new Set(["image" as const, ...formats.flatMap((format) => RULES[format].purposes)]),
  ]);
  const work = newFolder(join(tools.root, ".cache/image-work"));
  try {
    const prepared = await stage("prepare", async () => {
      const needsKernel = formats.some((format) => RULES[format].boots);
      const result = await prepare(tools, configuration, { file, gonit, update: options.update, needsKernel });
      const packages = result.packages.length;
      const kernel = result.kernel === undefined ? "no kernel" : `kernel ${result.kernel.release}`;
      return { result, summary: `${kernel}, ${packages} Debian ${packages === 1 ? "package" : "packages"}` };
    });
    tools.unlock();
    const contents = await stage("build", async () => {
      const result = await buildContents(prepared, work);
      const entries = result.tree.entries();
      const held = entries.reduce((sum, entry) => sum + (entry.kind === "file" ? entry.size : 0), 0);
      return { result, summary: `${entries.length} files, ${size(held)}, ${result.modules.length} kernel modules` };
    });
    for (const notice of contents.notices) console.log(`notice: ${notice}`);
    return await writeAll(prepared, contents, formats, output, work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
