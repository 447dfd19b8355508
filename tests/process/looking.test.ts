/** docs/looking.md: what it shows is what gonit prints, but for times and numbers that are others each time. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, start } from "./gonit.ts";

const page = "docs/looking.md";
/** Against hanging only. */
const patienceMs = 60_000;

/** What is another at each run becomes the same; so do blanks, since columns are as wide as what stands in them. */
function steady(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
    .replace(/"(wallMs|bootMs|pid|id|seq|cpuMs|maxRssKib|uid)":\d+/g, '"$1":N')
    .replace(/\b(pid|request|user) \d+/g, "$1 N")
    .replace(/^(\w+ +\w+ +)\d+ /gm, "$1PID ")
    .replace(/\d+(\.\d+)? ?(ms|s|MiB)\b/g, "N")
    .replace(/ +/g, " ");
}

/** UPDATE=1 npm test -- process/looking writes the outputs anew, to be read as a diff. */
test("the page about looking shows what gonit prints", async (context) => {
  const gonit = start(context, readFileSync("examples/looking/config.yml", "utf8"));
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  const typed = (command: string): string => {
    const shell = spawnSync("/bin/sh", ["-c", `gonit() { "$GONIT" "$@"; }\n${command}`], {
      cwd: gonit.folder,
      env: {
        PATH: process.env.PATH ?? "",
        LANG: "C.UTF-8",
        GONIT: binary(),
        GONIT_SOCKET: join(gonit.folder, "control.sock"),
      },
      encoding: "utf8",
      timeout: patienceMs,
    });
    return shell.stdout + shell.stderr;
  };
  const text = readFileSync(page, "utf8");
  let blocks = 0;
  const made = text.replace(/^```console\n([\s\S]*?)^```$/gm, (_, block: string) => {
    blocks++;
    const commands = block.match(/^\$ .*(?:\\\n.*)*\n/gm) ?? [];
    return `\`\`\`console\n${commands.map((command) => command + typed(command.slice(2))).join("")}\`\`\``;
  });
  assert.ok(blocks >= 3, `${blocks} examples were found`);
  if (process.env.UPDATE === "1") writeFileSync(page, made);
  else assert.equal(steady(made), steady(text));
});
