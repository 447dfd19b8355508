// limit: 240 s
/* The service terminals, on terminals at which the test types and reads as a person would. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  afterwards,
  children,
  commandLine,
  folderFor,
  type Started,
  type StartOptions,
  start,
  watch,
} from "./gonit.ts";

const skip = process.getuid?.() === 0 ? false : "needs root";

interface Terminal {
  path: string;
  /** Waits until what the terminal showed since the last time holds this. */
  shows(text: string | RegExp): Promise<void>;
  type(text: string): void;
  order(line: string): void;
  screen(): string;
}

async function openTerminal(t: TestContext): Promise<Terminal> {
  const child = spawn(join(children, "holds-terminal"), [], { stdio: ["pipe", "pipe", "pipe"] });
  const watched = watch(child);
  afterwards(t, () => {
    child.stdin.end();
    return watched.ended;
  });
  await watched.sees(/^terminal \S+$/m);
  const path = /^terminal (\S+)$/m.exec(watched.output())?.[1] ?? "";
  let seen = 0;
  const order = (line: string) => child.stdin.write(`${line}\n`);
  return {
    path,
    order,
    type: (text) => order(`type ${text}`),
    screen: watched.stdout,
    async shows(text) {
      const pattern = typeof text === "string" ? new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")) : text;
      const find = () => pattern.exec(watched.stdout().slice(seen));
      await watched.sees({ test: () => find() !== null, toString: () => `${pattern}` } as unknown as RegExp);
      const found = find();
      seen += (found?.index ?? 0) + (found?.[0].length ?? 0);
    },
  };
}

function gonitWith(
  t: TestContext,
  terminals: string,
  more: StartOptions & { environment?: Record<string, string> } = {},
): Started {
  const variables = JSON.stringify({ SHELL: "/bin/sh", PATH: process.env.PATH ?? "", ...more.environment });
  const text = `title: Shop\nversion: 1.4\nterminals: [${terminals}]\nservices:\n  - {name: terminals, environment: ${variables}}\n`;
  return start(t, text, { ...(more.wrapper === undefined ? {} : { wrapper: more.wrapper }) });
}

test("a terminal greets, gives a shell with job control, and comes back after each log-out", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  const gonit = gonitWith(t, `{device: ${terminal.path}}`);
  await terminal.shows(`Shop 1.4 (`);
  await terminal.shows(`${terminal.path.replace("/dev/", "")})`);
  await terminal.shows("gonit# ");
  terminal.type("tty\\r");
  await terminal.shows(`\n${terminal.path}\r\n`);
  await terminal.shows("gonit# ");
  // Ctrl-C ends what runs, not the shell. A program that has printed something has got the terminal before.
  terminal.type("sh -c 'echo be\"\"gun; exec sleep 1000'; echo not rea''ched\\r");
  await terminal.shows("begun");
  terminal.type("\\x03");
  await terminal.shows("gonit# ");
  // Ctrl-Z stops it.
  terminal.type("sh -c 'echo be\"\"gun; exec sleep 1000'\\r");
  await terminal.shows("begun");
  terminal.type("\\x1a");
  await terminal.shows(/Stopped|Suspended/);
  terminal.type("jobs; kill -9 %1; wait; echo al''ive\\r");
  await terminal.shows("alive");
  terminal.order("resize 91 17");
  terminal.type("stty size\\r");
  await terminal.shows("17 91");
  // A program that leaves the line in a mess does no harm to the next session.
  terminal.type("stty raw -echo; exit\\r");
  await terminal.shows("Shop 1.4 (");
  await terminal.shows("gonit# ");
  terminal.type("echo ba''ck; stty -a | tr ' ;' '\\\\n\\\\n' | grep -x -e icanon -e echo\\r");
  await terminal.shows(/back\r\nicanon\r\necho\r\n/);
  assert.equal(gonit.service("terminals").state, "ready");
  assert.doesNotMatch(terminal.screen(), /not reached/);
});

