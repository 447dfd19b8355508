/* Terminals of services, and the client that shows them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, children, type Started, start, watch } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

const shell =
  '{name: game, command: sh -i, tty: true, environment: {PS1: "game> ", ENV: ""}, restart: always, stop: SIGHUP}';

/** `gonit attach` with pipes in place of a terminal. */
function attachByPipes(context: TestContext, gonit: Started, name: string) {
  const socket = join(gonit.folder, "control.sock");
  const child = spawn(binary(), ["attach", "--socket", socket, name], { stdio: ["pipe", "pipe", "pipe"] });
  const watched = watch(child);
  afterwards(context, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await watched.ended;
  });
  return { ...watched, child, type: (text: string) => child.stdin?.write(text) };
}

test("a service with a terminal leads a session on it, and its output is logged without carriage returns", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: a
    shell: true
    tty: true
    restart: no
    logs: ./a.log
    environment: {LANG: C}
    command: |
      tty && [ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo three
      ps -o pid=,sid=,tpgid= -p $$ | { read pid sid front; [ $pid = $sid ] && [ $pid = $front ] && echo leads; }
      printf 'half\\rline\\n\\n'; exec sleep 1000
  - {name: quiet, shell: true, tty: pty, stdin: null, command: "cat; echo $TERM read nothing; exec sleep 1000", environment: {TERM: dumb}}
`,
  );
  const log = () => readFileSync(join(gonit.folder, "a.log"), "utf8");
  await gonit.until("it has printed all", () => log().includes("half"));
  assert.match(log(), /^\S+Z \/dev\/pts\/\d+\n\S+Z three\n\S+Z leads\n\S+Z half\rline\n\S+Z \n$/);
  await gonit.sees(/^quiet \| dumb read nothing$/m);
});

test("a terminal is attached to, typed into, told its size, and left by its keys while the service goes on", async (context) => {
  const gonit = start(context, `services:\n  - ${shell}\n`);
  await gonit.until("the shell runs", () => gonit.service("game").pid !== null);
  const { pid } = gonit.service("game");
  const words = [binary(), "attach", "--socket", join(gonit.folder, "control.sock"), "game"];
  const first = await playTerminal(context, gonit.folder, words, [
    "resize 91 31",
    "send stty size; echo be''fore\\r",
    "expect 31 91",
    "expect before",
    "expect game> ",
    "resize 101 41",
    "send stty size\\r",
    "expect 41 101",
    // Keys that are no end of it are typed: ^P, and another one.
    "send sh -c 'echo read''y; exec sleep 1000'\\r",
    "expect ready",
    "send \\x03",
    "expect game> ",
    "send \\x10\\x11",
    "expect detached from game, which goes on",
  ]);
  assert.equal(first.code, 0, first.output);
  assert.match(first.output, /modes: restored/);
  const second = await playTerminal(
    context,
    gonit.folder,
    [...words, "--detach-keys", "ctrl-a,d"],
    ["send echo a''gain $$\\r", `expect again ${pid}`, "send \\x01d", "expect detached"],
  );
  assert.equal(second.code, 0, second.output);
  assert.equal(gonit.service("game").pid, pid);
});

test("several look at one terminal, by pipes, over a restart of its service and the deaths of manager and logger", async (context) => {
  const gonit = start(context, `services:\n  - ${shell}\n  - {name: keeper, command: sleep 1000}\n`, {
    endsRoles: true,
  });
  await gonit.until("the shell runs", () => gonit.service("game").pid !== null);
  const one = attachByPipes(context, gonit, "game");
  const two = attachByPipes(context, gonit, "game");
  const bothSee = (pattern: RegExp) => Promise.all([one.sees(pattern), two.sees(pattern)]);
  one.type("echo from one''$((1+1))\n");
  await one.sees(/from one2/);
  two.type("echo from two''$((1+1))\n");
  await bothSee(/from two2/);
  const manager = gonit.role("manager");
  process.kill(manager, "SIGKILL");
  one.type("echo without''-manager\n");
  await bothSee(/without-manager/);
  await gonit.sees(/msg="Manager is back"/);
  two.type("exit\n");
  await gonit.until("the next shell runs", () => gonit.service("game").restarts === 1);
  one.type("echo the-next''-one\n");
  await bothSee(/the-next-one/);
  process.kill(gonit.role("logger"), "SIGKILL");
  await bothSee(/what the terminal showed in this moment may be missing/);
  one.type("echo with-another''-logger\n");
  await bothSee(/with-another-logger/);
  const stopped = gonit.client("stop", "game");
  assert.equal(stopped.code, 0, stopped.stderr);
  assert.deepEqual(await Promise.all([one.ended, two.ended]), [0, 0]);
  assert.match(one.output(), /gonit: game has ended/);
});

test("a service on a device has that line for itself, and leaves its log alone", async (context) => {
  const line = spawn(join(children, "holds-terminal"), [], { stdio: ["pipe", "pipe", "pipe"] });
  const seen = watch(line);
  afterwards(context, () => {
    line.stdin.end();
    return seen.ended;
  });
  await seen.sees(/^terminal \S+$/m);
  const device = /^terminal (\S+)$/m.exec(seen.output())?.[1] ?? "";
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, tty: ${device}, environment: {TERM: ""}, command: "tty; read word; echo heard $word; exec sleep 1000"}
  - {name: b, command: sleep 1000, tty: /dev/null, restart: no}
`,
  );
  await seen.sees(new RegExp(`^${device}\\r?$`, "m"));
  line.stdin.write("type hello\\r\n");
  await seen.sees(/heard hello/);
  assert.equal(gonit.client("logs", "a").stdout, "");
  assert.match(gonit.client("attach", "a").stderr, new RegExp(`the terminal of a is ${device}`));
  await gonit.until("the other one has failed", () => gonit.service("b").state === "failed");
  assert.match(gonit.service("b").reason, /cannot take its terminal \/dev\/null: Not a tty|Inappropriate ioctl/);
});

