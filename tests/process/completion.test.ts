/** `gonit completion` in the real shells: what they offer behind a command line that is being typed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, folderFor, type Started, start } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

const shop = `
services:
  - {name: web, command: sleep 1000, tags: [edge]}
  - {name: worker, command: sleep 1000}
  - {name: db, command: sleep 1000, enabled: false}
`;

/** gonit is found as `gonit`, and asks the instance under test; a folder with files to complete. */
function surroundings(gonit: Started): { cwd: string; env: Record<string, string> } {
  const bin = join(gonit.folder, "bin");
  mkdirSync(bin);
  symlinkSync(binary(), join(bin, "gonit"));
  writeFileSync(join(gonit.folder, "shop.yml"), "");
  writeFileSync(join(gonit.folder, "a file"), "");
  const env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: gonit.folder,
    GONIT_SOCKET: join(gonit.folder, "control.sock"),
    TERM: "dumb",
    LC_ALL: "C.UTF-8",
  };
  return { cwd: gonit.folder, env };
}

/** Words as bash would offer them: its own splitting of the line is played, with = and : as word breaks. */
const bashScript = `
source <(gonit completion bash)
compopt() { :; }
COMP_LINE=$1
COMP_POINT=\${#COMP_LINE}
read -ra COMP_WORDS <<<"$(sed -E 's/([=:])/ \\1 /g' <<<"$COMP_LINE")"
[[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
_gonit
printf '%s\\n' "\${COMPREPLY[@]}"
`;

const shells: Record<string, (line: string) => string[]> = {
  bash: (line) => ["bash", "--norc", "-c", bashScript, "bash", line],
  fish: (line) => ["fish", "-N", "-c", `gonit completion fish | source; complete -C "$argv[1]"`, line],
};

async function shopRuns(context: Parameters<typeof start>[0]): Promise<Started> {
  const gonit = start(context, shop);
  await gonit.until("both run", () => ["web", "worker"].every((name) => gonit.service(name).state === "ready"));
  return gonit;
}

for (const [shell, wordsFor] of Object.entries(shells)) {
  test(`completion in ${shell}: verbs, options, their values, services, tags, files`, async (context) => {
    const gonit = await shopRuns(context);
    const where = surroundings(gonit);
    const offered = (line: string): string[] => {
      const [program = "", ...words] = wordsFor(line);
      const run = spawnSync(program, words, { ...where, encoding: "utf8", timeout: 60_000 });
      assert.equal(run.status, 0, `${run.stderr}${run.error ?? ""}`);
      const offers = run.stdout.split("\n").map((offer) => offer.split("\t")[0] ?? "");
      return offers.filter((offer) => offer !== "").sort();
    };
    assert.deepEqual(offered("gonit sta"), ["start", "status"]);
    assert.deepEqual(offered("gonit restart w"), ["web", "worker"]);
    assert.deepEqual(offered("gonit restart web wo"), ["worker"]);
    assert.ok(offered("gonit status ").includes("db"));
    assert.deepEqual(offered("gonit restart tag:").length, 1);
    assert.deepEqual(offered("gonit logs --f"), ["--follow"]);
    assert.deepEqual(offered("gonit graph --format s"), ["svg"]);
    assert.match(offered("gonit graph --format=s").join(), /^(--format=)?svg$/);
    assert.deepEqual(offered("gonit analyze bo"), ["boot"]);
    assert.deepEqual(offered("gonit help ev"), ["events"]);
    assert.deepEqual(offered("gonit kill -s US"), ["USR1", "USR2"]);
    assert.deepEqual(offered("gonit check sh"), ["shop.yml"]);
    assert.match(offered("gonit up --file=sh").join(), /^(--file=)?shop\.yml$/);
    assert.deepEqual(offered("gonit completion z"), ["zsh"]);
    assert.deepEqual(offered("gonit nonsense w"), []);
    assert.deepEqual(offered("gonit status --socket /nowhere w"), []);
  });
}

test("completion in zsh: what a user types is completed on a terminal", async (context) => {
  const gonit = await shopRuns(context);
  const { cwd, env } = surroundings(gonit);
  const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // A row of its own for each answer: the line editor of a dumb terminal draws lines anew otherwise.
  const begin =
    "PS1='ready> '; autoload -Uz compinit; compinit -u; unsetopt prompt_sp beep; source <(gonit completion zsh); zle";
  const completed = (typed: string, whole: string, mark: string): string[] => {
    return [
      `send ${typed}\\t`,
      `expect ${whole}`,
      "send \\x15",
      `send echo ${mark}-\\r`,
      `expect ${mark}-`,
      "expect ready> ",
    ];
  };
  const { output, code } = await playTerminal(
    context,
    cwd,
    ["env", "-i", ...set, "zsh", "-f", "-i"],
    [
      `send ${begin}; echo set-up\\r`,
      "expect set-up\\r\\n",
      "expect ready> ",
      ...completed("gonit graph wor", "gonit graph worker", "one"),
      ...completed("gonit stat", "gonit status", "two"),
      ...completed("gonit logs --fol", "gonit logs --follow", "three"),
      ...completed("gonit graph --format sv", "gonit graph --format svg", "four"),
      ...completed("gonit check sho", "gonit check shop.yml", "five"),
      ...completed("gonit restart tag:e", "gonit restart tag:edge", "six"),
      "send exit\\r",
    ],
  );
  assert.equal(code, 0, output);
});

test("completion says which shells it knows, and completes nothing where no gonit runs", (context) => {
  const folder = folderFor(context);
  const gonit = (...words: string[]) =>
    spawnSync(binary(), words, {
      encoding: "utf8",
      cwd: folder,
      env: { GONIT_SOCKET: "@gonit-test-nobody" },
      timeout: 60_000,
    });
  const unknown = gonit("completion", "tcsh");
  assert.deepEqual(
    [unknown.status, unknown.stderr],
    [2, "gonit: cannot complete: name one shell, bash, zsh or fish\n"],
  );
  assert.equal(gonit("completion").status, 2);
  assert.equal(gonit("completion", "candidates", "--", "status", "").stdout, "");
  assert.match(
    gonit("completion", "candidates", "--", "sta").stdout,
    /^start\tstart services\nstatus\tshow services and their states\n$/,
  );
});