test("a log-out ends what was started there; a stop of the service ends the session", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  const gonit = gonitWith(t, `{device: ${terminal.path}}`);
  await terminal.shows("gonit# ");
  terminal.type("sleep 1000\\r");
  assert.equal(gonit.client("stop", "terminals").code, 0);
  assert.equal(await gonit.ended, 0);
});

test("a message of the configuration stands before the prompt", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  gonitWith(t, `{device: ${terminal.path}, message: "Only for staff"}`);
  await terminal.shows("Only for staff");
  await terminal.shows("gonit# ");
  assert.doesNotMatch(terminal.screen(), /Shop/);
});

test("a terminal that is missing is told once, and used when it comes", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  const folder = folderFor(t);
  const gonit = gonitWith(t, `{device: ${join(folder, "tty")}}, {device: ${join(folder, "none")}}`);
  await gonit.sees(/cannot start a session on \S+\/tty: No such file or directory/);
  symlinkSync(terminal.path, join(folder, "tty"));
  await terminal.shows("gonit# ");
  assert.equal(gonit.output().match(/cannot start a session on \S+\/none/g)?.length, 1);
});

test("a terminal that hangs up ends its session and disturbs no other", { skip }, async (t) => {
  const [one, other] = [await openTerminal(t), await openTerminal(t)];
  const gonit = gonitWith(t, `{device: ${one.path}}, {device: ${other.path}}`);
  await one.shows("gonit# ");
  await other.shows("gonit# ");
  one.order("hangup");
  await gonit.sees(/cannot start a session on \S+: (No such file or directory|Input\/output error)/);
  other.type("echo al''ive\\r");
  await other.shows("alive");
  assert.equal(gonit.service("terminals").restarts, 0);
});

/** Whether there is a process with this command line, and it waits. */
function isAsleep(command: string): boolean {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const pid = pids.find((one) => commandLine(Number(one)) === command);
  return pid !== undefined && /^State:\tS/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

test("a terminal that nobody reads holds up neither the others nor the stop", { skip }, async (t) => {
  const [stuck, other] = [await openTerminal(t), await openTerminal(t)];
  const gonit = gonitWith(t, `{device: ${stuck.path}}, {device: ${other.path}}`);
  await stuck.shows("gonit# ");
  await other.shows("gonit# ");
  stuck.order("stop-reading");
  stuck.type("yes\\r");
  await gonit.until("yes waits for somebody to read", () => isAsleep("yes"));
  other.type("exit\\r");
  await other.shows("Shop 1.4 (");
  await other.shows("gonit# ");
  assert.equal(gonit.client("stop", "terminals").code, 0);
});

test("a shell that ends at once is tried less and less often", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  const folder = folderFor(t);
  const shell = join(folder, "shell");
  copyFileSync(join(children, "exits-with"), shell);
  chmodSync(shell, 0o755);
  const gonit = gonitWith(t, `{device: ${terminal.path}}`, { environment: { SHELL: shell } });
  for (let count = 0; count < 4; count++) await terminal.shows("Shop 1.4 (");
  // 100 + 200 + 400 ms lie between them; a loop would have shown it hundreds of times.
  assert.ok((terminal.screen().match(/Shop/g)?.length ?? 0) < 10);
  assert.equal(gonit.service("terminals").restarts, 0);
});

const hash = "$6$gonit$692BH5K/YAZkC5KXgOAhZ1xw9ioEmJEXEzlc.FuuiFjG/bI/4lX5JV0qsUXm4ut4KVOziI2IHZz9nCPBjX3vd1";

/**
 * Words that give gonit a user `tester` with the password "secret", and files for sessions, without touching the host's.
 * busybox is the program of the name that it is called by.
 */
