/** Starts that fail or hang, each for another reason: told by its step and cause, no loop, well again once it is mended. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ExitCode } from "../../src/contract.ts";
import { descriptorsOf } from "./aftermath.ts";
import { children, start } from "./gonit.ts";

/** A service that cannot be started, what is told about it, and what mends it. */
interface Mistake {
  name: string;
  keys: string;
  reason: RegExp;
  mend: (folder: string) => void;
}

const script = "#!/bin/sh\nexec sleep 1000\n";

function writeProgram(path: string, text = script, mode = 0o755): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

const mistakes: Mistake[] = [
  {
    name: "missing",
    keys: "command: ./missing",
    reason: /cannot run \.\/missing: No such file or directory/,
    mend: (folder) => writeProgram(join(folder, "missing")),
  },
  {
    name: "unknown",
    keys: "command: gonit-has-no-such-program, environment: {PATH: FOLDER/bin}",
    reason: /cannot run gonit-has-no-such-program: not found in PATH \(.*\/bin\)/,
    mend: (folder) => {
      mkdirSync(join(folder, "bin"));
      spawnSync("ln", ["-s", "/bin/sleep", join(folder, "sleep")]);
      writeProgram(join(folder, "bin/gonit-has-no-such-program"), "#!/bin/sh\nexec /bin/sleep 1000\n");
    },
  },
  {
    name: "unfound",
    keys: `command: gonit-is-in-no-folder, environment: {PATH: "FOLDER/bin:${"/nowhere:".repeat(20)}FOLDER/last"}`,
    reason: /cannot run gonit-is-in-no-folder: not found in PATH \(22 folders, from \S*\/bin to \S*\/last\)/,
    mend: (folder) => {
      mkdirSync(join(folder, "last"));
      writeProgram(join(folder, "last/gonit-is-in-no-folder"), "#!/bin/sh\nexec /bin/sleep 1000\n");
    },
  },
  {
    name: "plain",
    keys: "command: ./plain",
    reason: /cannot run \.\/plain: it is not executable \(chmod \+x .*plain\)/,
    mend: (folder) => chmodSync(join(folder, "plain"), 0o755),
  },
  {
    name: "folder",
    keys: "command: ./folder",
    reason: /cannot run \.\/folder: it is a directory/,
    mend: (folder) => {
      spawnSync("rmdir", [join(folder, "folder")]);
      writeProgram(join(folder, "folder"));
    },
  },
  {
    name: "interpreter",
    keys: "command: ./interpreter",
    reason: /cannot run \.\/interpreter: its interpreter \/nonexistent\/sh is missing/,
    mend: (folder) => writeProgram(join(folder, "interpreter")),
  },
  {
    name: "crlf",
    keys: "command: ./crlf",
    reason: /cannot run \.\/crlf: its first line ends in CR LF, so that its interpreter is "\/bin\/sh\\r"/,
    mend: (folder) => writeProgram(join(folder, "crlf")),
  },
  {
    name: "garbage",
    keys: "command: ./garbage",
    reason:
      /cannot run \.\/garbage: Exec format error: it is no program for this machine, nor a script that begins with #!/,
    mend: (folder) => writeProgram(join(folder, "garbage")),
  },
  {
    name: "nodir",
    keys: "command: sleep 1000, directory: FOLDER/nodir",
    reason: /cannot enter the directory .*\/nodir: No such file or directory/,
    mend: (folder) => mkdirSync(join(folder, "nodir")),
  },
  {
    name: "noenv",
    keys: "command: sleep 1000, env_file: missing.env",
    reason: /cannot read .*missing\.env: No such file or directory/,
    mend: (folder) => writeFileSync(join(folder, "missing.env"), "A=1\n"),
  },
  {
    name: "badenv",
    keys: "command: sleep 1000, env_file: bad.env",
    reason: /bad\.env:1:1.*/,
    mend: (folder) => writeFileSync(join(folder, "bad.env"), "A=1\n"),
  },
  {
    name: "noinput",
    keys: "command: sleep 1000, stdin: {file: input}",
    reason: /cannot open its standard input .*input: No such file or directory/,
    mend: (folder) => writeFileSync(join(folder, "input"), ""),
  },
  {
    name: "nouser",
    keys: "command: sleep 1000, user: gonit-has-no-such-user",
    reason: /there is no user gonit-has-no-such-user/,
    mend: () => {},
  },
];

