/** gonit enable and gonit disable: what they keep, where, and what happens where nothing can be kept. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "./gonit.ts";

const configuration = `# A comment that stays.
services:
  - {name: web, command: sleep 1000} # and this one
  - {name: job, schedule: "@yearly", command: "true"}
  - {name: extra, enabled: false, command: sleep 1000}
`;

test("what was enabled and disabled is so when gonit starts again; the configuration stays as it was", async (context) => {
  const gonit = start(context, configuration);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  const disabled = gonit.client("disable", "web", "job");
  assert.equal(disabled.code, 0, disabled.stderr);
  const file = join(gonit.folder, "config.d/gonit-enabled.yml");
  assert.equal(disabled.stdout.split("\n")[0], `web: disabled in ${file}`);
  assert.equal(gonit.client("enable", "extra").code, 0);
  // What runs is left alone.
  assert.deepEqual([gonit.service("web").state, gonit.service("extra").state], ["ready", "stopped"]);
  assert.equal(readFileSync(join(gonit.folder, "config.yml"), "utf8"), configuration);
  assert.equal(gonit.client("shutdown").code, 0);
  await gonit.ended;

  const again = start(context, configuration, {
    args: ["up", "-f", join(gonit.folder, "config.yml"), "--socket", join(gonit.folder, "again.sock")],
    socket: join(gonit.folder, "again.sock"),
  });
  await again.until("extra runs", () => again.service("extra").state === "ready");
  assert.deepEqual([again.service("web").state, again.service("job").state], ["stopped", "stopped"]);
});

test("with --now services are started and stopped as well, and apply finds them so", async (context) => {
  const gonit = start(context, configuration);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  assert.match(gonit.client("disable", "web", "--now").stdout, /web: stopped/);
  assert.match(gonit.client("enable", "extra", "--now").stdout, /extra: started/);
  assert.equal(gonit.client("apply").code, 0);
  assert.deepEqual([gonit.service("web").state, gonit.service("extra").state], ["stopped", "ready"]);
  assert.equal(gonit.client("enable", "web").code, 0);
  assert.equal(gonit.client("apply").code, 0);
  assert.equal(gonit.service("web").state, "ready");
});

test("what cannot be kept is told: another's file, a folder that is none, an unknown name", async (context) => {
  const gonit = start(context, configuration);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  assert.equal(gonit.client("enable", "wep").code, 4);
  assert.equal(gonit.client("enable").code, 2);
  // Root may write everywhere but below a file.
  writeFileSync(join(gonit.folder, "config.d"), "");
  const refused = gonit.client("disable", "web");
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /cannot (read|write) .*config\.d\/gonit-enabled\.yml: Not a directory/);
});

test("a file that holds more than gonit writes is left alone", async (context) => {
  const gonit = start(context, configuration);
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  const folder = join(gonit.folder, "config.d");
  const text = "title: mine\n";
  mkdirSync(folder);
  writeFileSync(join(folder, "gonit-enabled.yml"), text);
  const refused = gonit.client("disable", "web");
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /holds more than gonit writes/);
  assert.equal(readFileSync(join(folder, "gonit-enabled.yml"), "utf8"), text);
});
