/** What docs/import says of each key is what the tables of the code do, and the written cases have every key. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { composeTopLevel } from "./compose.ts";
import { deployRules } from "./compose-deploy.ts";
import { composeRules } from "./compose-keys.ts";
import { LeftOut } from "./draft.ts";
import { pebbleRules } from "./pebble.ts";
import { processComposeTopLevel } from "./process-compose.ts";
import { processRules } from "./process-compose-keys.ts";
import { s6RcFiles } from "./s6-rc.ts";
import { runitFiles, s6Files } from "./service-directory.ts";
import { supervisordSections } from "./supervisord.ts";
import { supervisordRules } from "./supervisord-program.ts";
import { execRules } from "./systemd-exec-keys.ts";
import { serviceRules } from "./systemd-service-keys.ts";
import { socketRules } from "./systemd-socket.ts";
import { timerRules } from "./systemd-timer.ts";
import { installRules, unitRules } from "./systemd-unit-keys.ts";

type AnyRule = LeftOut | null | ((...values: never[]) => void);

/** The page of docs/import, the heading there, and the keys. */
const tables: { page: string; heading: string; rules: { [key: string]: AnyRule } }[] = [
  { page: "supervisord", heading: "Keys of a program", rules: supervisordRules },
  { page: "supervisord", heading: "Sections that are left out", rules: supervisordSections },
  { page: "compose", heading: "Keys of the file", rules: composeTopLevel },
  { page: "compose", heading: "Keys of a service", rules: composeRules },
  { page: "compose", heading: "Keys of `deploy`", rules: deployRules },
  { page: "systemd", heading: "[Unit]", rules: unitRules },
  { page: "systemd", heading: "[Service]", rules: serviceRules },
  { page: "systemd", heading: "Surroundings, limits and sandbox", rules: execRules },
  { page: "systemd", heading: "[Install]", rules: installRules },
  { page: "systemd", heading: "[Timer]", rules: timerRules },
  { page: "systemd", heading: "[Socket]", rules: socketRules },
  { page: "process-compose", heading: "Keys of the file", rules: processComposeTopLevel },
  { page: "process-compose", heading: "Keys of a process", rules: processRules },
  { page: "runit", heading: "Files of a service directory", rules: runitFiles },
  { page: "s6", heading: "Files of a service directory", rules: s6Files },
  { page: "s6", heading: "Files of s6-rc", rules: s6RcFiles },
  { page: "pebble", heading: "Keys of a service", rules: pebbleRules },
];

/** The rows below a heading of a page: the name in backticks, and what it becomes. */
function rowsOf(page: string, heading: string): Map<string, string> {
  const text = readFileSync(`docs/import/${page}.md`, "utf8");
  const part = text.split(/^## /m).find((one) => one.startsWith(`${heading}\n`));
  assert.ok(part !== undefined, `docs/import/${page}.md has no heading ${heading}`);
  return new Map([...part.matchAll(/^\| `([^`]+)` +\| (.*?) +\|$/gm)].map(([, key = "", text = ""]) => [key, text]));
}

function leftOutText({ reason, fix }: LeftOut): string {
  return `not carried over: ${reason}${fix === "" ? "" : `; ${fix}`}`.replaceAll("|", "&#124;");
}

for (const { page, heading, rules } of tables) {
  test(`docs/import/${page}.md, ${heading}: says of each key what the code does`, () => {
    const rows = rowsOf(page, heading);
    assert.deepEqual([...rows.keys()].sort(), Object.keys(rules).sort());
    for (const [key, rule] of Object.entries(rules)) {
      const text = rows.get(key) ?? "";
      if (rule instanceof LeftOut) assert.equal(text, leftOutText(rule), key);
      else assert.doesNotMatch(text, /^not carried over: /, key);
    }
  });
}

/** Paths and texts of a kind's written cases. */
function inputsOf(kind: string): { path: string; text: string }[] {
  const found: { path: string; text: string }[] = [];
  const walk = (folder: string): void => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) walk(path);
      else if (!name.startsWith("expected.")) found.push({ path, text: readFileSync(path, "utf8") });
    }
  };
  walk(join("tests/import", kind));
  return found;
}

/** How a key stands in a text, or a file in a path. */
function isUsed(kind: string, heading: string, key: string, { path, text }: { path: string; text: string }): boolean {
  if (kind === "runit" || kind === "s6") return path.split("/").slice(3).includes(key);
  const quoted = key.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  if (heading.startsWith("Sections")) return new RegExp(`^\\[${quoted}[:\\]]`, "m").test(text);
  if (kind === "systemd" || kind === "supervisord") return new RegExp(`^${quoted}\\s*=`, "m").test(text);
  return new RegExp(`(?:^|[{,]|- )\\s*${quoted}:`, "m").test(text);
}

test("each key of each table stands in a written case", () => {
  const missing: string[] = [];
  for (const { page, heading, rules } of tables) {
    const inputs = inputsOf(page);
    for (const key of Object.keys(rules))
      if (!inputs.some((input) => isUsed(page, heading, key, input))) missing.push(`${page}: ${heading}: ${key}`);
  }
  assert.deepEqual(missing, []);
});

/** By how many unit files of a Debian system have them, from the most. */
const mostUsedDirectives = (
  "Description Documentation After ExecStart Type WantedBy Before Wants DefaultDependencies Requires Conflicts " +
  "ConditionPathExists RemainAfterExit Restart User ExecReload ExecStartPre PrivateTmp ProtectSystem NoNewPrivileges " +
  "Environment EnvironmentFile ExecStop Group KillMode StandardOutput ProtectHome TimeoutSec RestrictAddressFamilies " +
  "PrivateDevices ListenStream OnCalendar Persistent SystemCallFilter MemoryDenyWriteExecute ProtectKernelModules " +
  "ProtectControlGroups ProtectKernelTunables RestrictRealtime LockPersonality RestrictNamespaces " +
  "SystemCallArchitectures BusName StateDirectory RuntimeDirectory CapabilityBoundingSet PIDFile StandardError " +
  "StandardInput RestartSec LimitNOFILE Alias PartOf SocketMode ExecStopPost ReadWritePaths KillSignal " +
  "TimeoutStopSec AmbientCapabilities TasksMax ExecStartPost Also WorkingDirectory PrivateNetwork UMask " +
  "SuccessExitStatus OnBootSec OnUnitActiveSec RandomizedDelaySec AccuracySec BindsTo RefuseManualStart " +
  "RequiresMountsFor WatchdogSec OOMScoreAdjust TTYPath Delegate NotifyAccess SyslogIdentifier DynamicUser"
).split(" ");

test("the directives that most units have are known", () => {
  const known = new Set(tables.filter(({ page }) => page === "systemd").flatMap(({ rules }) => Object.keys(rules)));
  assert.ok(mostUsedDirectives.length >= 75);
  assert.deepEqual(
    mostUsedDirectives.filter((key) => !known.has(key)),
    [],
  );
});
