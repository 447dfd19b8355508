/** A file system of texts, and loading a configuration from it. */

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { errno, type FileAccess } from "../../src/config/files.ts";
import { type LoadOptions, type LoadResult, loadPlan } from "../../src/config/load.ts";
import { Role } from "../../src/contract.ts";
import type { Plan, ServicePlan } from "../../src/engine/plan.ts";
import { intlOffset } from "./intl-zone.ts";
import { npmYaml } from "./yaml-events.ts";

const zonePrefix = "/usr/share/zoneinfo/";

/** The zones that Node knows are there as files. */
function isIntlZone(path: string): boolean {
  if (!path.startsWith(zonePrefix)) return false;
  try {
    intlOffset(path.slice(zonePrefix.length), 0);
    return true;
  } catch {
    return false;
  }
}

export type FileTexts = { [path: string]: string | Uint8Array };

function firstInvalid(bytes: Uint8Array): number {
  if (isUtf8(bytes)) return -1;
  // The longest prefix that is valid ends where the wrong byte stands.
  for (let length = bytes.length; length > 0; length--) if (isUtf8(bytes.subarray(0, length))) return length;
  return 0;
}

export function memoryFiles(texts: FileTexts): FileAccess {
  const isFolder = (path: string): boolean =>
    Object.keys(texts).some((name) => name.startsWith(path === "/" ? "/" : `${path}/`));
  return {
    readFile: (path, maxBytes) => {
      const text = texts[path] ?? (isIntlZone(path) ? "TZif" : undefined);
      if (text === undefined) return isFolder(path) ? -errno.EISDIR : -errno.ENOENT;
      const bytes = Buffer.from(text as string);
      return bytes.length > maxBytes ? -errno.EFBIG : bytes;
    },
    kindOf: (path) => (texts[path] !== undefined ? "file" : isFolder(path) ? "directory" : -errno.ENOENT),
    list: (path) => {
      const names = Object.keys(texts).filter((name) => name.startsWith(`${path}/`));
      if (names.length === 0) return -errno.ENOENT;
      return [...new Set(names.map((name) => name.slice(path.length + 1).split("/")[0] as string))].sort();
    },
    realPath: (path) => path,
    hash: (data) => createHash("sha256").update(data).digest("hex"),
    decodeUtf8: (bytes) => Buffer.from(bytes).toString(),
    firstInvalidUtf8: firstInvalid,
    zoneOffset: (path, seconds) => intlOffset(path.slice(zonePrefix.length), seconds),
    errorText: (number) =>
      number === errno.ENOENT
        ? "No such file or directory"
        : number === errno.EISDIR
          ? "Is a directory"
          : `error ${number}`,
  };
}

export function load(files: FileTexts | string, options: Partial<LoadOptions> = {}): LoadResult {
  const texts = typeof files === "string" ? { "/app/config.yml": files } : files;
  const defaults: LoadOptions = {
    role: Role.laptop,
    path: null,
    workingDirectory: "/app",
    environment: ["HOME=/home/me"],
    instanceName: () => "app-12345678",
  };
  return loadPlan({ ...defaults, ...options }, memoryFiles(texts), npmYaml);
}

/** The plan of a configuration that has no problems. */
export function planOf(files: FileTexts | string, options: Partial<LoadOptions> = {}): Plan {
  const result = load(files, options);
  if ("problems" in result) throw new Error(`unexpected problems:\n${result.problems.join("\n")}`);
  return result.plan;
}

/** The one service of a configuration, written as the keys behind its name. */
export function serviceOf(keys: string, options: Partial<LoadOptions> = {}): ServicePlan {
  const lines = keys.split("\n").map((line) => `    ${line}\n`);
  const plan = planOf(`services:\n  - name: a\n${lines.join("")}`, options);
  return plan.services[0] as ServicePlan;
}

/** The problems of a configuration, one text. */
export function problemsOf(files: FileTexts | string, options: Partial<LoadOptions> = {}): string {
  const result = load(files, options);
  return "problems" in result ? result.problems.join("\n") : "";
}
