/** The key `logs` of a service. */

import { folderOf, resolvePath } from "./node.ts";
import { byKind, changed, described, type NodeSchema, type OutputOf } from "./schema-kit.ts";
import { layered } from "./schema-maps.ts";
import { nearest } from "./suggest.ts";
import { boolean, choice, duration, filledText, size, wholeNumber } from "./values.ts";

export type LogTarget = { to: "none" | "console" } | { to: "file"; path: string };

const words = ["none", "console", "file"];

/** Names of gonit's own output, which programs in containers are told to write to. As files they would be rotated. */
const ownOutput = ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
const ownErrors = ["/dev/stderr", "/dev/fd/2", "/proc/self/fd/2"];

/** none, console, file (where files are by default), or a path. */
const target: NodeSchema<LogTarget> = changed(
  filledText("where logs go"),
  (value, node, result): LogTarget | undefined => {
    if (value === "none" || value === "console") return { to: value };
    if (value === "file") return { to: "file", path: "" };
    if (ownOutput.includes(value)) return { to: "console" };
    if (ownErrors.includes(value)) {
      result.refuse(
        node,
        "value",
        `cannot use ${value} as a place for logs: it is gonit's own standard error`,
        "write console: there standard output goes to standard output, and standard error to standard error",
      );
      return undefined;
    }
    const near = value.includes("/") || value.includes(".") ? null : nearest(value, words);
    if (near !== null) {
      result.refuse(
        node,
        "value",
        `cannot use "${value}" as a place for logs: it is none of ${words.join(", ")}`,
        `did you mean ${near}? A file of this name is ./${value}`,
      );
      return undefined;
    }
    return { to: "file", path: resolvePath(folderOf(node.document.path), value) };
  },
);

const logsMap = layered("a way to keep logs", {
  to: described(
    target,
    "none, console, file, or a path. Default: console in a container and on a laptop, file in a VM.",
  ),
  stderr: described(
    choice("what happens to standard error", ["merge", "separate"]),
    "Into one place with standard output, or apart from it. Default: merge for files, separate on a console.",
  ),
  prefix: described(boolean, "false: lines on the console do not begin with the service's name. Default true."),
  max_size: described(size("a size", 4096), "A file that reaches this size is put aside. Default 10M."),
  keep: described(wholeNumber("a number of files", 0, 1000), "How many files that were put aside are kept. Default 3."),
  sync: described(duration("a duration"), "What was written reaches the disk within this time. Default 5s."),
  format: described(
    choice("a format", ["text", "json", "raw"]),
    "text: lines with a time stamp. json: an object a line. raw: the bytes as they come. Default text.",
  ),
  line_limit: described(size("a size", 256), "Longer lines are split. Default 64K."),
  rate: described(
    size("a size, for each second", 1024),
    "So many bytes of each second are kept, in whole lines; the rest is dropped, counted and told. Default: all.",
  ),
});

export type LogValues = OutputOf<typeof logsMap>;

export const logs: NodeSchema<LogValues> = byKind(
  "a way to keep logs",
  { scalar: changed(target, (to) => ({ to }) as LogValues), map: logsMap },
  { list: "write one path, or {to: PATH, stderr: separate}" },
);
