import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { encodeUtmp, isOfLine, utmpBytes } from "./utmp-record.ts";

const record = {
  type: "user",
  pid: 4711,
  line: "ttyS0",
  user: "root",
  wallMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
} as const;

test("encodeUtmp() writes what who(1) reads", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "gonit-utmp-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "utmp");
  writeFileSync(
    file,
    Buffer.concat([encodeUtmp(record), encodeUtmp({ ...record, type: "dead", line: "tty1", user: "" })]),
  );
  const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
  assert.match(execFileSync("who", ["-u", file], { encoding: "utf8", env }), /^root +ttyS0 +.*03:04.* 4711/);
  assert.match(execFileSync("who", ["-d", file], { encoding: "utf8", env }), /tty1 .*4711/);
});

test("isOfLine() goes by the end of the line's name, and not by records of other kinds", () => {
  const bytes = encodeUtmp(record);
  assert.equal(bytes.length, utmpBytes);
  assert.equal(isOfLine(bytes, "ttyS0"), true);
  assert.equal(isOfLine(bytes, "ttyS1"), false);
  assert.equal(isOfLine(bytes.subarray(0, 100), "ttyS0"), false);
  bytes[0] = 2;
  assert.equal(isOfLine(bytes, "ttyS0"), false);
});
