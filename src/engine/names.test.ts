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

test("matchNames() means all replicas by the name of the family, one by its own", () => {
  const replicas = ["web@1", "web@12", "web@1x", "web"].map((name) => ({ plan: service(name) }));
  const names = (word: string) => matchNames(replicas, [word]).found.map(({ plan }) => plan.name);
  assert.deepEqual(names("web"), ["web@1", "web@12", "web"]);
  assert.deepEqual(names("we[b]"), ["web@1", "web@12", "web"]);
  assert.deepEqual(names("web@1"), ["web@1"]);
  assert.deepEqual(names("webx"), []);
  assert.deepEqual(names("*@1?"), ["web@12", "web@1x"]);
  assert.deepEqual(matchNames(replicas, ["web"]).suggestions, []);
});

test("matchNames() knows classes as a shell does", () => {
  const named = (...names: string[]) => names.map((name) => ({ plan: service(name) }));
  const matched = (word: string, ...names: string[]) =>
    matchNames(named(...names), [word]).found.map((one) => one.plan.name);
  assert.deepEqual(matched("s[1-3]", "s1", "s3", "s4", "s-", "s[1-3]"), ["s1", "s3"]);
  assert.deepEqual(matched("s[a!]x", "sax", "s!x", "sbx"), ["sax", "s!x"]);
  assert.deepEqual(matched("[]x]", "]", "x", "[", "x]"), ["]", "x"]);
  assert.deepEqual(matched("[!]x]", "]", "x", "a"), ["a"]);
  assert.deepEqual(matched("[[\\]", "[", "\\", "a"), ["[", "\\"]);
  assert.deepEqual(matched("s[1", "s1", "s[1"), ["s[1"]);
});

test("matchNames() takes letters that mean something elsewhere for what they are", () => {
  for (const name of ["a.b", "a+b", "a(b)", "a|b", "^a$", "a{1}", "a\\b", "a]"]) {
    assert.deepEqual(matchNames([{ plan: service(name) }, { plan: service("aab") }], [name]).found.length, 1, name);
  }
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
  // No swap, though one letter of each is the other's neighbour.
  assert.equal(slips("ab", "bc"), 2);
  assert.equal(slips("ab", "ca"), 2);
});

test("suggest() offers the nearest first, up to two slips away", () => {
  assert.deepEqual(suggest("web", ["wyz", "wax", "wab", "weber"]), ["weber", "wab", "wyz", "wax"]);
  assert.deepEqual(suggest("eb", ["webs", "websi"]), ["webs"]);
});

test("suggest() offers nothing for an empty word", () => {
  assert.deepEqual(suggest("", ["a", "ab", "web"]), []);
});

test("suggest() offers nothing for a word that shares no letter", () => {
  assert.deepEqual(suggest("xy", ["ab", "web"]), []);
});

test("matchNames() knows replicas by a pattern for all of them or for one", () => {
  const replicas = ["web@1", "web@2"].map((name) => ({ plan: service(name) }));
  const matched = (word: string) => matchNames(replicas, [word]).found.map(({ plan }) => plan.name);
  assert.deepEqual(matched("w?b"), ["web@1", "web@2"]);
  assert.deepEqual(matched("w*@2"), ["web@2"]);
});

test("matchNames() takes a service's name for all of its replicas, and suggests nothing when all is known", () => {
  const items = ["web@1", "web@2", "web@x", "other@1"].map((name) => ({ plan: service(name) }));
  const { found, suggestions } = matchNames(items, ["web"]);
  assert.deepEqual(
    found.map(({ plan }) => plan.name),
    ["web@1", "web@2"],
  );
  assert.deepEqual(suggestions, []);
});
