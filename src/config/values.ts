/** Kinds of values that many keys share: texts, numbers, durations, sizes, signals, paths, commands. */

import { parseDuration } from "./duration.ts";
import { parseMode } from "./mode.ts";
import { folderOf, resolvePath, type ScalarNode, type YamlNode } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { readBoolean, readNumber } from "./scalar.ts";
import { byKind, changed, listOf, type NodeSchema, scalar, scalarNode } from "./schema-kit.ts";
import { parseSignal } from "./signals.ts";
import { parseSize } from "./size.ts";
import { didYouMean } from "./suggest.ts";

/** Where text is expected, 1.10 and yes are texts; editors see a number or a boolean. */
const textTypes = { type: ["string", "number", "boolean"] };

const zeroByte = new Refusal("it holds a zero byte");

/** Source text, whatever YAML would make of it. May be empty. */
export function text(expects: string, wrongKindFix = ""): NodeSchema<string> {
  return scalar(expects, textTypes, (value) => (value.includes("\0") ? zeroByte : value), wrongKindFix);
}

export function filledText(expects: string, wrongKindFix = ""): NodeSchema<string> {
  const read = (value: string) =>
    value === ""
      ? new Refusal("it is empty", "write it, or leave the key out")
      : value.includes("\0")
        ? zeroByte
        : value;
  return scalar(expects, { ...textTypes, minLength: 1 }, read, wrongKindFix);
}

export function matchingText(expects: string, pattern: RegExp, why: string, fix = ""): NodeSchema<string> {
  const json = { ...textTypes, pattern: pattern.source };
  return scalar(expects, json, (value) => (pattern.test(value) ? value : new Refusal(why, fix)));
}

export const boolean: NodeSchema<boolean> = scalar("true or false", { type: "boolean" }, (value, plain) => {
  const read = readBoolean(value);
  if (read === null) {
    const meant = /^(?:yes|y|on|1|enabled?)$/i.test(value)
      ? "write true"
      : /^(?:no|n|off|0|disabled?)$/i.test(value)
        ? "write false"
        : "write true or false";
    return new Refusal("it is neither", meant);
  }
  return plain ? read : new Refusal("it is a text, because of the quotes", `write ${read}`);
});

export function wholeNumber(expects: string, min: number, max: number): NodeSchema<number> {
  const range = `a whole number from ${min} to ${max}`;
  const fix = `write a number such as ${Math.min(max, Math.max(min, 10))}, or leave the key out`;
  return scalar(expects, { type: "integer", minimum: min, maximum: max }, (value, plain) => {
    const number = readNumber(value);
    if (number === null) return new Refusal(`it is not ${range}`, fix);
    if (!plain) return new Refusal("it is a text, because of the quotes", `write ${value}`);
    return Number.isInteger(number) && number >= min && number <= max ? number : new Refusal(`it is not ${range}`, fix);
  });
}

export function factor(expects: string, min: number, max: number): NodeSchema<number> {
  const range = `a number from ${min} to ${max}`;
  return scalar(expects, { type: "number", minimum: min, maximum: max }, (value) => {
    const number = readNumber(value);
    if (number !== null && number >= min && number <= max) return number;
    const percent = /^(\d+(?:\.\d+)?)%$/.exec(value)?.[1];
    const meant = percent === undefined ? Math.max(min, Math.min(max, 1)) : Number(percent) / 100;
    return new Refusal(`it is not ${range}`, `write a number such as ${meant}`);
  });
}

export function choice<const T extends string>(expects: string, values: readonly T[]): NodeSchema<T> {
  const known = new Set<string>(values);
  return scalar(expects, { type: "string", enum: values }, (value) => {
    return known.has(value)
      ? (value as T)
      : new Refusal(`it is none of ${values.join(", ")}`, didYouMean(value, values) || `write ${values.join(" or ")}`);
  });
}

const durationJson = {
  type: ["string", "number"],
  pattern: "^\\d+(\\.\\d+)?$|^(\\d+(\\.\\d+)?(ms|s|m|h|d))+$|^\\$",
  minimum: 0,
};

export function duration(expects: string, minMs = 0, wrongKindFix = ""): NodeSchema<number> {
  const read = (value: string) => {
    const ms = parseDuration(value);
    return typeof ms === "number" && ms < minMs
      ? new Refusal(`it is shorter than ${minMs} ms`, `write ${minMs}ms, or longer`)
      : ms;
  };
  return scalar(expects, durationJson, read, wrongKindFix);
}

/** A duration, or `off`. Not null, which would delete what an earlier layer says. */
export function durationOrOff(expects: string): NodeSchema<number | "off"> {
  const json = { type: ["string", "number"] };
  return scalar<number | "off">(expects, json, (value) => {
    if (value === "off") return value;
    const ms = parseDuration(value);
    return ms === 0 ? new Refusal("it would end before it begins", "write off for no limit") : ms;
  });
}

export function size(expects: string, minBytes: number): NodeSchema<number> {
  const json = {
    type: ["string", "integer"],
    pattern: "^\\d+(\\.\\d+)?([KMGTkmgt]([iI]?[bB])?|[bB])?$|^\\$",
    minimum: minBytes,
  };
  return scalar(expects, json, (value) => {
    const bytes = parseSize(value);
    if (typeof bytes !== "number" || bytes >= minBytes) return bytes;
    return new Refusal(`it is less than ${minBytes} bytes`, `write ${minBytes} or more, or leave the key out`);
  });
}

export const umask: NodeSchema<number> = scalar(
  "a umask",
  { type: ["string", "integer"], pattern: "^(0o)?[0-7]{1,4}$" },
  (value) => {
    const mode = parseMode(value);
    return typeof mode === "number" && mode > 0o777 ? new Refusal("it is larger than 777") : mode;
  },
);

export const signal: NodeSchema<number> = scalar("a signal", { type: ["string", "integer"] }, parseSignal);

/** A path, made absolute: a relative one is relative to the file that names it. */
export function path(expects: string): NodeSchema<string> {
  return changed(filledText(expects), (value, node) => resolvePath(folderOf(node.document.path), value));
}

/** The name of a service that must exist, with its place. */
export interface Reference {
  name: string;
  node: YamlNode;
}

export const serviceName = /^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,100}$/;

export const reference: NodeSchema<Reference> = changed(
  filledText("the name of a service", "write one name"),
  (name, node) => ({
    name,
    node,
  }),
);

/** What is split, or given to a shell, once it is known which (`shell: true` may stand in another layer). */
export type CommandSource = { kind: "text"; node: ScalarNode } | { kind: "list"; argv: string[]; node: YamlNode };

const commandText: NodeSchema<CommandSource> = changed(
  scalarNode("a command", { type: "string", minLength: 1 }),
  (node) => ({
    kind: "text" as const,
    node,
  }),
);

const commandList: NodeSchema<CommandSource> = changed(
  listOf(text("an argument"), "a command"),
  (argv, node, result) => {
    if (argv.length === 0 || argv[0] === "") {
      result.refuse(
        node,
        "value",
        "cannot run this: the command is empty",
        "write the program first, then its arguments",
      );
    }
    return { kind: "list" as const, argv, node };
  },
);

export const command: NodeSchema<CommandSource> = byKind(
  "a command",
  { scalar: commandText, list: commandList },
  {
    map: "write a text, or a list of the program and its arguments",
  },
);

/** One value, or a list of them. */
export function oneOrMore<T>(item: NodeSchema<T>, expects: string): NodeSchema<T[]> {
  return byKind(expects, { scalar: changed(item, (value) => [value]), list: listOf(item, expects) }) as NodeSchema<T[]>;
}
