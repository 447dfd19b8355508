/*
 * What is in an image, as data: one entry a path, no folder of this machine. Owners and modes are what the image says, so
 * the builder needs no rights, and its own user, umask and times reach no image.
 */
import { Failure } from "../run.ts";

interface Common {
  /** From the image's root, without a slash at its begin or end. */
  path: string;
  uid: number;
  gid: number;
}

/** Permission bits, with set-user-id and the like, such as 0o755. */
interface WithMode extends Common {
  mode: number;
}

export type FileEntry = WithMode & { kind: "file"; size: number; content: () => Buffer };
export type Entry =
  | FileEntry
  | (WithMode & { kind: "folder" })
  | (Common & { kind: "link"; target: string })
  | (WithMode & { kind: "device"; major: number; minor: number });

/** Bits of st_mode that say what a file is (inode(7)). */
const KIND_BITS = { file: 0o100000, folder: 0o040000, link: 0o120000, device: 0o020000 };

/** Type and permissions in one number, as in st_mode. */
export function modeOf(entry: Entry): number {
  return KIND_BITS[entry.kind] | (entry.kind === "link" ? 0o777 : entry.mode);
}

export function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** Builds up a tree. Folders that are missing on the way are made, 0755 of root. */
export class Tree {
  readonly #entries = new Map<string, Entry>();

  get(path: string): Entry | undefined {
    return this.#entries.get(path);
  }

  /** Where a path leads when folders on its way are links, such as `bin/sh` to `usr/bin/sh`. */
  resolve(path: string): string {
    let done = "";
    const rest = path.split("/");
    for (let jumps = 0; ; ) {
      const name = rest.shift();
      if (name === undefined) return done;
      const here = normalPath(`${done}/${name}`);
      const entry = this.#entries.get(here);
      if (entry?.kind !== "link") {
        done = here;
        continue;
      }
      if (++jumps > 40) throw new Failure(`cannot follow /${path} in the image: links lead in a circle`);
      const target = entry.target.startsWith("/") ? entry.target : `${parentOf(here)}/${entry.target}`;
      rest.unshift(...normalPath(target).split("/"));
      done = "";
    }
  }

  /** The entry that a path means after all links; undefined when there is none. */
  find(path: string): Entry | undefined {
    return this.#entries.get(this.resolve(normalPath(path)));
  }

  /** Puts an entry in its place, in place of what was there. A folder over a folder keeps what is in it. */
  add(entry: Entry): void {
    const parent = this.#folder(parentOf(entry.path), entry);
    const name = entry.path.slice(entry.path.lastIndexOf("/") + 1);
    const path = parent === "" ? name : `${parent}/${name}`;
    const before = this.#entries.get(path);
    /* A package's folder may be a link here (/bin to usr/bin): what it brings goes where the link leads. */
    if (entry.kind === "folder" && before?.kind === "link" && this.find(path)?.kind === "folder") return;
    if (before?.kind === "folder" && entry.kind !== "folder") {
      throw new Failure(`cannot put a ${entry.kind} at /${path} of the image: it is a folder`);
    }
    this.#entries.set(path, { ...entry, path });
  }

  file(path: string, content: string | Buffer, mode = 0o644): void {
    const bytes = Buffer.from(content);
    this.add({ kind: "file", path, mode, uid: 0, gid: 0, size: bytes.length, content: () => bytes });
  }

  folder(path: string, mode = 0o755): void {
    this.add({ kind: "folder", path, mode, uid: 0, gid: 0 });
  }

  link(path: string, target: string): void {
    this.add({ kind: "link", path, target, uid: 0, gid: 0 });
  }

  /** All entries, a folder before what is in it, in the order of their bytes whatever this machine's language is. */
  entries(): Entry[] {
    const parts = (path: string): string => path.replaceAll("/", "\0");
    const byBytes = (a: Entry, b: Entry): number =>
      Buffer.compare(Buffer.from(parts(a.path)), Buffer.from(parts(b.path)));
    return [...this.#entries.values()].sort(byBytes);
  }

  /** Makes sure that a path is a folder; where it really is. */
  #folder(path: string, why: Entry): string {
    if (path === "") return "";
    const parent = this.#folder(parentOf(path), why);
    const name = path.slice(path.lastIndexOf("/") + 1);
    const here = parent === "" ? name : `${parent}/${name}`;
    const real = this.resolve(here);
    const entry = this.#entries.get(real);
    if (entry === undefined) {
      /* A link that leads to a folder which is not there yet. */
      if (real !== here) this.#folder(parentOf(real), why);
      this.#entries.set(real, { kind: "folder", path: real, mode: 0o755, uid: 0, gid: 0 });
    } else if (entry.kind !== "folder") {
      throw new Failure(`cannot put /${why.path} into the image: /${real} is a ${entry.kind}`);
    }
    return real;
  }
}

/** A path without empty parts, `.` and `..`, and without a slash at either end. */
export function normalPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}
