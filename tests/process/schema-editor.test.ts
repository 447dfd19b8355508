/** `gonit schema` in an editor: what yaml-language-server completes and complains about. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, folderFor } from "./gonit.ts";
import { LanguageServer } from "./language-server.ts";

async function editor(context: TestContext): Promise<LanguageServer> {
  const run = spawnSync(binary(), ["schema"], { encoding: "utf8" });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(JSON.parse(run.stdout), JSON.parse(readFileSync("docs/reference/config.schema.json", "utf8")));
  const path = join(folderFor(context), "config.schema.json");
  writeFileSync(path, run.stdout);
  const server = new LanguageServer(context);
  await server.begin(path);
  return server;
}

test("schema: an editor has no complaint about configurations that gonit takes", async (context) => {
  const server = await editor(context);
  for (const path of ["origin", "appliance", "server", "looking"]) {
    const text = readFileSync(`examples/${path}/config.yml`, "utf8");
    assert.deepEqual(await server.diagnose(text), [], path);
  }
});

test("schema: an editor shows mistakes where they are", async (context) => {
  const server = await editor(context);
  const head = "services:\n  - name: web\n    command: web\n";
  for (const [text, line, message] of [
    [`${head}    comand: x\n`, 3, /comand is not allowed/],
    [`${head}    type: daemon\n`, 3, /Value is not accepted\. Valid values: "service", "task", "group"/],
    [`${head}    tags: 3\n`, 3, /Incorrect type/],
    ["services:\n  - command: web\n", 1, /Missing property "name"/],
    ["titel: Shop\n", 0, /titel is not allowed/],
    ["watch_config: always\n", 0, /Valid values: "off", "notify", "apply"/],
  ] as const) {
    const found = await server.diagnose(text);
    assert.ok(
      found.some((one) => one.line === line && message.test(one.message)),
      `${text}${JSON.stringify(found)}`,
    );
  }
});

test("schema: an editor completes keys and values", async (context) => {
  const server = await editor(context);
  const has = async (text: string, ...labels: string[]) => {
    const found = await server.complete(text);
    for (const label of labels) assert.ok(found.includes(label), `${text}: no ${label} in ${found.join(", ")}`);
  };
  await has("|", "title", "services", "watch_config", "networking");
  await has("services:\n  - name: web\n    |", "command", "depends_on", "restart", "health");
  await has("services:\n  - name: web\n    type: |", "service", "task", "group");
  await has("services:\n  - name: web\n    restart:\n      |", "policy", "delay", "limit");
  await has("watch_config: |", "off", "notify", "apply");
});
