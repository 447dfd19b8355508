/** `gonit apply` as a transaction: what it changes has to come up, else the configuration before comes back. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { clientBeside } from "./client-beside.ts";
import { blocksOf } from "./doc-blocks.ts";
import { afterwards, binary, type Started, start, watch } from "./gonit.ts";

const steady = "  - {name: steady, command: sleep 1000}\n";

/** `web` says what it was started with, and is ready when it says so. */
function webThat(says: string, script: string): string {
  return `  - {name: web, command: sh -c "echo ${says}; ${script}", ready: {log: ${says}}}\n`;
}

const good = `services:\n${steady}${webThat("version one", "exec sleep 1000")}`;
/** Waits for a word: the file `go` makes it ready, the file `fail` ends it. */
const hesitant = `services:\n${steady}  - name: web
    command: sh -c "echo waiting; while ! [ -e go ]; do [ -e fail ] && exit 3; sleep 0.02; done; echo yes; exec sleep 1000"
    ready: {log: "yes"}
    directory: .
    restart: "no"
`;
const broken = `services:\n${steady}  - {name: web, command: sh -c "echo no such table; exit 3", ready: {log: ok}, restart: no}\n`;

function write(gonit: Started, text: string): void {
  writeFileSync(join(gonit.folder, "config.yml"), text);
}

async function running(context: TestContext, text = good, options = {}): Promise<Started> {
  const gonit = start(context, text, options);
  await gonit.sees(/msg="Service ready" service=web/);
  return gonit;
}

test("apply: a service that does not come up brings the configuration before back, and its last words are told", async (context) => {
  const gonit = await running(context);
  const pid = gonit.service("steady").pid;
  write(gonit, broken);
  const { code, stdout, stderr } = gonit.client("apply");
  assert.equal(code, 1);
  assert.match(stderr, /^gonit: cannot apply: web failed: exited 3 before ready; the configuration before is in place/);
  assert.match(stderr, /^ {2}web \| no such table$/m);
  assert.match(stdout, /^web: (re)?started \(pid \d+\)$/m);
  assert.equal(gonit.service("web").state, "ready");
  await gonit.until("it runs as before", () => gonit.output().match(/^web \| version one$/gm)?.length === 2);
  assert.equal(gonit.service("steady").pid, pid);
  await gonit.sees(/level=error msg="Apply failed; the configuration before it comes back".* service=web/);
});

test("apply: with --no-gate the new configuration stays", async (context) => {
  const gonit = await running(context);
  write(gonit, broken);
  const { code, stderr } = gonit.client("apply", "--no-gate");
  assert.equal(code, 1);
  assert.match(stderr, /cannot apply: web failed: exited 3 before ready\n$/);
  assert.equal(gonit.service("web").state, "failed");
});

test("apply: --gate bounds it, and what still runs is quoted too", async (context) => {
  const gonit = await running(context);
  write(gonit, hesitant);
  const { code, stderr } = gonit.client("apply", "--gate", "1s");
  assert.equal(code, 1);
  assert.match(stderr, /web is not up after 1s; the configuration before is in place again/);
  assert.match(stderr, /^ {2}web \| waiting$/m);
  assert.equal(gonit.client("apply", "--gate", "soon").code, 2);
  assert.equal(gonit.client("apply", "--gate", "1s", "--no-gate").code, 2);
});

test("apply: a service without readiness has to stay up, one with health has to be healthy", async (context) => {
  const gonit = await running(context);
  const fallen = `  - {name: fallen, command: sh -c "exec sleep 0.2", restart: {policy: always, delay: 0s}}\n`;
  write(gonit, `${good}${fallen}`);
  const first = gonit.client("apply");
  assert.equal(first.code, 1);
  assert.match(first.stderr, /fallen does not stay up: exited 0; the configuration/);
  assert.ok(!gonit.client("status").stdout.includes("fallen"));
  const ill = `{exec: "false", interval: 10ms, start_interval: 10ms, failures: 2, action: none}`;
  write(gonit, `${good}  - {name: ill, command: sleep 1000, health: ${ill}}\n`);
  const second = gonit.client("apply");
  assert.equal(second.code, 1);
  assert.match(second.stderr, /ill is unhealthy: false exited with 1; the configuration/);
  write(gonit, `${good}  - {name: well, command: sleep 1000, health: {exec: "true"}}\n`);
  const third = gonit.client("apply");
  assert.equal(third.code, 0, third.stderr);
  assert.ok(gonit.service("well").marks.includes("healthy"));
});

