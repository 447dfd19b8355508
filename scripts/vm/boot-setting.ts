/* Which machine boots an image: what the manifest beside it says, or what a file's name tells. */
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { RULES } from "../image/formats.ts";
import { FORMATS, type ImageManifest, MANIFEST, type ManifestImage } from "../image/manifest.ts";
import { preparePrograms } from "../programs.ts";
import { Failure, type Tools } from "../run.ts";
import { prepareFirmware } from "./firmware.ts";
import type { VmOptions } from "./options.ts";
import type { MachineSetting } from "./qemu-arguments.ts";

/** The machine, and what removes the files that were made for it. */
export interface BootSetting {
  setting: MachineSetting;
  remove: () => void;
}

function readManifest(folder: string): ImageManifest | undefined {
  const path = join(folder, MANIFEST);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as ImageManifest) : undefined;
}

/** A file that no manifest knows: what it is stands in its ending. */
function imageByName(file: string): ManifestImage["boot"] {
  if (/\.cpio(\.\w+)?$/.test(file)) return { medium: "initrd", append: "panic=-1" };
  if (/\.(img|ext4|raw|qcow2)$/.test(file)) {
    const medium = file.endsWith(".qcow2") ? "qcow2" : "raw";
    return { medium, append: "root=/dev/nvme0n1 rw init=/system/gonit panic=-1" };
  }
  throw new Failure(`cannot tell how to boot ${file}: name a *.cpio, *.img, *.ext4, *.raw or *.qcow2 file`);
}

interface Found {
  file: string;
  boot: NonNullable<ManifestImage["boot"]>;
  kernel: string | undefined;
  /** Beside the image: where its further files are. */
  folder: string;
}

function findInManifest(folder: string, isWanted: (image: ManifestImage) => boolean): Found | undefined {
  const manifest = readManifest(folder);
  const image = manifest?.images.find((one) => one.boot !== undefined && isWanted(one));
  if (manifest === undefined || image?.boot === undefined) return undefined;
  const kernel = manifest.kernel === undefined ? undefined : join(folder, manifest.kernel.file);
  return { file: join(folder, image.file), boot: image.boot, kernel, folder };
}

function findImage(tools: Tools, wanted: string | undefined): Found {
  const standard = join(tools.root, "dist/image");
  const found = findInManifest(standard, (image) => wanted === undefined || image.format === wanted);
  if (found !== undefined) return found;
  const bootless = FORMATS.find((format) => format === wanted && !RULES[format].boots);
  if (bootless !== undefined)
    throw new Failure(`cannot boot ${bootless}: it is for containers; docs/image.md says how`);
  if (wanted !== undefined && (FORMATS as readonly string[]).includes(wanted)) {
    throw new Failure(
      `cannot boot ${wanted}: dist/image has none that a machine boots; npm run image -- --format ${wanted}`,
    );
  }
  if (wanted === undefined)
    throw new Failure("cannot find an image that boots in dist/image; name one of another folder");
  if (!existsSync(wanted))
    throw new Failure(`cannot boot ${wanted}: there is no such file, and it is none of ${FORMATS.join(", ")}`);
  const file = resolve(wanted);
  const folder = dirname(file);
  const known = findInManifest(folder, (image) => image.file === basename(file));
  if (known !== undefined) return known;
  return { file, boot: imageByName(file) as Found["boot"], kernel: undefined, folder };
}

/** The setting for what the options ask for. */
export async function bootSetting(tools: Tools, options: VmOptions): Promise<BootSetting> {
  const { file, boot, kernel: own, folder } = findImage(tools, options.image);
  const setting: MachineSetting = {
    memory: options.memory,
    processors: options.processors,
    network: { forwards: options.forwards },
    snapshot: options.snapshot,
    statusPort: options.status,
  };
  if (boot.medium !== "firmware") {
    const kernel = options.kernel ?? own;
    if (kernel === undefined) throw new Failure(`cannot boot ${file}: name its kernel with --kernel FILE`);
    setting.kernel = kernel;
    setting.append = `${boot.append ?? ""} ${options.append}`.trim();
  }
  if (boot.medium === "initrd") return { setting: { ...setting, initrd: file }, remove: () => undefined };
  if (boot.initrd !== undefined) setting.initrd = join(folder, boot.initrd);
  const format = boot.medium === "qcow2" ? "qcow2" : "raw";
  setting.disks = [{ file, format, interface: "nvme", readOnly: boot.readOnly === true }];
  if (boot.medium !== "firmware" || options.bios) return { setting, remove: () => undefined };
  await preparePrograms(tools, ["firmware"]);
  const { firmware, remove } = prepareFirmware();
  return { setting: { ...setting, uefi: firmware, memory: Math.max(options.memory, 512) }, remove };
}
