/** The keys `tty` and `stdin` of a service: its terminal, and what it reads from. */

import { byKind, changed, described, type NodeSchema } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";
import { filledText, path, type Reference, reference } from "./values.ts";

/** An empty device: a pty. */
export type TtySource = { device: string } | { none: true };

export type StdinSource =
  | { kind: "null" }
  | { kind: "tty" }
  | { kind: "file"; path: string }
  | { kind: "from"; from: Reference };

export const tty: NodeSchema<TtySource> = changed(
  filledText("a terminal", "write tty: true, or the path of a device"),
  (value, node, result): TtySource | undefined => {
    if (value === "true" || value === "pty") return { device: "" };
    if (value === "false") return { none: true };
    if (/^\/dev\/./.test(value)) return { device: value };
    result.refuse(
      node,
      "value",
      `cannot use "${value}" as a terminal: it is none of true, pty and false, nor a device below /dev`,
      "write true for a terminal that gonit attach shows, or the path of a device",
    );
    return undefined;
  },
);

const stdinWord: NodeSchema<StdinSource> = changed(
  filledText("a standard input"),
  (value, node, result): StdinSource | undefined => {
    if (value === "tty") return { kind: "tty" };
    result.refuse(
      node,
      "value",
      `cannot use "${value}" as a standard input`,
      "write tty, null, {file: PATH} or {from: NAME}",
    );
    return undefined;
  },
);

const stdinMap: NodeSchema<StdinSource> = changed(
  keyed("a standard input", {
    file: described(path("a file"), "Opened for reading. A FIFO is waited for, within the service's time to start."),
    from: described(reference, "A service whose standard output it reads. What is between the two outlives both."),
  }),
  ({ file, from }, node, result): StdinSource | undefined => {
    if (file !== undefined && from === undefined) return { kind: "file", path: file };
    if (from !== undefined && file === undefined) return { kind: "from", from };
    const why = file === undefined ? "it has neither a file nor a service" : "it has a file and a service";
    result.refuse(node, "value", `cannot use this as a standard input: ${why}`, "write one of the two");
    return undefined;
  },
);

export const stdin: NodeSchema<StdinSource> = byKind(
  "a standard input",
  { scalar: stdinWord, map: stdinMap },
  { list: "write tty, null, {file: PATH} or {from: NAME}" },
);
