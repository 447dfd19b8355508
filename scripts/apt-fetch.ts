/*
 * Debian packages through a private apt state: the machine's own mirror, proxy and keys, but other suites and source
 * packages, which the machine's own apt configuration need not name. Nothing outside of .cache is changed, and apt
 * verifies every signature.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import {
  archiveStanzas,
  isSourceFile,
  ownSuite,
  parseDeb822,
  parseOneLine,
  type Stanza,
  withSuite,
} from "./apt-sources.ts";
import { Failure, mustRun, run } from "./run.ts";

/** Keys that can verify a newer suite when those that the machine names cannot. */
const ARCHIVE_KEYRINGS = ["pgp", "gpg"].map((ending) => `/usr/share/keyrings/debian-archive-keyring.${ending}`);

/** What to fetch: a binary package that holds source, or a source package. */
export interface AptRequest {
  package: string;
  kind: "binary" | "source";
  /** Recognises the file that is wanted among those that apt wrote. */
  file: RegExp;
  /** Suites to look in after the machine's own. */
  suites: string[];
}

/** The machine's stanzas, where its apt configuration says that they are. */
async function machineStanzas(): Promise<Stanza[]> {
  const text = await mustRun("read the configuration of apt", "apt-config", [
    "shell",
    "LIST",
    "Dir::Etc::sourcelist/f",
    "PARTS",
    "Dir::Etc::sourceparts/d",
  ]);
  const list = /LIST='([^']*)'/.exec(text)?.[1] ?? "";
  const parts = /PARTS='([^']*)'/.exec(text)?.[1] ?? "";
  const files = existsSync(parts) ? readdirSync(parts).filter(isSourceFile).sort() : [];
  const paths = [list, ...files.map((name) => parts + name)].filter((path) => path !== "" && existsSync(path));
  return paths.flatMap((path) => {
    const content = readFileSync(path, "utf8");
    return path.endsWith(".sources") ? parseDeb822(content) : parseOneLine(content);
  });
}

/** apt's options for a private state in this folder. */
function stateOptions(folder: string): string[] {
  const settings = [
    `Dir::State=${folder}/state`,
    "Dir::State::status=/var/lib/dpkg/status",
    `Dir::Cache=${folder}/cache`,
    "Dir::Etc::SourceList=/dev/null",
    `Dir::Etc::SourceParts=${folder}/sources`,
    "Dir::Etc::Preferences=/dev/null",
    `Dir::Etc::PreferencesParts=${folder}/preferences`,
    "APT::Default-Release=",
    "APT::Sandbox::User=root",
    "Acquire::Languages=none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=30",
  ];
  return ["-q", ...settings.flatMap((setting) => ["-o", setting])];
}

function writeState(folder: string, sources: string): void {
  rmSync(folder, { recursive: true, force: true });
  for (const part of ["state/lists/partial", "cache/archives/partial", "sources", "preferences"]) {
    mkdirSync(`${folder}/${part}`, { recursive: true });
  }
  writeFileSync(`${folder}/sources/private.sources`, sources);
}

function isKeyFailure(output: string): boolean {
  return /NO_PUBKEY|not signed|GPG error|couldn't be verified|OpenPGP/i.test(output);
}

/** apt's own words that tell why. */
function reasons(output: string): string {
  const lines = output.split("\n").filter((line) => /^(E|W|Err|Error|Warning)[: ]/.test(line));
  return [...new Set(lines.length > 0 ? lines : output.trim().split("\n").slice(-5))].slice(0, 8).join("\n");
}

/** Updates a private state for one suite; with the archive's keyring when the machine's own keys do not verify it. */
async function updateState(folder: string, stanzas: Stanza[], suite: string): Promise<string> {
  let output = "";
  for (const keyring of [undefined, ...ARCHIVE_KEYRINGS.filter((path) => existsSync(path))]) {
    writeState(folder, withSuite(stanzas, suite, keyring));
    const result = await run("apt-get", [...stateOptions(folder), "update"]);
    output = result.output;
    if (!isKeyFailure(output)) break;
  }
  return output;
}

/** Fetches one request from a state that is up to date; its file's name, or undefined. */
async function fetchFrom(state: string, request: AptRequest, into: string): Promise<{ file?: string; output: string }> {
  const folder = `${into}/.new`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const order = request.kind === "binary" ? ["download"] : ["source", "--download-only"];
  const result = await run("apt-get", [...stateOptions(state), ...order, request.package], { cwd: folder });
  const file = readdirSync(folder).find((name) => request.file.test(name));
  if (result.code !== 0 || file === undefined) return { output: result.output };
  renameSync(`${folder}/${file}`, `${into}/${file}`);
  rmSync(folder, { recursive: true });
  return { file, output: result.output };
}

function failure(requests: AptRequest[], report: string[]): Failure {
  const names = requests.map((request) => request.package).join(", ");
  const text = report.join("\n");
  const hint = isKeyFailure(text)
    ? "Install a newer debian-archive-keyring, which holds the key of that suite."
    : /resolve|Temporary failure|Could not connect|Failed to fetch|Cannot initiate|timed out|Unable to connect/i.test(
          text,
        )
      ? "Is this machine online?"
      : "Does this machine's apt configuration name a Debian archive?";
  return new Failure(`cannot fetch ${names} through apt\n${text}\n${hint}`);
}

/** A private state, up to date, for a suite, else the machine's own: the options with which apt uses it. */
export async function privateArchive(state: string, suite?: string): Promise<string[]> {
  const stanzas = archiveStanzas(await machineStanzas());
  const own = suite ?? ownSuite(stanzas);
  if (own === undefined) throw new Failure("cannot find a Debian archive in this machine's apt configuration");
  const output = await updateState(state, stanzas, own);
  if (/^E: |^Err/m.test(output)) throw new Failure(`cannot read the package lists of ${own}\n${reasons(output)}`);
  return stateOptions(state);
}

/** Fetches all requests into a folder; the names of their files, in the same order. */
export async function aptFetch(requests: AptRequest[], cache: string, into: string): Promise<string[]> {
  const all = await machineStanzas();
  const stanzas = archiveStanzas(all);
  const own = ownSuite(stanzas);
  if (own === undefined) throw failure(requests, ["no stanza with the component main was found"]);
  const files = new Map<AptRequest, string>();
  const report: string[] = [];
  mkdirSync(into, { recursive: true });
  for (const suite of new Set([own, ...requests.flatMap((request) => request.suites)])) {
    const wanted = requests.filter((r) => !files.has(r) && (suite === own || r.suites.includes(suite)));
    if (wanted.length === 0) continue;
    const state = `${cache}/apt`;
    const output = await updateState(state, stanzas, suite);
    for (const request of wanted) {
      const result = await fetchFrom(state, request, into);
      if (result.file !== undefined) files.set(request, result.file);
      else report.push(`suite ${suite}:`, reasons(`${output}\n${result.output}`));
    }
    rmSync(state, { recursive: true, force: true });
  }
  const missing = requests.filter((request) => !files.has(request));
  if (missing.length > 0) throw failure(missing, report);
  return requests.map((request) => files.get(request) as string);
}