test("apply: a manager that is killed in the middle leaves it to the next one, forwards and back", async (context) => {
  const gonit = await running(context, good, {
    endsRoles: true,
    binary: binary("GONIT_HOOKS_BINARY"),
    environment: { GONIT_RETRY_MS_MAX: "1" },
  });
  const isWaitedFor = () => /an apply goes on for .*waits for web/.test(gonit.client("status").stdout);
  for (const [word, code, shows] of [
    ["fail", 1, /web failed: exited 3 before ready; the configuration before is in place again/],
    ["go", 0, /^web: restarted/],
  ] as const) {
    write(gonit, hesitant);
    const answer = clientBeside(gonit, "apply");
    await gonit.until("it waits for web", isWaitedFor);
    const manager = gonit.role("manager");
    process.kill(manager, "SIGKILL");
    await gonit.until("a new manager", () => ![0, manager].includes(gonit.role("manager")));
    await gonit.until("it still waits for web", isWaitedFor);
    writeFileSync(join(gonit.folder, word), "");
    const { code: ended, text } = await answer;
    assert.equal(ended, code, text);
    assert.match(text, shows);
    assert.equal(gonit.service("web").state, "ready");
    rmSync(join(gonit.folder, word));
  }
  assert.equal(gonit.output().match(/^web \| version one$/gm)?.length, 2, gonit.output());
});

test("apply: one at a time, and a client that goes away changes nothing", async (context) => {
  const gonit = await running(context);
  write(gonit, hesitant);
  const socket = join(gonit.folder, "control.sock");
  const client = spawn(binary(), ["apply", "--socket", socket], { stdio: ["ignore", "pipe", "pipe"] });
  const { ended } = watch(client);
  afterwards(context, () => client.kill("SIGKILL"));
  await gonit.sees(/web \| waiting/);
  const second = gonit.client("apply");
  assert.equal(second.code, 6);
  assert.match(second.stderr, /cannot apply: another apply goes on for .*: it waits for web\n/);
  client.kill("SIGKILL");
  await ended;
  writeFileSync(join(gonit.folder, "fail"), "");
  await gonit.sees(/msg="The configuration before is back" reason="web failed: exited 3 before ready"/);
  assert.equal(gonit.service("web").state, "ready");
});

test("apply: who waits no longer is told so, and it goes on", async (context) => {
  const gonit = await running(context);
  write(gonit, hesitant);
  const { code, stderr } = gonit.client("apply", "--timeout", "100ms");
  assert.equal(code, 7);
  assert.match(stderr, /not settled after 100 ms: web/);
  writeFileSync(join(gonit.folder, "fail"), "");
  await gonit.sees(/msg="The configuration before is back"/);
});

test("apply: what docs/apply.md shows happens", async (context) => {
  const blocks = blocksOf("docs/apply.md");
  const gonit = start(context, blocks("before"));
  await gonit.sees(/msg="Service ready" service=web/);
  write(gonit, blocks("after"));
  const run = gonit.client("apply");
  assert.equal(run.code, 1);
  const shown = `${run.stdout}${run.stderr}`.replaceAll(/pid \d+/g, "pid 41");
  assert.equal(shown, blocks("shown").split("\n").slice(1).join("\n"));
});

test("plan: what docs/apply.md shows is what is told, of an env_file's content too", async (context) => {
  const blocks = blocksOf("docs/apply.md");
  const gonit = start(context, (folder) => {
    writeFileSync(join(folder, "db.env"), "PGPORT=5432\nPGPASSWORD=very-secret\n");
    return blocks("planned");
  });
  await gonit.sees(/msg="Started service".*service=api/);
  writeFileSync(join(gonit.folder, "db.env"), "PGPORT=5433\nPGPASSWORD=also-secret\n");
  const changed = blocks("planned").replace("info", "debug").replace("title: Shop", "title: Shop 2");
  write(gonit, changed.replace("on-failure", "always"));
  const { code, stdout } = gonit.client("plan");
  assert.equal(code, 0);
  assert.equal(`$ gonit plan\n${stdout}`, blocks("plan"));
  const { changes, system } = JSON.parse(gonit.client("plan", "--json").stdout);
  assert.deepEqual(changes[1], { service: "db", action: "restart", because: "env_file (PGPASSWORD, PGPORT) changed" });
  assert.deepEqual(changes.at(-1), { service: "jobs", action: "in-place", because: "restart changed" });
  assert.deepEqual(system, ["title"]);
  assert.ok(!gonit.output().includes("Stopping service"));
});
