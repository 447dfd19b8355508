/*
 * The machine's apt sources, read so that a private copy with another suite can be written (see apt-fetch.ts).
 *
 * Only the Debian archive's own stanzas are of use: a third party's repository has no `sid`, and would fail the update.
 */

/** One stanza of a *.sources file: field names in lower case, values with their continuation lines. */
export type Stanza = Map<string, string>;

/** apt ignores files in sources.list.d whose names hold other characters or end otherwise. */
export function isSourceFile(name: string): boolean {
  return /^[A-Za-z0-9_.-]+\.(list|sources)$/.test(name);
}

/** Stanzas of a deb822 file. Lines that begin with # are comments, also inside a stanza. */
export function parseDeb822(text: string): Stanza[] {
  const stanzas: Stanza[] = [];
  let stanza: Stanza = new Map();
  let field = "";
  for (const line of [...text.split("\n"), ""]) {
    if (line.startsWith("#")) continue;
    if (line.trim() === "") {
      if (stanza.size > 0) stanzas.push(stanza);
      stanza = new Map();
      field = "";
    } else if (/^\s/.test(line)) {
      if (field !== "") stanza.set(field, `${stanza.get(field)}\n${line}`);
    } else {
      const colon = line.indexOf(":");
      if (colon < 0) continue;
      field = line.slice(0, colon).trim().toLowerCase();
      stanza.set(field, line.slice(colon + 1).trim());
    }
  }
  return stanzas;
}

/** Lines `deb [option=value …] URI SUITE COMPONENT…` of a *.list file, as stanzas. */
export function parseOneLine(text: string): Stanza[] {
  const stanzas: Stanza[] = [];
  for (const line of text.split("\n")) {
    const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)/.exec(line);
    if (match === null) continue;
    const [, type = "", options = "", uri = "", suite = "", components = ""] = match;
    const stanza: Stanza = new Map([
      ["types", type],
      ["uris", uri],
      ["suites", suite],
      ["components", components.trim()],
    ]);
    for (const option of options.split(/\s+/)) {
      const [name = "", value = ""] = option.split("=", 2);
      const field = ONE_LINE_OPTIONS.get(name.toLowerCase());
      if (field !== undefined) stanza.set(field, value.replaceAll(",", " "));
    }
    stanzas.push(stanza);
  }
  return stanzas;
}

const ONE_LINE_OPTIONS = new Map([
  ["arch", "architectures"],
  ["signed-by", "signed-by"],
  ["check-valid-until", "check-valid-until"],
]);

/** What a copy keeps. Never `trusted` or `allow-insecure`: what cannot be verified is not used. */
const KEPT_FIELDS = ["architectures", "signed-by", "check-valid-until"];

function words(stanza: Stanza, field: string): string[] {
  return (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
}

/** A suite of the archive itself, not its security or update suites and no exact path. */
function isMainSuite(suite: string): boolean {
  return !/[/]|-(security|updates|backports|backports-sloppy|proposed-updates|debug)$/.test(suite);
}

function isArchive(stanza: Stanza): boolean {
  return (
    !/^(no|false|0|off|without|disable)$/i.test(stanza.get("enabled") ?? "yes") &&
    words(stanza, "components").includes("main") &&
    words(stanza, "suites").some(isMainSuite) &&
    words(stanza, "uris").length > 0
  );
}

/** Addresses of the Debian archive as against those of others that also have a component `main`. */
function isDebianAddress(uri: string): boolean {
  return /\bdebian\b/.test(uri) && !/debian-security/.test(uri);
}

/** The stanzas that name the Debian archive; when none looks like it, all that could be (a mirror may have any name). */
export function archiveStanzas(stanzas: readonly Stanza[]): Stanza[] {
  const candidates = stanzas.filter(isArchive);
  const debian = candidates.filter((stanza) => words(stanza, "uris").some(isDebianAddress));
  return debian.length > 0 ? debian : candidates;
}

/** The suite that the machine itself uses; undefined when no stanza names one. */
export function ownSuite(stanzas: readonly Stanza[]): string | undefined {
  return stanzas.flatMap((stanza) => words(stanza, "suites")).find(isMainSuite);
}

/** A deb822 text that names the same archive with another suite. `keyring` stands in for what the stanzas are signed by. */
export function withSuite(stanzas: readonly Stanza[], suite: string, keyring?: string): string {
  const texts = new Set<string>();
  for (const stanza of stanzas) {
    const lines = [
      "Types: deb deb-src",
      `URIs: ${words(stanza, "uris").join(" ")}`,
      `Suites: ${suite}`,
      "Components: main",
    ];
    for (const field of KEPT_FIELDS) {
      const value = field === "signed-by" ? (keyring ?? stanza.get(field)) : stanza.get(field);
      if (value !== undefined) lines.push(`${field}: ${value}`);
    }
    texts.add(`${lines.join("\n")}\n`);
  }
  return [...texts].join("\n");
}
