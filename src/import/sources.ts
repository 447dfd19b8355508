/** The files that are imported: bounded, read once, and told of when they cannot be read. */

import { errno, type FileAccess, type YamlSource } from "../config/files.ts";
import { type MapNode, resolvePath, type YamlNode } from "../config/node.ts";
import { parseYaml } from "../config/parse-yaml.ts";
import { Problems } from "../config/problems.ts";
import { readText } from "../config/read-text.ts";

const fileBytesMax = 4 * 1024 * 1024;
const filesMax = 5000;

/** The import ends: nothing can be made of what it was given. The text says what, where and why. */
export class Unusable extends Error {}

export interface SourceFile {
  /** Absolute. */
  path: string;
  /** As it is told to people. */
  shown: string;
  text: string;
  bytes: Uint8Array;
}

export class Sources {
  readonly files: FileAccess;
  readonly workingDirectory: string;
  private readonly yaml: YamlSource;
  private count = 0;

  constructor(files: FileAccess, yaml: YamlSource, workingDirectory: string) {
    this.files = files;
    this.yaml = yaml;
    this.workingDirectory = workingDirectory;
  }

  absolute(path: string): string {
    return resolvePath(this.workingDirectory, path);
  }

  /** Below the working directory as one would type it there; without anything that would move a terminal's cursor. */
  shown(path: string): string {
    return this.relative(path).replace(/[\0-\x1f\x7f-\x9f]/g, "?");
  }

  /** For paths in the configuration, which is expected in the working directory. */
  relative(path: string): string {
    const { workingDirectory } = this;
    if (path === workingDirectory) return ".";
    return workingDirectory !== "/" && path.startsWith(`${workingDirectory}/`)
      ? path.slice(workingDirectory.length + 1)
      : path;
  }

  kindOf(path: string): string | number {
    return this.files.kindOf(path);
  }

  isFile(path: string): boolean {
    return this.kindOf(path) === "file";
  }

  isFolder(path: string): boolean {
    return this.kindOf(path) === "directory";
  }

  /** Names in a folder; none where there is no folder. */
  list(path: string): string[] {
    const names = this.files.list(path);
    if (typeof names !== "number") return names;
    if (-names === errno.ENOENT || -names === errno.ENOTDIR) return [];
    throw new Unusable(`cannot read ${this.shown(path)}: ${this.files.errorText(-names)}`);
  }

  /** A file that must be there. */
  read(path: string): SourceFile {
    const shown = this.shown(path);
    if (++this.count > filesMax) throw new Unusable(`cannot import more than ${filesMax} files`);
    const found = readText(this.files, path, fileBytesMax);
    if ("why" in found) {
      const where = found.line > 0 ? `${shown}:${found.line}:${found.column}` : shown;
      throw new Unusable(`cannot read ${where}: ${found.why}${found.fix === "" ? "" : ` (${found.fix})`}`);
    }
    if (found.bytes.indexOf(0) >= 0) throw new Unusable(`cannot read ${shown}: it is no text, it holds zero bytes`);
    return { path, shown, text: found.text.replaceAll("\r\n", "\n"), bytes: found.bytes };
  }

  /** A file that may be missing. */
  readIfThere(path: string): SourceFile | null {
    return this.isFile(path) ? this.read(path) : null;
  }

  parse(file: SourceFile): MapNode {
    const root = this.parseAny(file);
    if (root?.kind === "map") return root;
    throw new Unusable(
      `cannot import ${file.shown}: ${root === null ? "it is empty" : "it is no map of keys and values"}`,
    );
  }

  private parseAny({ path, shown, bytes, text }: SourceFile): YamlNode | null {
    const problems = new Problems();
    const document = parseYaml({ path, shown, rootPath: "", bytes, text }, this.yaml, problems);
    if (document === null || problems.count > 0) throw new Unusable(problems.texts().join("\n"));
    return document.root;
  }
}
