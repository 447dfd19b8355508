/** `gonit simulate` in the real binary: what the reference page shows, exit codes, JSON. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { binary } from "./gonit.ts";

const page = "docs/reference/simulate.md";
const shop = "examples/simulate/shop.yml";
/** Against hanging only. */
const patienceMs = 60_000;

const env = {
  PATH: process.env.PATH ?? "",
  GONIT: "",
  GONIT_ROLE: "laptop",
  GONIT_SOCKET: "@gonit-test-nobody",
};

function run(...words: string[]): { code: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(binary(), ["simulate", ...words], {
    env,
    encoding: "utf8",
    timeout: patienceMs,
  });
  return { code: status, stdout, stderr };
}

/** The command of a block as a shell runs it, and all that it prints. */
function typed(command: string): string {
  const script = `gonit() { "$GONIT" "$@"; }\n${command}`;
  const shell = spawnSync("/bin/sh", ["-c", script], {
    env: { ...env, GONIT: binary() },
    encoding: "utf8",
    timeout: patienceMs,
  });
  return shell.stdout + shell.stderr;
}

/** UPDATE=1 npm test -- process/simulate writes the outputs anew, to be read as a diff. */
test("the reference page shows what gonit prints", () => {
  const text = readFileSync(page, "utf8");
  let blocks = 0;
  const made = text.replace(/^```console\n\$ ((?:.*\\\n)*.*\n)([\s\S]*?)^```$/gm, (_, command: string) => {
    blocks++;
    return `\`\`\`console\n$ ${command}${typed(command)}\`\`\``;
  });
  assert.ok(blocks >= 4, `${blocks} examples were found`);
  if (process.env.UPDATE === "1") writeFileSync(page, made);
  else assert.equal(text, made);
});

test("expectations decide the exit code", () => {
  assert.equal(run(shop, "--expect", "web is up within 5s").code, 0);
  const broken = run(
    shop,
    ...["--role", "vm", "--fault", "db exec fails ENOENT"],
    ...["--expect", "web is up", "--expect", "db is failed"],
  );
  assert.equal(broken.code, 1);
  assert.match(broken.stdout, /^broken {2}web is up: it is blocked at the end$/m);
  assert.match(broken.stdout, /^holds {3}db is failed$/m);
});

test("sentences that cannot be read are all told, with the place and what could be meant", () => {
  const { code, stdout, stderr } = run(
    shop,
    "--fault",
    "db exitss 1; bd dies",
    "--do",
    "stop web",
    "--expect",
    "web is redy",
  );
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(
    stderr,
    /cannot read the fault: "exitss" means nothing here\n {2}db exitss 1\n {5}\^~~~~~\n {2}fix: did you mean exits\?/,
  );
  assert.match(stderr, /there is no service bd\n {2}bd dies\n {2}\^~\n {2}fix: did you mean db\?/);
  assert.match(stderr, /cannot read the order: the time is missing/);
  assert.match(stderr, /fix: did you mean ready\?\n {2}like: web is up within 10s/);
  assert.match(
    run(shop, "--expect", "web is up at 20m", "--for", "10m").stderr,
    /the simulation ends before, with --for 10m/,
  );
  for (const words of [
    ["--seed", "x"],
    ["--runs", "0"],
    ["--for", "0s"],
    ["--fault", ""],
  ])
    assert.equal(run(shop, ...words).code, 2, words.join(" "));
});

test("a configuration with problems is told as by check", () => {
  const { code, stderr } = run("examples/simulate/nowhere.yml");
  assert.equal(code, 1);
  assert.match(stderr, /nowhere\.yml: cannot read the file/);
  assert.equal(run(shop, "--do", "apply examples/simulate/nowhere.yml at 3s").code, 1);
});

test("--json prints one object, the same for the same seed", () => {
  const words = [
    shop,
    "--faults",
    "many",
    "--seed",
    "7",
    "--do",
    "shutdown at 6m",
    "--expect",
    "system exits 0",
    "--json",
  ];
  const first = run(...words);
  assert.equal(first.stdout, run(...words).stdout);
  const found = JSON.parse(first.stdout);
  assert.deepEqual(Object.keys(found), ["ok", "title", "seed", "timeline", "end", "services", "expectations", "fault"]);
  assert.deepEqual([found.ok, found.seed, found.end.why, found.end.exitCode, found.fault], [true, 7, "down", 0, null]);
  assert.deepEqual(Object.keys(found.timeline[0]), ["atMs", "about", "what", "why"]);
  assert.equal(found.services.length, 4);
});

test("an apply brings its services", () => {
  const { code, stdout } = run(
    shop,
    ...["--do", "apply examples/simulate/flaky.yml at 10s", "--expect", "cache is up within 15s; web is stopped"],
    ...["--expect", "system is running"],
  );
  assert.equal(code, 0, stdout);
  assert.match(stdout, /request {2}apply examples\/simulate\/flaky\.yml/);
});

test("--runs shows the first run that is not good, or says that all are", () => {
  const good = run(shop, "--runs", "5", "--seed", "3");
  assert.deepEqual([good.code, good.stdout], [0, "5 runs are good: seeds 3 to 7\n"]);
  const bad = run(shop, "--runs", "50", "--faults", "many", "--expect", "db never restarts");
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^run \d+ of 50 is not good; again: --seed \d+\n/);
});
