// limit: 240 s
/*
 * `gonit up --isolated` as a user meets it: on a terminal that the program pty-drive plays, and without one.
 *
 * No test may type a command that could end this machine before it has seen that the command is gonit's.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, children, folderFor, watch } from "./gonit.ts";

const origin = resolve("examples/origin/config.yml");
const isRoot = process.getuid?.() === 0;
const environment = { ...process.env, NO_COLOR: "1", TERM: "xterm", SHELL: "/bin/sh" };
const nobody = 65534;

type Running = ReturnType<typeof watch> & { child: ChildProcess; pid: number };

function run(t: TestContext, words: string[], more: { environment?: NodeJS.ProcessEnv; uid?: number } = {}): Running {
  const child = spawn(words[0] as string, words.slice(1), {
    env: { ...environment, ...more.environment },
    stdio: ["ignore", "pipe", "pipe"],
    ...(more.uid === undefined ? {} : { uid: more.uid, gid: more.uid }),
  });
  const watched = watch(child);
  t.after(async () => {
    // Its death closes the terminal, or is the outer process's own: either ends the system inside.
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await watched.ended;
  });
  return { ...watched, child, pid: child.pid ?? 0 };
}

/** Plays a script at the origin's system on a terminal. */
function play(
  t: TestContext,
  script: string[],
  more: { program?: string; uid?: number; configuration?: string } = {},
): Running {
  const folder = folderFor(t);
  const file = join(folder, "script");
  writeFileSync(file, `limit 60\n${script.join("\n")}\n`);
  chmodSync(folder, 0o755);
  const up = [more.program ?? binary(), "up", "--isolated", "-f", more.configuration ?? origin];
  return run(t, [join(children, "pty-drive"), file, ...up], more.uid === undefined ? {} : { uid: more.uid });
}

/** Plays a script that ends the system; it must end well, and leave the terminal as it was. What was printed. */
async function playToEnd(t: TestContext, script: string[], more: Parameters<typeof play>[2] = {}): Promise<string> {
  const driven = play(t, script, more);
  assert.equal(await driven.ended, 0, driven.output());
  assert.match(driven.output(), /modes: restored/);
  return driven.output();
}

/** First child of a process of ours. */
function childOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  assert.notEqual(text, "", `process ${pid} has no child`);
  return Number(text.split(" ")[0]);
}

/** Each command's echo must not be taken for its answer: so answers are put together by the shell. */
const isCovered = String.raw`send for f in /sbin/poweroff /usr/sbin/poweroff /sbin/reboot; do [ ! -e $f ] || cmp $f /system/gonit || exit 1; done; echo cov''ered\r`;

test("up --isolated boots the origin's configuration, and its shell looks around and powers off", async (t) => {
  const output = await playToEnd(t, [
    "expect Gonit based OS 0.1 (gonit console)",
    "expect gonit# ",
    // The prompt may come before networking is ready.
    String.raw`send gonit wait networking --for ready && gonit status\r`,
    "expect networking  ready",
    "expect terminals   running",
    "expect gonit# ",
    String.raw`send gonit why terminals\r`,
    "expect terminals is running",
    "expect gonit# ",
    String.raw`send ps -e -o pid,args | head -4\r`,
    "expect 1 gonit: init",
    "expect gonit# ",
    isCovered,
    "expect covered",
    "expect gonit# ",
    String.raw`send poweroff\r`,
    "expect Stopping services",
    "expect Stopped service",
  ]);
  assert.match(output, /Control is handed over .*pid=1 /);
  assert.match(output, /Starting services +title="Gonit based OS" version=0\.1/);
  assert.match(output, /Starting service +service=networking/);
  assert.match(output, /Started service +pid=\d+ service=terminals/);
  assert.match(output, /Interface lo .*hardware=00:00:00:00:00:00 mtu=65536 state=up addresses=127\.0\.0\.1\/8/);
});

test("up --isolated: a command of the host by its absolute path ends the little system alone", async (t) => {
  const path = ["/usr/sbin/poweroff", "/sbin/poweroff", "/sbin/halt"].find((one) => existsSync(one));
  if (path === undefined) {
    t.skip("this host has no poweroff of its own");
    return;
  }
  await playToEnd(t, ["expect gonit# ", isCovered, "expect covered", String.raw`send ${path}\r`, "expect Stopping"]);
});

test("up --isolated gives a shell with job control, and another one after a log-out", async (t) => {
  await playToEnd(t, [
    "expect gonit# ",
    // Ctrl-C ends the job and not the shell, nor the system. The echo of what is typed does not hold "begun".
    String.raw`send sh -c 'echo be""gun; exec sleep 1000'; echo rc=$?\r`,
    "expect begun",
    String.raw`send \x03`,
    "expect gonit# ",
    // Ctrl-Z stops it, and it can be brought back.
    String.raw`send cat\r`,
    String.raw`send one\r`,
    // Its echo, then what cat says. A line of gonit's own may come between them.
    "expect one",
    "expect one",
    String.raw`send \x1a`,
    "expect Stopped",
    "expect gonit# ",
    String.raw`send fg\r`,
    "expect cat\\r\\n",
    String.raw`send two\r`,
    "expect two",
    "expect two",
    String.raw`send \x04`,
    "expect gonit# ",
    "resize 77 22",
    String.raw`send stty size\r`,
    "expect 22 77",
    String.raw`send exit\r`,
    "expect Gonit based OS 0.1",
    "expect gonit# ",
    String.raw`send \x1dq`,
    "expect ending the system",
    "expect Stopping services",
  ]);
});

