/** `gonit check`: the worst cases that docs/check.md shows. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { blocksOf } from "./doc-blocks.ts";
import { binary, folderFor } from "./gonit.ts";

function check(context: TestContext, text: string, ...words: string[]) {
  const folder = folderFor(context);
  writeFileSync(join(folder, "config.yml"), text);
  const env = { PATH: process.env.PATH ?? "", GONIT_SOCKET: "@gonit-test-nobody" };
  const { status, stdout, stderr } = spawnSync(binary(), ["check", ...words], { cwd: folder, env, encoding: "utf8" });
  return { code: status, stdout, stderr };
}

const blocks = blocksOf("docs/check.md");
/** Limits are the machine's own. */
const withoutLimits = (text: string) => text.replaceAll(/ of \d+|, but the limit here is \d+/g, " of N");

test("check: what docs/check.md shows is what is told", (context) => {
  const { code, stdout } = check(context, blocks("shop"));
  assert.equal(code, 0);
  assert.equal(withoutLimits(`$ gonit check\n${stdout}`), withoutLimits(blocks("checked")));
});

test("check --platform kubernetes prints what docs/check.md shows; JSON has its figures", (context) => {
  const { code, stdout } = check(context, blocks("shop"), "--platform", "kubernetes");
  assert.equal(code, 0);
  assert.equal(stdout, blocks("kubernetes"));
  const json = JSON.parse(check(context, blocks("shop"), "--platform", "kubernetes", "--json").stdout);
  assert.deepEqual(json.kubernetes, { terminationGracePeriodSeconds: 68, startupFailureThreshold: 105 });
  assert.deepEqual(json.figures.stop.path, ["web", "migrate", "db"]);
  const other = check(context, blocks("shop"), "--platform", "nomad");
  assert.equal(other.code, 2);
  assert.match(other.stderr, /cannot check for the platform "nomad": only kubernetes is known/);
});
