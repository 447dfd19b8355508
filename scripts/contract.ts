/*
 * Writes host/contract.h and src/contract.ts from contract/contract.ts.
 * The generated files are committed, so that the tree can be read without building it.
 */
import { HOST_CALLS, HOST_TYPES, NUMBERS } from "../contract/contract.ts";

const NOTICE = "Generated from contract/contract.ts by `npm run contract`. Do not edit.";

function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function pascal(name: string): string {
  const text = camel(name);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Text of host/contract.h: the numbers as macros, a prototype for each call, a list macro for each module. */
export function contractHeader(): string {
  const out = [`/* ${NOTICE} */`, "#ifndef GONIT_CONTRACT_H", "#define GONIT_CONTRACT_H", ""];
  for (const set of NUMBERS) {
    if (set.onlyTypeScript) continue;
    out.push(`/* ${set.doc} */`);
    for (const [name, value] of Object.entries(set.values)) {
      const text = value > 0x7fffffff ? `${value}u` : value < 0 ? `(${value})` : `${value}`;
      out.push(`#define ${set.prefix.toUpperCase()}_${name.toUpperCase()} ${text}`);
    }
    out.push("");
  }
  out.push("/* HOST_CALLS_MODULE(X) applies X(javascript name, C function, parameters) to each call of a module. */");
  for (const module of new Set(HOST_CALLS.map((call) => call.module))) {
    const rows = HOST_CALLS.filter((call) => call.module === module).map(
      (call) => `  X(${call.name}, host_${snake(call.name)}, ${parameterCount(call.signature)})`,
    );
    out.push(`#define HOST_CALLS_${module.toUpperCase()}(X) \\`, rows.join(" \\\n"), "");
  }
  out.push("#endif", "");
  return out.join("\n");
}

function parameterCount(signature: string): number {
  let depth = 0;
  let commas = 0;
  let any = false;
  for (const letter of signature) {
    if ("([{<".includes(letter)) depth++;
    else if (")]}>".includes(letter)) {
      depth--;
      if (depth === 0) break;
    } else if (depth === 1 && letter === ",") commas++;
    else if (depth === 1 && letter.trim() !== "") any = true;
  }
  return any ? commas + 1 : 0;
}

/** Text of src/contract.ts: the numbers as constant objects, the host's types, and the global `host`. */
export function contractModule(): string {
  const out = [`/* ${NOTICE} */`, ""];
  for (const set of NUMBERS) {
    out.push(`/** ${set.doc} */`, `export const ${pascal(set.prefix)} = {`);
    for (const [name, value] of Object.entries(set.values)) out.push(`  ${camel(name)}: ${value},`);
    out.push("} as const;", "");
  }
  out.push(
    HOST_TYPES.trim(),
    "",
    "/** What C does for TypeScript. A call that its program has no module for is undefined. */",
    "export interface Host {",
  );
  for (const call of HOST_CALLS) out.push(`  /** ${call.doc} */`, `  ${call.name}${call.signature};`);
  out.push("}", "", "declare global {", "  const host: Host;", "}", "");
  return out.join("\n");
}