test("a terminal comes and goes with the configuration, and leaves no descriptor behind", async (context) => {
  const configuration = (keys: string) =>
    `services:\n  - {name: a, shell: true, command: "tty || true; exec sleep 1000"${keys}}\n  - {name: keeper, command: sleep 1000}\n`;
  const gonit = start(context, configuration(""));
  const terminals = () =>
    (["init", "manager", "logger"] as const).map((role) => {
      const folder = `/proc/${gonit.role(role)}/fd`;
      const links = readdirSync(folder).map((fd) => readlinkOf(join(folder, fd)));
      return links.filter((link) => /ptmx|\/pts\//.test(link)).length;
    });
  const apply = (keys: string) => {
    writeFileSync(join(gonit.folder, "config.yml"), configuration(keys));
    const { code, stderr } = gonit.client("apply");
    assert.equal(code, 0, stderr);
  };
  await gonit.sees(/^a \| not a tty$/m);
  const before = terminals();
  for (let times = 0; times < 3; times++) {
    apply(", tty: true");
    await gonit.until("it is on a terminal", () => terminals().every((count, at) => count > (before[at] as number)));
    apply("");
    await gonit.until("nobody has it any more", () => String(terminals()) === String(before));
  }
  await gonit.until("its output has come", () => gonit.output().match(/^a \| \/dev\/pts\/\d+$/gm)?.length === 3);
});

/** Empty: it was closed meanwhile. */
function readlinkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

test("what cannot be attached to is told, with the reason", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: plain, command: sleep 1000}
  - {name: down, command: sleep 1000, tty: true, enabled: false}
`,
  );
  await gonit.until("it runs", () => gonit.service("plain").pid !== null);
  const refused = (...args: string[]) => {
    const { code, stderr } = gonit.client("attach", ...args);
    return `${code} ${stderr}`;
  };
  assert.equal(refused("plain"), "1 gonit: cannot attach: plain has no terminal: add tty: true and restart it\n");
  assert.equal(refused("down"), "3 gonit: cannot attach: down does not run: it is stopped\n");
  assert.equal(refused("plian"), "4 gonit: cannot attach: there is no service plian; did you mean plain?\n");
  assert.match(refused(), /^2 .*name one service/);
  assert.match(refused("--detach-keys", "ctrl-1", "down"), /^2 .*ctrl-a,d/);
});
