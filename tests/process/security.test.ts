/**
 * What docs/security.md promises: who may do what, what a hostile service cannot reach, and that no secret is shown. The
 * hostile service is of another user: one that runs as gonit's own user may do all that this user may.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, children, folderFor, type Started, start } from "./gonit.ts";

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : "only root can become another user";
/** That nobody else here has. */
const stranger = 61_338;

/** The command as another user; null: this machine lets nobody make user namespaces. */
function asStranger(gonit: Started, words: string[], wrapper: string[] = []): { code: number; text: string } | null {
  const [verb = "", ...rest] = words;
  const command = [binary(), verb, "--socket", join(gonit.folder, "control.sock"), ...rest];
  const [program = "", ...args] = [
    "setpriv",
    `--reuid=${stranger}`,
    `--regid=${stranger}`,
    "--clear-groups",
    ...wrapper,
  ];
  const run = spawnSync(program, [...args, ...command], { encoding: "utf8", cwd: "/" });
  if (wrapper.length > 0 && /^unshare:/m.test(run.stderr)) return null;
  return { code: run.status ?? -1, text: run.stdout + run.stderr };
}

function opened(context: TestContext, configuration: string | ((folder: string) => string)): Started {
  const gonit = start(context, configuration);
  chmodSync(gonit.folder, 0o755);
  return gonit;
}

test("a stranger may look, and neither act nor read output, also as root of a user namespace of its own", {
  skip,
}, async (context) => {
  const gonit = opened(
    context,
    "services:\n  - {name: a, command: sleep 1000}\n  - {name: b, shell: true, command: 'echo the word is swordfish; exit 3', restart: no}\n",
  );
  await gonit.until("b failed", () => gonit.service("b").state === "failed");
  chmodSync(join(gonit.folder, "control.sock"), 0o666);
  assert.match(gonit.client("why", "b").stdout, /swordfish/);
  for (const wrapper of [[], ["unshare", "--user", "--map-root-user"]]) {
    const status = asStranger(gonit, ["status"], wrapper);
    if (status === null) {
      context.diagnostic("no user namespaces here");
      continue;
    }
    assert.deepEqual([status.code, /^a +running/m.test(status.text)], [0, true], status.text);
    const why = asStranger(gonit, ["why", "b"], wrapper);
    assert.match(why?.text ?? "", /exited 3/);
    assert.doesNotMatch(why?.text ?? "", /swordfish/);
    for (const words of [
      ["stop", "a"],
      ["restart", "a"],
      ["kill", "a"],
      ["shutdown"],
      ["apply"],
      ["plan"],
      ["logs", "b"],
      ["attach", "a"],
      ["exec", "a", "--", "true"],
    ]) {
      const answer = asStranger(gonit, words, wrapper);
      assert.equal(answer?.code, 6, `${words.join(" ")}: ${answer?.text}`);
      assert.match(answer?.text ?? "", new RegExp(`user ${stranger} may only look`));
      assert.doesNotMatch(answer?.text ?? "", /swordfish/);
    }
  }
  assert.equal(gonit.service("a").restarts, 0);
});

test("who may not enter the socket's folder cannot ask", { skip }, async (context) => {
  const gonit = opened(context, "services: [{name: a, command: sleep 1000}]\n");
  await gonit.until("a runs", () => gonit.service("a").state === "ready");
  chmodSync(gonit.folder, 0o700);
  assert.equal(asStranger(gonit, ["status"])?.code, 5);
});

test("a hostile service reaches neither gonit nor another service: memory, descriptors, signals", {
  skip,
}, async (context) => {
  const gonit = opened(
    context,
    `services:
  - {name: victim, command: ${children}/notifies-ready, ready: notify, environment: {SECRET: swordfish}, logs: victim.log}
  - {name: hostile, command: sleep 1000, user: "${stranger}"}
`,
  );
  await gonit.until("both run", () => ["victim", "hostile"].every((name) => gonit.service(name).state === "ready"));
  const victim = gonit.service("victim").pid ?? 0;
  const pids = ["init", "manager", "logger"].map((role) => gonit.role(role as "init"));
  const script = `
for pid in "$@"; do
  kill -0 $pid && echo "signal $pid"
  for file in mem environ maps; do head -c 1 /proc/$pid/$file > /dev/null && echo "$file $pid"; done
  for fd in /proc/$pid/fd/*; do [ -e "$fd" ] && echo "$fd"; (: > "$fd") && echo "opened $fd"; done
done
`;
  // As the service itself would: the same user, in the same place.
  const words = ["--reuid", String(stranger), "--regid", String(stranger), "--clear-groups", "sh", "-c", script, "sh"];
  const attack = spawnSync("setpriv", [...words, ...[...pids, victim].map(String)], { encoding: "utf8", cwd: "/" });
  assert.equal(attack.stdout, "", attack.stdout);
  assert.match(attack.stderr, /Permission denied|Operation not permitted/);
  // Nothing of gonit's is open in it: its standard descriptors are its own.
  const hostile = gonit.service("hostile").pid ?? 0;
  const held = spawnSync("ls", [`/proc/${hostile}/fd`], { encoding: "utf8" })
    .stdout.trim()
    .split("\n");
  assert.deepEqual(held, ["0", "1", "2"]);
});

