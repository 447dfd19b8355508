/** Questions with yes or no for an answer: what `ready` and `health` have in common. */

import { folderOf, resolvePath } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { byKind, changed, described, listOf, type NodeSchema, scalar } from "./schema-kit.ts";
import { keyed, mapOf } from "./schema-maps.ts";
import { type CommandSource, command, duration, filledText, text, wholeNumber } from "./values.ts";

interface Times {
  intervalMs: number;
  timeoutMs: number;
}

interface HttpSource {
  host: string;
  port: number;
  target: string;
  headers: Record<string, string>;
  status: number[];
}

/** As ProbePlan of the plan, but for the command. */
export type ProbeSource =
  | ({ kind: "exec"; command: CommandSource } & Times)
  | ({ kind: "http" } & HttpSource & Times)
  | ({ kind: "tcp"; host: string; port: number } & Times)
  | ({ kind: "unix"; path: string } & Times)
  | ({ kind: "file"; path: string } & Times);

export const probeDefaults: Times = { intervalMs: 250, timeoutMs: 3000 };

const tcpFix = "write HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080";
const hostPort = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s/[\]]+)):(\d{1,5})$/;

const tcp: NodeSchema<{ host: string; port: number }> = scalar("HOST:PORT", { type: "string" }, (value) => {
  const found = hostPort.exec(value);
  if (found === null) {
    const fix = /^:?\d{1,5}$/.test(value) ? `write 127.0.0.1:${value.replace(":", "")}` : tcpFix;
    return new Refusal("it has no host and port", fix);
  }
  const port = Number(found[3]);
  if (port < 1 || port > 65_535) return new Refusal("ports go from 1 to 65535", tcpFix);
  return { host: (found[1] ?? found[2]) as string, port };
});

/** A socket's path; @ is a name without a file. */
const socketPath: NodeSchema<string> = changed(filledText("the path of a socket"), (value, node, result) => {
  const found = value.startsWith("@") ? value : resolvePath(folderOf(node.document.path), value);
  if (found.length > 107)
    result.refuse(node, "value", "cannot use this as the path of a socket: it is longer than 107 bytes");
  return found;
});

const urlFix = "write http://HOST:PORT/PATH, such as http://127.0.0.1:8080/healthz";
const targetBytesMax = 1024;

type Url = Pick<HttpSource, "host" | "port" | "target">;

/** Authority and path as in RFC 3986; no user, no fragment. */
const url: NodeSchema<Url> = scalar("a URL", { type: "string", minLength: 1 }, (value) => {
  if (value.startsWith("https:"))
    return new Refusal("https is not asked by gonit itself", "ask with a command, such as exec: curl -fsS URL");
  const found = /^http:\/\/([^/?#\s@]+)([/?][^#\s]*)?$/.exec(value);
  if (found === null) return new Refusal("it is no URL that begins with http://", urlFix);
  const authority = found[1] as string;
  const parts = hostPort.exec(/:\d+$/.test(authority) ? authority : `${authority}:80`);
  const port = Number(parts?.[3]);
  if (parts === null || port < 1 || port > 65_535) return new Refusal("it has no host and port", urlFix);
  const rest = found[2] ?? "/";
  if (rest.length > targetBytesMax || /[^\x21-\x7e]/.test(rest))
    return new Refusal(`its path has other letters than ASCII, or more than ${targetBytesMax}`, "write it with %XX");
  return { host: (parts[1] ?? parts[2]) as string, port, target: rest.startsWith("/") ? rest : `/${rest}` };
});

const statusCode = wholeNumber("a status code", 100, 599);

const statusCodes: NodeSchema<number[]> = byKind("status codes", {
  scalar: changed(statusCode, (code) => [code]),
  list: listOf(statusCode, "status codes"),
});

/** Names and values as in RFC 9110 section 5; what gonit sends itself cannot be sent twice. */
const headers = mapOf("headers", text("the value of a header", "put the value in quotes"), {
  name: (key) => {
    if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/.test(key)) return new Refusal("it is no name of a header");
    return /^(connection|content-length|transfer-encoding)$/i.test(key) ? new Refusal("gonit sends it itself") : null;
  },
  listFix: "write NAME: VALUE, each on a line of its own",
  deletable: false,
});

const httpMap: NodeSchema<HttpSource> = changed(
  keyed(
    "an http question",
    {
      url: described(url, "http://HOST:PORT/PATH."),
      status: described(statusCodes, "Status codes that are a yes. Default: any 2xx or 3xx."),
      headers: described(headers, "Headers that are sent as well, such as Host."),
    },
    { required: ["url"] },
  ),
  (values, node, result): HttpSource | undefined => {
    const sent: Record<string, string> = {};
    for (const [name, value] of Object.entries((values.headers ?? {}) as Record<string, string>)) {
      if (/[\r\n\0]/.test(value)) result.refuse(node, "value", `cannot send the header ${name}: it has several lines`);
      sent[name] = value;
    }
    if (values.url === undefined) return undefined;
    return { ...values.url, status: values.status ?? [], headers: sent };
  },
);

const http: NodeSchema<HttpSource> = byKind("an http question", {
  scalar: changed(url, (found): HttpSource => ({ ...found, status: [], headers: {} })),
  map: httpMap,
});

export const probeEntries = {
  exec: described(command, "A command that ends with 0; run as the service's user."),
  http: described(http, "A URL that answers with 2xx or 3xx; a map with url, status and headers for more."),
  tcp: described(tcp, "HOST:PORT that accepts a connection."),
  unix: described(socketPath, "A socket that accepts a connection."),
};

export const probeTimeout = described(duration("a duration", 1), "How long one probe may take. Default 3s.");

interface ProbeValues {
  exec?: CommandSource | undefined;
  http?: HttpSource | undefined;
  tcp?: { host: string; port: number } | undefined;
  unix?: string | undefined;
  file?: string | undefined;
}

/** The question of this kind, which is there. */
export function probeSource(kind: keyof ProbeValues, values: ProbeValues, times: Times): ProbeSource {
  switch (kind) {
    case "exec":
      return { kind, command: values.exec as CommandSource, ...times };
    case "http":
      return { kind, ...(values.http as HttpSource), ...times };
    case "tcp":
      return { kind, ...(values.tcp as { host: string; port: number }), ...times };
    default:
      return { kind, path: values[kind] as string, ...times };
  }
}