function withUser(
  t: TestContext,
  login: "util-linux" | "busybox" = "util-linux",
): { wrapper: string[]; folder: string } {
  const folder = folderFor(t);
  for (const name of ["passwd", "shadow", "group"]) copyFileSync(`/etc/${name}`, join(folder, name));
  writeFileSync(join(folder, "passwd"), "tester:x:4242:4242::/tmp:/bin/sh\n", { flag: "a" });
  writeFileSync(join(folder, "shadow"), `tester:${hash}:20000:0:99999:7:::\n`, { flag: "a" });
  writeFileSync(join(folder, "group"), "tester:x:4242:\n", { flag: "a" });
  mkdirSync(join(folder, "log"));
  for (const name of ["utmp", "log/wtmp", "log/lastlog"]) writeFileSync(join(folder, name), "");
  const binds = ["passwd", "shadow", "group"].map((name) => `mount --bind "$0/${name}" /etc/${name}`);
  const mounts = [
    ...binds,
    'mount --bind "$0/log" /var/log',
    "mount -t tmpfs tmpfs /run",
    'touch /run/utmp && mount --bind "$0/utmp" /run/utmp',
  ];
  if (login === "busybox") mounts.push('mount --bind "$(command -v busybox)" "$(command -v login)"');
  return { folder, wrapper: ["unshare", "-m", "sh", "-c", `${mounts.join(" && ")} && exec "$@"`, folder] };
}

for (const login of ["util-linux", "busybox"] as const) {
  test(`${login}'s login asks for name and password, and again after the log-out`, { skip }, (t) => logsIn(t, login));
}

async function logsIn(t: TestContext, login: "util-linux" | "busybox"): Promise<void> {
  const terminal = await openTerminal(t);
  const { wrapper } = withUser(t, login);
  gonitWith(t, `{device: ${terminal.path}, login: login}`, { wrapper });
  await terminal.shows("Shop 1.4 (");
  await terminal.shows("login: ");
  terminal.type("tester\\r");
  await terminal.shows("Password: ");
  terminal.order("secret wrong\\r");
  await terminal.shows("Login incorrect");
  await terminal.shows("login: ");
  terminal.type("tester\\r");
  await terminal.shows("Password: ");
  terminal.order("secret secret\\r");
  await terminal.shows("$ ");
  terminal.type("id -un; tty\\r");
  await terminal.shows(`\ntester\r\n${terminal.path}\r\n`);
  terminal.type("exit\\r");
  await terminal.shows("Shop 1.4 (");
  await terminal.shows("login: ");
  assert.doesNotMatch(terminal.screen(), /secret|wrong/);
}

test("autologin logs its user in without a question, and again after the log-out", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  const { wrapper } = withUser(t);
  gonitWith(t, `{device: ${terminal.path}, login: autologin tester}`, { wrapper });
  for (let count = 0; count < 2; count++) {
    await terminal.shows("$ ");
    terminal.type("id -un\\r");
    await terminal.shows("\ntester\r\n");
    await terminal.shows("$ ");
    terminal.type("exit\\r");
    await terminal.shows("Shop 1.4 (");
  }
  assert.doesNotMatch(terminal.screen(), /Password/);
});

test("sessions stand in utmp and wtmp while they last", { skip }, async (t) => {
  const terminal = await openTerminal(t);
  const { wrapper, folder } = withUser(t);
  const gonit = gonitWith(t, `{device: ${terminal.path}}`, { wrapper });
  await terminal.shows("gonit# ");
  const line = terminal.path.replace("/dev/", "");
  const records = (name: string) => {
    const bytes = readFileSync(join(folder, name));
    const text = (at: number) => bytes.toString("latin1", at, at + 32).replace(/\0.*/s, "");
    return Array.from({ length: bytes.length / 384 }, (_, index) => {
      const at = index * 384;
      return `${bytes.readInt16LE(at)} ${text(at + 8)} ${text(at + 44)}`;
    });
  };
  await gonit.until("the session is recorded", () => records("utmp").includes(`7 ${line} root`));
  assert.deepEqual(records("log/wtmp"), [`7 ${line} root`]);
  terminal.type("exit\\r");
  await terminal.shows("gonit# ");
  await gonit.until("its end and the next one are, too", () => records("log/wtmp").length === 3);
  assert.deepEqual(records("log/wtmp"), [`7 ${line} root`, `8 ${line} `, `7 ${line} root`]);
  assert.deepEqual(records("utmp"), [`7 ${line} root`]);
});