test("words to another service's notify socket are not heard, whatever marks their sender gives itself", {
  skip,
}, async (context) => {
  const gonit = opened(
    context,
    "services: [{name: victim, command: sleep 1000, ready: notify, timeout: {start: 1h}}, {name: other, command: sleep 1000}]\n",
  );
  await gonit.until("other runs", () => gonit.service("other").state === "ready");
  await gonit.until("victim has a process", () => gonit.service("victim").pid !== null);
  const environ = readFileSync(`/proc/${gonit.service("victim").pid}/environ`, "utf8").split("\0");
  const value = (name: string): string => environ.find((one) => one.startsWith(`${name}=`)) ?? "";
  const say = (words: string[], text: string): void => {
    const program = ["env", value("NOTIFY_SOCKET"), ...words, `${children}/notifies-ready`, "0", text, "ends"];
    const args = ["--reuid", String(stranger), "--regid", String(stranger), "--clear-groups", ...program];
    const { status, stderr } = spawnSync("setpriv", args, { encoding: "utf8", cwd: "/" });
    assert.equal(status, 0, stderr);
  };
  const marks = ["GONIT_SERVICE", "GONIT_REPLICA", "GONIT_INSTANCE"].map(value);
  assert.ok(marks.every((mark) => mark !== ""));
  say([], "READY=1");
  say(marks, "READY=1\nSTATUS=taken over");
  // Messages are dealt with in their order: behind this one of root's, who may speak for it, the others are over.
  spawnSync("env", [value("NOTIFY_SOCKET"), ...marks, `${children}/notifies-ready`, "0", "STATUS=its own", "ends"]);
  await gonit.until("the last one was heard", () => /its own|taken over/.test(gonit.client("status", "victim").stdout));
  assert.match(gonit.client("status", "victim").stdout, /its own/);
  assert.equal(gonit.service("victim").state, "starting");
});

test("a link in the place of a log file is not followed: what it points to stays as it is", {
  skip,
}, async (context) => {
  const place = folderFor(context);
  chmodSync(place, 0o755);
  const target = join(place, "root-only");
  writeFileSync(target, "precious\n", { mode: 0o600 });
  mkdirSync(join(place, "logs"));
  chownSync(join(place, "logs"), stranger, stranger);
  symlinkSync(target, join(place, "logs/a.log"));
  const gonit = opened(
    context,
    `services: [{name: a, shell: true, command: "while :; do echo a line; sleep 0.05; done", user: "${stranger}", logs: ${place}/logs/a.log}]\n`,
  );
  await gonit.sees(/a\.log/);
  assert.equal(readFileSync(target, "utf8"), "precious\n");
});

test("what stands in a file that is no env file is told by place alone", { skip }, async (context) => {
  const place = folderFor(context);
  writeFileSync(join(place, "key"), "-----BEGIN KEY-----\nc3dvcmRmaXNo=\n", { mode: 0o600 });
  writeFileSync(join(place, "key2"), "c3dvcmRmaXNo=\nsword fish=1\n", { mode: 0o600 });
  const gonit = opened(
    context,
    `services:\n  - {name: a, command: sleep 1000, env_file: ${place}/key}\n  - {name: b, command: sleep 1000, env_file: ${place}/key2}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.until("both failed", () => ["a", "b"].every((name) => gonit.service(name).state === "failed"));
  const told = [gonit.client("status", "--json"), gonit.client("why", "a"), gonit.client("why", "b")];
  for (const { stdout } of told) assert.doesNotMatch(stdout, /BEGIN|c3dv|sword/);
  assert.doesNotMatch(gonit.output(), /BEGIN|c3dv|sword/);
  assert.match(gonit.service("a").reason, /key:1:1: /);
});

test("no value of a variable is shown by status, why, plan, logs of gonit's own, or the ledger", {
  skip,
}, async (context) => {
  const place = folderFor(context);
  writeFileSync(join(place, "secrets"), "FROM_FILE=swordfish\n", { mode: 0o600 });
  const configuration = (more: string): string =>
    `environment: {FOR_ALL: swordfish}\nservices:\n  - {name: a, command: sleep 1000, environment: {OWN: swordfish${more}}, env_file: ${place}/secrets}\n`;
  const gonit = opened(context, configuration(""));
  await gonit.until("a runs", () => gonit.service("a").state === "ready");
  writeFileSync(join(gonit.folder, "config.yml"), configuration("2"));
  writeFileSync(join(place, "secrets"), "FROM_FILE=swordfish3\n");
  const looks = [
    ["status"],
    ["status", "a"],
    ["status", "--json"],
    ["why", "a"],
    ["why", "a", "--json"],
    ["plan"],
    ["plan", "--json"],
  ];
  for (const words of looks) {
    const { stdout, stderr } = gonit.client(...words);
    assert.doesNotMatch(stdout + stderr, /swordfish/, words.join(" "));
  }
  const ledger = spawnSync(binary(), ["status", "--ledger", "--pid", String(gonit.role("init"))], { encoding: "utf8" });
  assert.match(ledger.stdout, /\ba\b/);
  assert.doesNotMatch(ledger.stdout, /swordfish/);
  assert.equal(gonit.client("apply").code, 0);
  assert.doesNotMatch(gonit.output(), /swordfish/);
});
