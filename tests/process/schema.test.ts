/** What reading verbs print with `--json` is as docs/reference/output.schema.json says, and has no field beside. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Schema, schemaProblems } from "../json-schema.ts";
import { binary, folderFor, start } from "./gonit.ts";

const { definitions } = JSON.parse(readFileSync("docs/reference/output.schema.json", "utf8")) as {
  definitions: Record<string, Schema>;
};

test("every reading verb prints JSON as its schema says", async (context) => {
  const gonit = start(
    context,
    `
title: Shop
services:
  - {name: db, command: sleep 1000, tags: [data], labels: {tier: back}}
  - {name: web, command: sh -c "echo listening; exec sleep 1000", depends_on: [db], ready: {log: listening}}
  - {name: broken, command: sh -c "echo the reason; exit 3", restart: no}
  - {name: job, type: task, command: "true", schedule: every 1h}
  - {name: late, command: sleep 1000, depends_on: [broken]}
`,
  );
  await gonit.until("web is ready", () => gonit.service("web").state === "ready");
  await gonit.sees(/msg="Service failed".*service=broken/);
  assert.equal(gonit.client("restart", "web").code, 0);
  const check = (verb: string, lines: boolean, ...words: string[]): void => {
    const { stdout, stderr } = gonit.client(...words, "--json");
    const texts = lines ? stdout.split("\n").filter((line) => line !== "") : [stdout];
    assert.ok(texts.length > 0 && stdout !== "", `${words.join(" ")}: ${stderr}`);
    for (const text of texts) assert.deepEqual(schemaProblems(definitions[verb] as Schema, JSON.parse(text)), [], text);
  };
  check("status", false, "status");
  check("status", false, "status", "web", "job");
  check("status-at", false, "status", "--at", "0s");
  for (const name of ["web", "broken", "late", "job"]) check("why", false, "why", name);
  check("logs", false, "logs");
  check("logs", false, "logs", "--since", "1h");
  check("events", true, "events", "-n", "1000");
  check("graph", false, "graph");
  check("analyze", false, "analyze");
  check("analyze", false, "analyze", "boot");
  check("health", false, "health");
  check("version", false, "version");
  check("plan", false, "plan");
});

test("schema prints the published schemas, and tells which there are", (context) => {
  const folder = folderFor(context);
  const schema = (...words: string[]) =>
    spawnSync(binary(), ["schema", ...words], { encoding: "utf8", cwd: folder, timeout: 60_000 });
  assert.equal(schema().stdout, readFileSync("docs/reference/config.schema.json", "utf8"));
  const { title, $schema, ...shape } = JSON.parse(schema("graph").stdout) as Schema;
  assert.deepEqual(shape, definitions.graph);
  assert.equal($schema, "http://json-schema.org/draft-07/schema#");
  const unknown = schema("nonsense");
  assert.equal(unknown.status, 2);
  assert.match(unknown.stderr, /^gonit: cannot print the schema of nonsense: there are analyze, events, graph, /);
});
