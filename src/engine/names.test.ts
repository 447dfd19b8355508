import assert from "node:assert/strict";
import { test } from "node:test";
import { service } from "../../sim/plans.ts";
import { matchNames, slips, suggest } from "./names.ts";

const items = [
  { plan: service("web", { tags: ["front"] }) },
  { plan: service("worker-1") },
  { plan: service("worker-2") },
  { plan: service("a.b", { tags: ["front"] }) },
];

function found(...words: string[]): string[] {
  return matchNames(items, words).found.map(({ plan }) => plan.name);
}

test("matchNames() knows names, globs and tags, each service once and in the plan's order", () => {
  assert.deepEqual(found("worker-2", "web", "web"), ["web", "worker-2"]);
  assert.deepEqual(found("worker-*"), ["worker-1", "worker-2"]);
  assert.deepEqual(found("worker-[!1]"), ["worker-2"]);
  assert.deepEqual(found("we?"), ["web"]);
  assert.deepEqual(found("tag:front"), ["web", "a.b"]);
});

test("matchNames() takes a dot for a dot and a broken class for nothing", () => {
  assert.deepEqual(found("a?b", "x"), ["a.b"]);
  assert.deepEqual(matchNames([{ plan: service("axb") }], ["a.b*"]).unknown, ["a.b*"]);
  assert.deepEqual(matchNames(items, ["[z-a]"]).unknown, ["[z-a]"]);
});

test("matchNames() tells words that match nothing, with what may have been meant", () => {
  const match = matchNames(items, ["wbe", "tag:none", "wor"]);
  assert.deepEqual(match.unknown, ["wbe", "tag:none", "wor"]);
  assert.deepEqual(match.suggestions, ["web", "worker-1", "worker-2"]);
});

test("slips() counts a swap of neighbours as one", () => {
  assert.equal(slips("wbe", "web"), 1);
  assert.equal(slips("redis", "redsi"), 1);
  assert.equal(slips("", "abc"), 3);
  assert.equal(slips("same", "same"), 0);
});

test("suggest() offers nothing for a word that shares no letter", () => {
  assert.deepEqual(suggest("xy", ["ab", "web"]), []);
});
