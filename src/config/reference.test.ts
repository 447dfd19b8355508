import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { load } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import { serviceEntries } from "./service-keys.ts";
import { systemEntries } from "./system-keys.ts";

const reference = readFileSync("docs/reference/configuration.md", "utf8");

interface Section {
  title: string;
  text: string;
}

function sectionsOf(text: string): Section[] {
  return text.split(/^#{2,3} /m).map((part) => {
    const end = part.indexOf("\n");
    return { title: part.slice(0, end), text: part.slice(end) };
  });
}

function examplesOf(text: string, kind: string): string[] {
  return [...text.matchAll(/^```yaml( service)?\n([\s\S]*?)^```$/gm)]
    .filter(([, service]) => (service ?? "") === kind)
    .map(([, , example]) => example as string);
}

/** Keys that work, of the file or of a service. */
function workingKeys(entries: Record<string, { type: string }>): string[] {
  return Object.keys(entries).filter((key) => entries[key]?.type !== "unknown");
}

/** The keys of a service as a whole configuration with the services that examples speak of. */
function wholeFile(keys: string): string {
  const lines = (/^(command|type):/m.test(keys) ? keys : `command: web-server\n${keys}`).split("\n");
  const others =
    "  - {name: db, command: db}\n  - {name: cache, command: cache}\n  - {name: migrate, type: task, command: m}\n";
  return `services:\n${others}  - name: web\n${lines.map((line) => `    ${line}\n`).join("")}`;
}

test("every example of the reference loads without a problem", () => {
  const examples = [...examplesOf(reference, ""), ...examplesOf(reference, " service").map(wholeFile)];
  assert.ok(examples.length > 30);
  for (const example of examples) {
    // Elsewhere than on a machine there is a note that these keys are left alone.
    const isOfMachine = /^(modules|sysctl|mounts):/m.test(example);
    const files = { "/app/config.yml": example, "/app/base.yml": "title: base\n", "/app/web.env": "A=1\n" };
    const result = load(files, isOfMachine ? { role: Role.vm, path: "/app/config.yml" } : {});
    assert.ok("plan" in result, "problems" in result ? `${example}\n${result.problems.join("\n")}` : "");
    assert.deepEqual(result.warnings, []);
  }
});

test("every key that works has a section with an example that uses it", () => {
  const [file = "", service = ""] = reference.split(/^## Keys of /m).slice(1);
  for (const [part, kind, entries] of [
    [file, "", systemEntries],
    [service, " service", serviceEntries],
  ] as const) {
    const sections = sectionsOf(part);
    for (const key of workingKeys(entries)) {
      const section = sections.find(({ title }) => title.includes(`\`${key}\``));
      assert.ok(section !== undefined, `${key} has no section`);
      // The name stands in every example of a file.
      if (kind === " service" && key === "name") continue;
      const examples = examplesOf(section.text, kind);
      assert.ok(
        examples.some((example) => new RegExp(`^${key}:`, "m").test(example)),
        `${key} has no example`,
      );
    }
  }
});