function prepare(folder: string): void {
  writeProgram(join(folder, "plain"), script, 0o644);
  mkdirSync(join(folder, "folder"));
  writeProgram(join(folder, "interpreter"), "#!/nonexistent/sh -e\n");
  writeProgram(join(folder, "crlf"), "#!/bin/sh\r\nexec sleep 1000\r\n");
  writeProgram(join(folder, "garbage"), "\x01\x02\x03no program\n");
  writeFileSync(join(folder, "bad.env"), "what is this\n");
}

/** Started by hand, when the folder has what the test needs. */
function disabled(services: string[]): string {
  return `services:\n${services.map((keys) => `  - {enabled: false, ${keys}}`).join("\n")}\n  - {name: keeper, command: sleep 1000}\n`;
}

test("a start that cannot succeed fails once, says step and cause everywhere, and succeeds when it is mended", async (context) => {
  const gonit = start(context, (folder) =>
    disabled(mistakes.map(({ name, keys }) => `name: ${name}, ${keys.replaceAll("FOLDER", folder)}`)),
  );
  await gonit.sees(/msg="Started service".*service=keeper/);
  prepare(gonit.folder);
  for (const { name, reason } of mistakes) {
    const run = gonit.client("start", name);
    assert.equal(run.code, 1, name);
    assert.match(run.stdout + run.stderr, reason, name);
    const view = gonit.service(name);
    assert.deepEqual([view.state, view.restarts], ["failed", 0], name);
    assert.match(view.shown, reason);
    const why = gonit.client("why", name);
    assert.match(why.stdout, reason);
    assert.match(why.stdout, new RegExp(`release +mend the cause, then gonit start ${name}`));
  }
  for (const { name, mend } of mistakes) {
    mend(gonit.folder);
    if (name === "nouser") continue;
    const run = gonit.client("start", name);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.equal(gonit.service(name).state, "ready");
  }
  await gonit.sees(/msg="Started service".*service=noinput/);
  // None was tried again by itself meanwhile: each twice but for the one that cannot be mended here, and keeper.
  assert.equal(gonit.output().match(/msg="Starting service"/g)?.length, 2 * mistakes.length);
});

test("failed starts leave no descriptor behind, in manager and init", async (context) => {
  const gonit = start(context, (folder) =>
    disabled(mistakes.map(({ name, keys }) => `name: ${name}, ready: notify, ${keys.replaceAll("FOLDER", folder)}`)),
  );
  await gonit.sees(/msg="Started service".*service=keeper/);
  prepare(gonit.folder);
  const round = () => {
    for (const { name } of mistakes) assert.equal(gonit.client("start", name).code, 1);
  };
  const open = () => ["manager", "init"].flatMap((role) => descriptorsOf(gonit.role(role as "init"))).length;
  // The first round makes what is kept: log pipes, notify sockets. The last client's own may still be open.
  round();
  // Those of the control socket and of the configuration, which init holds as well.
  const watching = () => descriptorsOf(gonit.role("init")).filter((one) => one.includes("inotify")).length;
  await gonit.until("files are watched", () => watching() === 2);
  const first = open();
  round();
  round();
  await gonit.until("all is closed again", () => open() <= first);
});

/** Descriptor numbers that are not in use, from the lowest on. */
function freeNumbers(pid: number): number[] {
  const used = new Set(readdirSync(`/proc/${pid}/fd`).map(Number));
  return Array.from({ length: used.size + 100 }, (_, number) => number).filter((number) => !used.has(number));
}

