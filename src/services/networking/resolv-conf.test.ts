import assert from "node:assert/strict";
import { test } from "node:test";
import { resolvConf } from "./resolv-conf.ts";

const none = { dns: [], search: [] };

test("resolvConf() merges in order, each once, and no more than a resolver asks", () => {
  const text = resolvConf([
    { dns: ["10.0.0.1"], search: ["a.b"] },
    none,
    { dns: ["10.0.0.2", "10.0.0.1"], search: ["c", "a.b"] },
    { dns: ["10.0.0.3", "10.0.0.4"], search: [] },
  ]);
  assert.equal(
    text?.split("\n").slice(1).join("\n"),
    "search a.b c\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\n",
  );
});

test("resolvConf() of sources that know nothing leaves the file alone", () => {
  assert.equal(resolvConf([none, none]), null);
  assert.match(resolvConf([{ dns: [], search: ["a"] }]) ?? "", /^search a$/m);
});
