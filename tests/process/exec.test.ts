/* Programs that clients run beside a service's main one. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, isAlive, type Started, start, watch } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

const isRoot = process.getuid?.() === 0;

function execWords(gonit: Started, ...words: string[]): string[] {
  return ["exec", "--socket", join(gonit.folder, "control.sock"), ...words];
}

function exec(gonit: Started, input: string, ...words: string[]) {
  return spawnSync(binary(), execWords(gonit, ...words), { input, encoding: "utf8", timeout: 60_000 });
}

function execInBackground(context: TestContext, gonit: Started, ...words: string[]) {
  const child = spawn(binary(), execWords(gonit, ...words), { stdio: ["pipe", "pipe", "pipe"] });
  const watched = watch(child);
  afterwards(context, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await watched.ended;
  });
  return { ...watched, child };
}

test("a program runs as its service does, with the client's input, output and exit code", async (context) => {
  const user = isRoot ? ", user: nobody, group: nogroup" : "";
  const gonit = start(
    context,
    `services: [{name: a, command: sleep 1000, directory: /usr, environment: {COLOUR: blue}, limits: {files: 77}, umask: 027${user}}]\n`,
  );
  await gonit.until("it runs", () => gonit.service("a").pid !== null);
  const told = exec(
    gonit,
    "",
    "a",
    "--",
    "sh",
    "-c",
    "pwd; echo $COLOUR $GONIT_SERVICE; ulimit -n; umask; id -un; echo oops >&2; exit 7",
  );
  const name = isRoot ? "nobody" : spawnSync("id", ["-un"], { encoding: "utf8" }).stdout.trim();
  assert.equal(told.stdout, `/usr\nblue a\n77\n0027\n${name}\n`);
  assert.equal(told.stderr, "oops\n");
  assert.equal(told.status, 7);
  // jdx/pitchfork#886: nothing but what it is given, and what ls opens itself.
  assert.equal(exec(gonit, "", "a", "--", "ls", "/proc/self/fd").stdout, "0\n1\n2\n3\n");
  const much = "0123456789abcdef".repeat(65_536);
  const echoed = exec(gonit, much, "a", "--", "cat");
  assert.equal(echoed.status, 0);
  assert.ok(echoed.stdout === much, `${echoed.stdout.length} bytes came back`);
  assert.equal(exec(gonit, "", "a", "--", "sh", "-c", "kill -TERM $$").status, 143);
  assert.equal(gonit.service("a").restarts, 0);
});

test("what cannot be run is told with the exit code that shells give it", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: a, command: sleep 1000}\n  - {name: b, command: sleep 1000, enabled: false}\n`,
  );
  await gonit.until("it runs", () => gonit.service("a").pid !== null);
  const failed = (...words: string[]) => {
    const { status, stderr } = exec(gonit, "", ...words);
    return `${status} ${stderr}`;
  };
  assert.match(failed("a", "--", "no-such-program"), /^127 gonit: cannot run no-such-program: not found in PATH/);
  assert.match(failed("a", "--", "/etc/passwd"), /^126 gonit: cannot run \/etc\/passwd: it is not executable/);
  assert.match(failed("b", "--", "true"), /^3 gonit: cannot exec: b does not run: it is stopped/);
  assert.match(failed("c", "--", "true"), /^4 gonit: cannot exec: there is no service c/);
  assert.match(failed("a"), /^2 /);
});

test("a program on a terminal has one of its own, with the terminal's size and keys", async (context) => {
  const gonit = start(context, `services: [{name: a, command: sleep 1000, environment: {PS1: "$$ ", ENV: ""}}]\n`);
  await gonit.until("it runs", () => gonit.service("a").pid !== null);
  const words = [binary(), ...execWords(gonit, "a", "--", "sh", "-i")];
  const { code, output } = await playTerminal(context, gonit.folder, words, [
    "resize 93 33",
    "expect $ ",
    "send tty; stty size; ps -o pid=,sid=,tpgid= -p $$ | { read p s t; [ $p = $s ] && echo lea''ds; }\\r",
    "expect /dev/pts/",
    "expect 33 93",
    "expect leads",
    "send sh -c 'echo be''gun; exec sleep 1000'\\r",
    "expect begun",
    "send \\x03",
    "expect $ ",
    "send exit 5\\r",
  ]);
  assert.equal(code, 5, output);
  assert.match(output, /modes: restored/);
});

test("a signal to the client reaches the program; the program ends with its client, and with its service", async (context) => {
  const gonit = start(context, `services: [{name: a, command: sleep 1000}, {name: keeper, command: sleep 1000}]\n`);
  await gonit.until("it runs", () => gonit.service("a").pid !== null);
  const traps = "trap 'echo got it; exit 9' INT; echo pid $$; while :; do sleep 0.05; done";
  const asked = execInBackground(context, gonit, "a", "--", "sh", "-c", traps);
  await asked.sees(/^pid \d+$/m);
  asked.child.kill("SIGINT");
  assert.equal(await asked.ended, 9, asked.output());
  assert.match(asked.output(), /got it/);

  // One that ignores the hang-up, with a child that has left its group, is killed.
  const stubborn = "trap '' HUP; setsid sh -c 'echo child $$; exec sleep 1000' & echo pid $$; wait; exec sleep 1000";
  const left = execInBackground(context, gonit, "a", "--", "sh", "-c", stubborn);
  await left.sees(/^child \d+$/m);
  await left.sees(/^pid \d+$/m);
  const pids = [...left.stdout().matchAll(/^(?:pid|child) (\d+)$/gm)].map(([, pid]) => Number(pid));
  left.child.kill("SIGKILL");
  await gonit.until("both are gone", () => !pids.some(isAlive));
  assert.equal(gonit.service("a").restarts, 0);

  const stopped = execInBackground(context, gonit, "a", "--", "sh", "-c", "echo begun; exec sleep 1000");
  await stopped.sees(/begun/);
  assert.equal(gonit.client("stop", "a").code, 0);
  assert.equal(await stopped.ended, 128 + 15, stopped.output());
});

test("a program outlives the manager, and its client gets what it prints and its end", async (context) => {
  const gonit = start(context, `services: [{name: a, command: sleep 1000}]\n`, { endsRoles: true });
  await gonit.until("it runs", () => gonit.service("a").pid !== null);
  const script = "echo begun; read word; echo heard $word; exit 6";
  const session = execInBackground(context, gonit, "a", "--", "sh", "-c", script);
  await session.sees(/begun/);
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  session.child.stdin?.write("still-here\n");
  assert.equal(await session.ended, 6, session.output());
  assert.match(session.output(), /heard still-here/);
});

test("a program joins its service's sandbox", { skip: isRoot ? false : "needs root" }, async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, directory: /, command: "echo secret >/tmp/mine; hostname inner; echo up; exec sleep 1000", ready: {log: up}, stop: SIGKILL, sandbox: {private_tmp: true, namespaces: [uts, net, pid]}}
`,
  );
  await gonit.sees(/msg="Service ready" service=a/);
  const { stdout, stderr } = exec(
    gonit,
    "",
    "a",
    "--",
    "sh",
    "-c",
    "cat /tmp/mine; hostname; cat /proc/1/comm; ls /sys/class/net >/dev/null; cat /proc/net/dev | wc -l",
  );
  assert.equal(stdout.split("\n").slice(0, 3).join(" "), "secret inner sleep", stderr);
});