/** Connections that gonit has not closed yet: state 03 of /proc/net/unix is a connected socket, of a server with its path. */
function connectionsTo(socket: string): number {
  const lines = readFileSync("/proc/net/unix", "utf8").split("\n");
  return lines.filter((line) => line.endsWith(` ${socket}`) && line.split(/\s+/)[5] === "03").length;
}

test("descriptors run out at every step of a start: it says so, goes on by itself, and leaves nothing open", async (context) => {
  const rounds = 8;
  // New ones each time: the log's pipes and the notify socket of a service are kept.
  const services = Array.from({ length: rounds }, (_, more) => [
    `  - {name: told${more}, command: "${children}/notifies-ready", ready: notify, logs: {to: told.log, stderr: separate}, KEYS}`,
    `  - {name: bare${more}, command: "${children}/notifies-ready", ready: notify, logs: none, KEYS}`,
    `  - {name: lined${more}, command: "sh -c 'echo >&3; exec sleep 1000'", ready: {fd: 3}, logs: none, KEYS}`,
  ]).flat();
  const keys = "enabled: false, restart: {delay: 10ms, backoff: 1, jitter: 0}";
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000}\n${services.join("\n").replaceAll("KEYS", keys)}\n`,
  );
  await gonit.sees(/msg="Started service".*service=keeper/);
  const manager = gonit.role("manager");
  const limit = (soft: number) =>
    assert.equal(spawnSync("prlimit", ["--pid", `${manager}`, `--nofile=${soft}:`]).status, 0);
  const usual = Number(/Max open files +(\d+)/.exec(readFileSync(`/proc/${manager}/limits`, "utf8"))?.[1]);
  const refusals = new Set<string>();
  for (let more = 0; more < rounds; more++) {
    const names = [`told${more}`, `bare${more}`, `lined${more}`];
    limit(freeNumbers(manager)[more] ?? 0);
    for (const name of names) {
      const run = gonit.client("start", name);
      if (run.code !== 0) refusals.add(run.stderr.replace(/\d/g, "").trim());
    }
    limit(usual);
    for (const name of names) assert.equal(gonit.client("start", name).code, 0);
    for (const name of names) assert.equal(gonit.client("stop", name).code, 0);
  }
  const because = "No file descriptors available; restarts go on";
  assert.deepEqual([...refusals].sort(), [
    "gonit: cannot serve the request: gonit has no file descriptors left",
    `gonit: cannot start bare: bare fails again and again: cannot make the notify socket: ${because}`,
    `gonit: cannot start lined: lined fails again and again: cannot make the readiness pipe: ${because}`,
    `gonit: cannot start told: told fails again and again: cannot make the log pipe: ${because}`,
  ]);
  // A client's connection is closed a moment after its end, which would leave a number free.
  const rests = () =>
    gonit.until("no client is connected", () => connectionsTo(join(gonit.folder, "control.sock")) === 0);
  await rests();
  const before = descriptorsOf(manager).length;
  for (const name of ["told0", "lined0"]) {
    await rests();
    limit(freeNumbers(manager)[0] ?? 0);
    assert.equal(gonit.client("start", name).code, ExitCode.failed);
    limit(usual);
    assert.equal(gonit.client("start", name).code, 0);
    assert.equal(gonit.client("stop", name).code, 0);
  }
  await gonit.until("all is closed again", () => descriptorsOf(manager).length <= before);
  assert.equal(gonit.service("keeper").state, "ready");
});

test("no process can be made: the start waits for room and says so, and everything else is answered", async (context) => {
  if (process.getuid?.() !== 0) {
    context.skip("the limit on processes is not counted for one user alone");
    return;
  }
  // A user of its own: the limit counts all processes of a user, and root's are not limited.
  const user = ["setpriv", "--reuid=61337", "--regid=61337", "--clear-groups"];
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000, directory: /}\n  - {name: late, command: sleep 1000, directory: /, enabled: false}\n`,
    { wrapper: user, isOpenFolder: true },
  );
  await gonit.sees(/msg="Started service".*service=keeper/);
  const manager = gonit.role("manager");
  const limit = (soft: string) => {
    const [program = "", ...words] = [...user, "prlimit", "--pid", String(manager), `--nproc=${soft}:`];
    assert.equal(spawnSync(program, words).status, 0);
  };
  limit("1");
  const run = gonit.client("start", "late");
  assert.equal(run.code, 1);
  assert.match(run.stderr, /cannot make a process: Resource temporarily unavailable; restarts go on/);
  const { shown, reason } = gonit.service("late");
  assert.equal(shown, "backing-off");
  assert.match(reason, /Resource temporarily unavailable; again in/);
  limit("4096");
  assert.equal(gonit.client("start", "late").code, 0);
  assert.equal(gonit.service("keeper").state, "ready");
});