test("up --isolated restores the terminal's modes when the system inside is killed", async (t) => {
  const driven = play(t, ["expect gonit# "]);
  await driven.sees(/gonit# /);
  process.kill(childOf(childOf(driven.pid)), "SIGKILL");
  assert.equal(await driven.ended, 137, driven.output());
  assert.match(driven.output(), /modes: restored/);
});

test("up --isolated stops in order, and restores the modes, when the outer process gets TERM, INT or HUP", async (t) => {
  for (const signal of [15, 2, 1]) {
    await playToEnd(t, ["expect gonit# ", `signal ${signal}`, "expect Stopping services"]);
  }
});

test("up --isolated: nothing outlives an outer process that is killed", async (t) => {
  const driven = play(t, ["expect gonit# "]);
  await driven.sees(/gonit# /);
  const outer = childOf(driven.pid);
  const inside = childOf(outer);
  process.kill(outer, "SIGKILL");
  assert.equal(await driven.ended, 137);
  // Its namespace dies with it, to the last process. Who reaps it is not our child: it may stay a zombie for a moment.
  const isGone = (): boolean => {
    try {
      return /^\d+ \(.*\) Z/.test(readFileSync(`/proc/${inside}/stat`, "utf8"));
    } catch {
      return true;
    }
  };
  while (!isGone()) await new Promise((done) => setImmediate(done));
});

test("up --isolated without a terminal says so, stays, and ends at TERM", async (t) => {
  const started = run(t, [binary(), "up", "--isolated", "-f", origin]);
  await started.sees(/there is no terminal here/);
  await started.sees(/Interface lo/);
  started.child.kill("SIGTERM");
  assert.equal(await started.ended, 0, started.output());
});

/** The binary and a configuration where an ordinary user reaches them: where the project lies, nobody may have no business. */
function forNobody(t: TestContext, text: string): { program: string; configuration: string } {
  const folder = folderFor(t);
  chmodSync(folder, 0o755);
  const program = join(folder, "gonit");
  const configuration = join(folder, "config.yml");
  copyFileSync(binary(), program);
  writeFileSync(configuration, text, { mode: 0o644 });
  return { program, configuration };
}

test("a user that is not mapped is an error for good, which names the service and the cure", async (t) => {
  if (!isRoot) {
    t.skip("only root can run a test as a user without ranges");
    return;
  }
  const { program, configuration } = forNobody(
    t,
    "services:\n  - {name: web, command: sleep 1000, user: daemon}\n  - {name: other, command: sleep 1000}\n",
  );
  const started = run(t, [program, "up", "--isolated", "-f", configuration], { uid: nobody });
  await started.sees(
    /msg="Service failed" reason="cannot become daemon: this user namespace has no user number 1 .*\/etc\/subuid.*" service=web/,
  );
  await started.sees(/msg="Started service".*service=other/);
  started.child.kill("SIGTERM");
  assert.equal(await started.ended, 0, started.output());
});

test("up --isolated as an ordinary user is root inside, of a system that is as complete", async (t) => {
  if (!isRoot) {
    t.skip("the other tests run as an ordinary user already");
    return;
  }
  const { program, configuration } = forNobody(t, readFileSync(origin, "utf8"));
  const script = [
    "expect gonit# ",
    String.raw`send id -u; cat /proc/self/uid_map\r`,
    "expect 65534",
    isCovered,
    "expect covered",
  ];
  await playToEnd(t, [...script, String.raw`send poweroff\r`, "expect Stopping services"], {
    program,
    configuration,
    uid: nobody,
  });
});

/** Not the host's networking and terminals where the set-up is refused: one harmless service. */
function harmless(t: TestContext): { file: string; socket: string } {
  const folder = folderFor(t);
  const file = join(folder, "config.yml");
  writeFileSync(file, "title: Refused\nservices:\n  - name: waits\n    command: sleep 1000\n    logs: console\n");
  return { file, socket: join(folder, "control.sock") };
}

async function goesOnOutside(t: TestContext, before: string[], step: string, more: NodeJS.ProcessEnv): Promise<void> {
  const { file, socket } = harmless(t);
  const words = [...before, binary("GONIT_HOOKS_BINARY"), "up", "--isolated", "-f", file, "--socket", socket];
  const started = run(t, words, { environment: more });
  await started.sees(/Started service/);
  started.child.kill("SIGTERM");
  assert.equal(await started.ended, 0, started.output());
  assert.ok(started.output().includes(step), started.output());
}

test("up --isolated goes on as a subreaper, and names the step, where the kernel refuses one", async (t) => {
  const pivotRoot = process.arch === "arm64" ? 41 : 155;
  await goesOnOutside(t, [join(children, "refuse-calls"), `${pivotRoot}=1`], "change the root", {});
});

test("up --isolated goes on as a subreaper, and names the step, wherever the set-up fails", async (t) => {
  for (const step of ["make the mounts private", "mount tmpfs on /run", "set the host name"]) {
    await goesOnOutside(t, [], step, { GONIT_TEST_ISOLATED_REFUSE: step });
  }
});
