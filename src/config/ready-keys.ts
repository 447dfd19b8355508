/** The key `ready` of a service. */

import { folderOf, resolvePath } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, type NodeSchema, scalar } from "./schema-kit.ts";
import { keyed, notSupported } from "./schema-maps.ts";
import { type CommandSource, choice, command, duration, filledText, path, wholeNumber } from "./values.ts";

interface Times {
  intervalMs: number;
  timeoutMs: number;
}

/** As ReadyPlan of the plan, but for the command. */
export type ReadySource =
  | { kind: "started" | "notify" | "exit" }
  | { kind: "fd"; fd: number }
  | { kind: "log"; text: string; regularExpression: boolean }
  | ({ kind: "exec"; command: CommandSource } & Times)
  | ({ kind: "tcp"; host: string; port: number } & Times)
  | ({ kind: "unix"; path: string } & Times)
  | ({ kind: "file"; path: string } & Times);

export const readyDefaults: Times = { intervalMs: 250, timeoutMs: 3000 };

const tcpFix = "write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080";

const tcp: NodeSchema<{ host: string; port: number }> = scalar("HOST:PORT", { type: "string" }, (value) => {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/[\]]+)):(\d{1,5})$/.exec(value);
  if (found === null) {
    const fix = /^:?\d{1,5}$/.test(value) ? `write 127.0.0.1:${value.replace(":", "")}` : tcpFix;
    return new Refusal("it has no host and port", fix);
  }
  const port = Number(found[3]);
  if (port < 1 || port > 65_535) return new Refusal("ports go from 1 to 65535");
  return { host: (found[1] ?? found[2]) as string, port };
});

/** A socket's path; @ is a name without a file. */
const socketPath: NodeSchema<string> = changed(filledText("the path of a socket"), (value, node, result) => {
  const found = value.startsWith("@") ? value : resolvePath(folderOf(node.document.path), value);
  if (found.length > 107)
    result.refuse(node, "value", "cannot use this as the path of a socket: it is longer than 107 bytes");
  return found;
});

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
  exec: described(command, "A command that ends with 0 once the service is ready; run as the service's user."),
  http: notSupported(),
  tcp: described(tcp, "HOST:PORT that accepts a connection."),
  unix: described(socketPath, "A socket that accepts a connection."),
  file: described(path("a path"), "A path that exists."),
  log: described(log, "A line of the output contains this text, or matches /a regular expression/."),
  fd: described(wholeNumber("a descriptor", 3, 1023), "Number of a descriptor on which the service writes a newline."),
  interval: described(duration("a duration", 10), "Time between two probes. Default 250ms."),
  timeout: described(duration("a duration", 1), "How long one probe may take. Default 3s."),
};

const kinds = ["exec", "tcp", "unix", "file", "log", "fd"] as const;

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
    const times = {
      intervalMs: values.interval ?? readyDefaults.intervalMs,
      timeoutMs: values.timeout ?? readyDefaults.timeoutMs,
    };
    if (kind === "fd" || kind === "log") {
      if (values.interval !== undefined || values.timeout !== undefined) {
        const message = `cannot use interval or timeout with ${kind}: nothing is asked again and again`;
        result.refuse(node, "value", message, "limit the whole wait with timeout: {start: …} of the service");
      }
      return kind === "fd"
        ? { kind, fd: values.fd as number }
        : { kind, ...(values.log as { text: string; regularExpression: boolean }) };
    }
    if (kind === "exec") return { kind, command: values.exec as CommandSource, ...times };
    if (kind === "tcp") return { kind, ...(values.tcp as { host: string; port: number }), ...times };
    return { kind, path: values[kind] as string, ...times };
  },
);

const words = ["started", "notify", "exit"] as const;

const readyWord: NodeSchema<ReadySource> = changed(choice("a way to be ready", words), (kind) => ({ kind }));

export const ready: NodeSchema<ReadySource> = byKind("a way to be ready", { scalar: readyWord, map: readyMap });
