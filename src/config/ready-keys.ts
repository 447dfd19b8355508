/** The key `ready` of a service. */

import { type ProbeSource, probeDefaults, probeEntries, probeSource, probeTimeout } from "./probe-keys.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, type NodeSchema, scalar } from "./schema-kit.ts";
import { keyed } from "./schema-maps.ts";
import { choice, duration, path, wholeNumber } from "./values.ts";

/** As ReadyPlan of the plan, but for the command. */
export type ReadySource =
  | { kind: "started" | "notify" | "exit" }
  | { kind: "fd"; fd: number }
  | { kind: "log"; text: string; regularExpression: boolean }
  | ProbeSource;

const log: NodeSchema<{ text: string; regularExpression: boolean }> = scalar(
  "a text, or /a regular expression/",
  { type: "string", minLength: 1 },
  (value) => {
    if (value === "") return new Refusal("it is empty");
    if (value.length < 3 || !value.startsWith("/") || !value.endsWith("/"))
      return { text: value, regularExpression: false };
    const pattern = value.slice(1, -1);
    try {
      new RegExp(pattern);
      return { text: pattern, regularExpression: true };
    } catch (error) {
      return new Refusal(`it is no regular expression (${(error as Error).message})`);
    }
  },
);

const readyEntries = {
  ...probeEntries,
  file: described(path("a path"), "A path that exists."),
  log: described(log, "A line of the output contains this text, or matches /a regular expression/."),
  fd: described(wholeNumber("a descriptor", 3, 1023), "Number of a descriptor on which the service writes a newline."),
  interval: described(duration("a duration", 10), "Time between two probes. Default 250ms."),
  timeout: probeTimeout,
};

const kinds = ["exec", "http", "tcp", "unix", "file", "log", "fd"] as const;

const readyMap: NodeSchema<ReadySource> = changed(
  keyed("a way to be ready", readyEntries, {
    synonyms: { notify: "ready: notify", exit: "ready: exit", started: "ready: started", delay: "interval" },
  }),
  (values, node, result): ReadySource | undefined => {
    const given = kinds.filter((kind) => values[kind] !== undefined);
    const kind = given[0];
    if (kind === undefined || given.length > 1) {
      const why = kind === undefined ? `it has none of ${kinds.join(", ")}` : `it has ${given.join(" and ")}`;
      result.refuse(node, "value", `cannot use this as a way to be ready: ${why}`, "write exactly one of them");
      return undefined;
    }
    if (kind === "fd" || kind === "log") {
      if (values.interval !== undefined || values.timeout !== undefined) {
        const message = `cannot use interval or timeout with ${kind}: nothing is asked again and again`;
        result.refuse(node, "value", message, "limit the whole wait with timeout: {start: …} of the service");
      }
      return kind === "fd"
        ? { kind, fd: values.fd as number }
        : { kind, ...(values.log as { text: string; regularExpression: boolean }) };
    }
    return probeSource(kind, values, {
      intervalMs: values.interval ?? probeDefaults.intervalMs,
      timeoutMs: values.timeout ?? probeDefaults.timeoutMs,
    });
  },
);

const words = ["started", "notify", "exit"] as const;

const readyWord: NodeSchema<ReadySource> = changed(choice("a way to be ready", words), (kind) => ({ kind }));

export const ready: NodeSchema<ReadySource> = byKind("a way to be ready", { scalar: readyWord, map: readyMap });