// A line without a carrier holds its open(2) up the same way, and cannot be had where there is no such line.
test("a file system that does not answer, as directory, as program and as terminal, holds up nobody else", async (context) => {
  let server: ChildProcess | null = null;
  // Below /dev, where terminals are.
  const point = mkdtempSync("/dev/shm/gonit-hangs-");
  // Before the folder is removed: whoever looks below it hangs, this test included.
  context.after(() => {
    server?.kill("SIGKILL");
    spawnSync("umount", ["-l", point]);
    rmdirSync(point);
  });
  server = spawn(join(children, "hangs-fuse"), [point], { stdio: ["ignore", "pipe", "inherit"] });
  const { stdout } = server;
  const said = await new Promise<string>((resolve) => stdout?.once("data", (data) => resolve(String(data))));
  if (said !== "mounted\n") {
    context.skip("no FUSE file system can be mounted here");
    return;
  }
  const hanging = [1, 2, 3].flatMap((at) => [
    `  - {name: in${at}, command: sleep 1000, directory: ${point}/a, restart: no}`,
    `  - {name: of${at}, command: ${point}/b, directory: /, restart: no}`,
    `  - {name: on${at}, command: sleep 1000, tty: ${point}/d, directory: /, restart: no}`,
  ]);
  const short = `  - {name: short, command: ${point}/c, directory: /, restart: no, timeout: {start: 200ms}}`;
  const others = Array.from({ length: 10 }, (_, at) => `  - {name: other${at}, command: sleep 1000}`);
  const gonit = start(context, `services:\n${[...hanging, short, ...others].join("\n")}\n`);
  for (let at = 0; at < others.length; at++)
    await gonit.sees(new RegExp(`msg="Started service".*service=other${at}\\b`));
  await gonit.sees(/msg="Service failed" reason="its program did not begin within 200ms" service=short/);
  assert.equal(gonit.service("in1").state, "starting");
  assert.match(gonit.client("why", "of2").stdout, /its program to begin/);
  assert.equal(gonit.service("on2").state, "starting");
  for (const name of ["in1", "of1", "on1"]) assert.equal(gonit.client("stop", name).code, 0);
  assert.equal(gonit.client("restart", "other3").code, 0);
  // The others hang on; the system comes to its end all the same.
  assert.equal(gonit.client("shutdown").code, 0);
  await gonit.ended;
});

test("more arguments than a process can have fail the start for good, and the manager goes on", async (context) => {
  const words = Array.from({ length: 66_000 }, () => "a").join(",");
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000}\n  - {name: many, command: [echo,${words}]}\n`,
  );
  await gonit.sees(/msg="Service failed".*service=many/);
  assert.match(gonit.service("many").reason, /^cannot run echo: its arguments, variables or groups are too many/);
  assert.equal(gonit.service("many").restarts, 0);
  assert.doesNotMatch(gonit.output(), /Manager is back/);
});
