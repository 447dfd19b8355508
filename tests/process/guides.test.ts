/**
 * The guides of docs/guides run as they are written: a block with a file's name behind the language is that file, a block
 * `sh` is typed into a shell, and each line of the block `text` behind it must be in what it prints.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { afterwards, binary, folderFor } from "./gonit.ts";

const folder = "docs/guides";
/** Against hanging only. */
const patienceMs = 60_000;

const hasNamespaces = spawnSync("unshare", ["--pid", "--fork", "--mount-proc", "--kill-child", "true"]).status === 0;

interface Block {
  language: string;
  /** Of the file; empty: none. */
  name: string;
  text: string;
}

function blocksOf(guide: string): Block[] {
  const text = readFileSync(join(folder, guide), "utf8");
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = "", name = "", body = ""]) => ({
      language,
      name,
      text: body,
    }),
  );
}

/** Times, process numbers and columns are other ones each time. */
function normal(text: string): string {
  return text
    .replace(/\b\d+(?:\.\d+)?m?s\b/g, "0s")
    .replace(/ \d+ +(?=0s)/g, "  1234  ")
    .replace(/ {2,}/g, "  ")
    .trim();
}

for (const guide of readdirSync(folder)) {
  test(`the guide ${guide} runs as it is written`, (t) => {
    const blocks = blocksOf(guide);
    assert.ok(blocks.some(({ language, name }) => language === "sh" && name === ""));
    if (!hasNamespaces && blocks.some(({ text }) => text.includes("unshare"))) {
      t.skip("no pid namespace can be made here");
      return;
    }
    const here = folderFor(t);
    const programs = folderFor(t);
    symlinkSync(binary(), join(programs, "gonit"));
    const env = { PATH: `${programs}:${process.env.PATH}`, HOME: here, GONIT_ROLE: "laptop" };
    const shell = (text: string) =>
      spawnSync("/bin/sh", ["-ec", text], { cwd: here, env, encoding: "utf8", timeout: patienceMs });
    let isOver = false;
    // What a guide that fails has left in the background.
    afterwards(t, () => (isOver ? null : shell("gonit down 2> /dev/null || true")));
    let printed = "";
    for (const { language, name, text } of blocks) {
      if (name !== "") {
        mkdirSync(dirname(join(here, name)), { recursive: true });
        writeFileSync(join(here, name), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
      } else if (language === "sh") {
        const run = shell(text);
        printed = run.stdout + run.stderr;
        assert.equal(run.status, 0, `${text}\n${printed}`);
      } else {
        const lines = printed.split("\n").map(normal);
        for (const line of text.split("\n").filter((one) => one !== ""))
          assert.ok(lines.includes(normal(line)), `"${line}" is not in\n${printed}`);
      }
    }
    isOver = true;
  });
}
