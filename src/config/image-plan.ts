/** The key `image` with its defaults, as `gonit config` prints it for the image builder. */

import type { FileAccess } from "./files.ts";
import type { FileValue, ImageFormat, ImageValues, ModuleValue } from "./image-keys.ts";
import { formatMode } from "./mode.ts";
import { type Data, Raw } from "./write-yaml.ts";

export interface ImageUser {
  name: string;
  /** Null: the builder chooses. */
  uid: number | null;
  gid: number | null;
  /** Empty: none. */
  home: string;
  shell: string;
  groups: string[];
}

export interface ImagePlan {
  formats: ImageFormat[];
  /** Null: from what it holds. */
  sizeBytes: number | null;
  /** `modules` is empty where none are given. */
  kernel: "debian" | { file: string; modules: string };
  /** Null: those of a QEMU machine. */
  modules: ModuleValue[] | null;
  cmdline: string;
  debian: string[];
  users: ImageUser[];
  files: (FileValue & { target: string })[];
}

function noNull<T>(values: Record<string, T | null>): [string, T][] {
  return Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== null);
}

/** Null where the configuration says nothing about images. */
export function planImage(values: ImageValues | undefined): ImagePlan | null {
  if (values === undefined) return null;
  return {
    formats: [...new Set(values.format ?? (["initramfs"] as const))],
    sizeBytes: values.size ?? null,
    kernel: values.kernel ?? "debian",
    modules: values.modules ?? null,
    cmdline: values.cmdline ?? "quiet panic=10",
    debian: values.debian ?? [],
    users: noNull(values.users ?? {}).map(([name, user]) => ({
      name,
      uid: user.uid ?? null,
      gid: user.gid ?? null,
      home: user.home ?? "",
      shell: user.shell ?? "/usr/sbin/nologin",
      groups: user.groups ?? [],
    })),
    files: noNull(values.files ?? {}).map(([target, { source, mode }]) => ({ target, source, mode })),
  };
}

/** What the image builder will put into a machine is there for whoever reads the machine's configuration before. */
export function withImageFiles(files: FileAccess, image: ImagePlan | null): FileAccess {
  if (image === null || image.files.length === 0) return files;
  const brings = (path: string): boolean =>
    image.files.some(({ target }) => path === target || path.startsWith(`${target}/`));
  return { ...files, kindOf: (path) => (brings(path) ? "file" : files.kindOf(path)) };
}

type DataMap = { [key: string]: Data };

function userData({ uid, gid, home, shell, groups }: ImageUser, text: (value: string) => string): DataMap {
  const map: DataMap = { shell: text(shell) };
  if (uid !== null) map.uid = new Raw(`${uid}`);
  if (gid !== null) map.gid = new Raw(`${gid}`);
  if (home !== "") map.home = text(home);
  if (groups.length > 0) map.groups = groups.map(text);
  return map;
}

/** The key as data that loads to the same plan; `text` and `size` write a text and a number of bytes. */
export function imageData(image: ImagePlan, text: (value: string) => string, size: (bytes: number) => Raw): DataMap {
  const { kernel } = image;
  const map: DataMap = { format: [...image.formats] };
  if (image.sizeBytes !== null) map.size = size(image.sizeBytes);
  if (kernel === "debian") map.kernel = kernel;
  else map.kernel = { file: text(kernel.file), ...(kernel.modules === "" ? {} : { modules: text(kernel.modules) }) };
  if (image.modules !== null) {
    map.modules = image.modules.map(({ name, options }) => ({ name: text(name), options: text(options) }));
  }
  map.cmdline = text(image.cmdline);
  if (image.debian.length > 0) map.debian = image.debian.map(text);
  if (image.users.length > 0) {
    map.users = Object.fromEntries(image.users.map((user) => [user.name, userData(user, text)]));
  }
  if (image.files.length > 0) {
    map.files = Object.fromEntries(
      image.files.map(({ target, source, mode }) => [
        target,
        { source: text(source), ...(mode === null ? {} : { mode: new Raw(formatMode(mode)) }) },
      ]),
    );
  }
  return map;
}
