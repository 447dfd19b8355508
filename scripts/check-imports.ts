/*
 * Which folder may import which: imports point down, so that a part can be read, tested and loaded without those above
 * it. `engine` is pure; a client that imported `runtime` would load the manager's bytecode.
 */

interface Layer {
  may: string[];
  /** Only their types, which leave nothing in the bundle. */
  mayTypes?: string[];
  fix: string;
  packages?: boolean;
}

/** Folders of src/. `src/contract.ts` is free to all of them. */
const SRC_LAYERS: { [folder: string]: Layer } = {
  engine: { may: [], fix: "what it needs arrives in an event; what it wants done leaves as an effect" },
  config: {
    may: ["engine"],
    packages: true,
    fix: "the reader turns text into a plan (src/engine/plan.ts) and knows no more",
  },
  control: { may: ["engine"], fix: "let the runtime pass it in through an interface that control declares" },
  runtime: { may: ["control", "engine"], fix: "move what both use down into control or engine" },
  import: { may: ["config"], fix: "it turns other managers' files into configuration text and knows no more" },
  cli: {
    may: ["control", "config", "import"],
    mayTypes: ["engine"],
    fix: "ask the manager through a request of src/control/messages.ts",
  },
  services: {
    may: ["control"],
    mayTypes: ["engine"],
    fix: "a built-in service is a client: it uses the host and nothing of the manager",
  },
  packages: { may: [], fix: "keep the package manager apart from the manager" },
};

/** Folders of the project. */
const TOP_LAYERS: { [folder: string]: string[] } = {
  contract: [],
  src: [],
  sim: ["contract", "src"],
  tools: ["contract", "src"],
  scripts: ["contract"],
  bench: ["contract", "src", "scripts"],
  tests: ["contract", "src", "sim", "scripts", "tools"],
};

/** Files that may import more than their folder may, each with its reason. */
const EXCEPTIONS: { [file: string]: { may: string[]; because: string } } = {
  "src/cli/command-simulate.ts": {
    may: ["sim"],
    because: "the simulator is for users too; the verb is a module of its own, so no other client loads it",
  },
};

export interface Import {
  specifier: string;
  typesOnly: boolean;
}

/** Import and export clauses of a module's text, and dynamic imports of a literal. */
export function importsOf(text: string): Import[] {
  const found: Import[] = [];
  const clause = /^(?:import|export)\s+(type\s)?([^;"'`]*?)\s*from\s*"([^"]+)"/gm;
  for (const [, type, names = "", specifier = ""] of text.matchAll(clause)) {
    const inner =
      /\{([\s\S]*)\}/
        .exec(names)?.[1]
        ?.split(",")
        .map((name) => name.trim()) ?? [];
    const named = inner.filter((name) => name !== "");
    const allTypes =
      names.trim().startsWith("{") && named.length > 0 && named.every((name) => name.startsWith("type "));
    found.push({ specifier, typesOnly: type !== undefined || allTypes });
  }
  for (const [, specifier = ""] of text.matchAll(/^import\s+"([^"]+)"/gm)) found.push({ specifier, typesOnly: false });
  for (const [, specifier = ""] of text.matchAll(/\bimport\(\s*"([^"]+)"/g))
    found.push({ specifier, typesOnly: false });
  return found;
}

/** The project path that a relative import of `file` means. */
export function resolveImport(file: string, specifier: string): string {
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

function checkWithinSrc(file: string, target: string, typesOnly: boolean): string | undefined {
  const [, from = ""] = file.split("/");
  const [, to = ""] = target.split("/");
  const layer = SRC_LAYERS[from];
  /* Files of src/ itself put the parts together: the entries. */
  if (layer === undefined || target === "src/contract.ts" || from === to) return undefined;
  if (layer.may.includes(to) || (typesOnly && layer.mayTypes?.includes(to))) return undefined;
  const allowed = ["contract.ts", from, ...layer.may, ...(layer.mayTypes ?? []).map((name) => `types of ${name}`)];
  return `${file} imports ${target}: ${from} may import only ${allowed.join(", ")}; ${layer.fix}`;
}

function checkPackage(file: string, specifier: string): string | undefined {
  const [top, folder = ""] = file.split("/");
  if (top !== "src" || SRC_LAYERS[folder]?.packages === true) return undefined;
  return `${file} imports the package ${specifier}: in src only ${packageFolders()} may; write the little that is needed`;
}

function packageFolders(): string {
  return Object.keys(SRC_LAYERS)
    .filter((name) => SRC_LAYERS[name]?.packages === true)
    .join(", ");
}

function checkOne(file: string, { specifier, typesOnly }: Import): string | undefined {
  if (!specifier.startsWith(".")) return checkPackage(file, specifier);
  const target = resolveImport(file, specifier);
  const [from = ""] = file.split("/");
  const [to = ""] = target.split("/");
  if (/\.(j|t)sx?$/.test(specifier) === false && !/\.(json|yml|txt)$/.test(specifier)) {
    return `${file} imports ${specifier}: write the file's name with its .ts ending`;
  }
  if (from === "src" && to === "src") return checkWithinSrc(file, target, typesOnly);
  if (from === to || (TOP_LAYERS[from] ?? []).includes(to) || EXCEPTIONS[file]?.may.includes(to)) return undefined;
  return `${file} imports ${target}: ${from}/ may import only ${[from, ...(TOP_LAYERS[from] ?? [])].join(", ")}`;
}

/** Complaints about one file's imports. Tests may use the simulated world, and what Node has. */
export function checkImports(file: string, text: string): string[] {
  if (/\.test\.ts$/.test(file)) return [];
  return importsOf(text)
    .map((one) => checkOne(file, one))
    .filter((complaint) => complaint !== undefined);
}

const IMPURE: [RegExp, string][] = [
  [/\bDate\b/, "time arrives in the step's input: now"],
  [/\bMath\.random\b/, "chance arrives in the step's input: random"],
  [/\bperformance\b/, "time arrives in the step's input: now"],
  [/\bhost\b(?=\.|\[|\))/, "return an effect; the runtime performs it"],
  [
    /\b(setTimeout|setInterval|queueMicrotask|Promise|async|await)\b/,
    "arm a timer by an effect; its end comes as an event",
  ],
  [/\bconsole\b/, "record a cause, or return a publish effect"],
  [/\b(process|globalThis)\b(?=\.|\[)/, "return an effect; the runtime performs it"],
];

/** The text without comments and literal texts, line by line. */
export function codeOf(text: string): string {
  const blank = (match: string): string => match.replace(/[^\n]/g, " ");
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"/g, (match) =>
    match.startsWith('"') ? `"${blank(match.slice(1, -1))}"` : blank(match),
  );
}

/** src/engine/ is a pure function: no clock, no chance, no host. */
export function checkPurity(file: string, text: string): string[] {
  if (!file.startsWith("src/engine/") || /\.test\.ts$/.test(file)) return [];
  const complaints: string[] = [];
  for (const [index, line] of codeOf(text).split("\n").entries()) {
    for (const [pattern, fix] of IMPURE) {
      const found = pattern.exec(line);
      if (found !== null)
        complaints.push(`${file}:${index + 1}: the engine is pure and may not use ${found[0]}; ${fix}`);
    }
  }
  return complaints;
}
