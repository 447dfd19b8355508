/**
 * A container as strict as a cluster makes it, by runc: an image of gonit, a few static programs and a configuration; its
 * root read-only, no other file system but /proc, an ordinary user without any capability, few processes.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, children, folderFor, until, watch } from "./gonit.ts";

const isRoot = process.getuid?.() === 0;
const skip = !isRoot && "only root can make such a container";
const programs = ["sleeps", "notifies-ready", "exits-with", "prints-environment", "forks-without-end"];
const patienceMs = 60_000;
/** runc itself, written in Go, needs some threads in the container before an exec. */
const processesMax = 64;

interface Bundle {
  process: Record<string, unknown> & { capabilities: Record<string, string[]> };
  root: { path: string; readonly: boolean };
  mounts: unknown[];
  linux: Record<string, unknown>;
}

interface Container extends ReturnType<typeof watch> {
  exec: (...words: string[]) => { code: number | null; stdout: string; stderr: string };
  kill: (signal: string) => void;
  /** How many it has. */
  processes: () => number;
}

/** The image and what runc is to make of it. `args`: the container's process 1. */
function bundleFor(t: TestContext, configuration: string, args: string[]): { folder: string; file: Bundle } {
  const folder = folderFor(t);
  for (const name of ["proc", "dev", "etc/gonit", "bin"]) mkdirSync(join(folder, "root", name), { recursive: true });
  copyFileSync(binary(), join(folder, "root/bin/gonit"));
  for (const name of programs) copyFileSync(join(children, name), join(folder, "root/bin", name));
  writeFileSync(join(folder, "root/etc/gonit/config.yml"), configuration);
  spawnSync("runc", ["spec"], { cwd: folder });
  const file: Bundle = JSON.parse(spawnSync("cat", ["config.json"], { cwd: folder, encoding: "utf8" }).stdout);
  file.root = { path: "root", readonly: true };
  const options = ["ro", "nosuid", "noexec", "nodev"];
  file.mounts = [{ destination: "/proc", type: "proc", source: "proc", options }];
  const capabilities = Object.fromEntries(Object.keys(file.process.capabilities).map((set) => [set, []]));
  const user = { uid: 65534, gid: 65534 };
  const more = { terminal: false, args, user, capabilities, noNewPrivileges: true, rlimits: [], env: ["PATH=/bin"] };
  Object.assign(file.process, more);
  file.linux.resources = { pids: { limit: processesMax } };
  return { folder, file };
}

function write({ folder, file }: ReturnType<typeof bundleFor>): void {
  writeFileSync(join(folder, "config.json"), JSON.stringify(file));
}

let count = 0;

function run(t: TestContext, configuration: string): Container {
  const bundle = bundleFor(t, configuration, ["/bin/exits-with", "0"]);
  const name = `gonit-bare-${process.pid}-${++count}`;
  const { folder, file } = bundle;
  write(bundle);
  // Where runc cannot make control groups, the limit is left out.
  if (spawnSync("runc", ["run", `${name}-try`], { cwd: folder, timeout: patienceMs }).status !== 0)
    delete file.linux.resources;
  file.process.args = ["/bin/gonit", "init"];
  write(bundle);
  const child = spawn("runc", ["run", name], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  const watched = watch(child);
  afterwards(t, async () => {
    spawnSync("runc", ["delete", "--force", name]);
    await watched.ended;
  });
  return {
    ...watched,
    exec: (...words) => {
      const { status, stdout, stderr } = spawnSync("runc", ["exec", name, ...words], {
        encoding: "utf8",
        timeout: patienceMs,
      });
      return { code: status, stdout, stderr };
    },
    processes: () => spawnSync("runc", ["ps", name], { encoding: "utf8" }).stdout.split("\n").length,
    kill: (signal) => spawnSync("runc", ["kill", name, signal]),
  };
}

test("a container with nothing writable and no privileges: services run, logs are on the console, clients are answered", {
  skip,
}, async (t) => {
  const container = run(
    t,
    `title: Bare
services:
  - {name: db, command: /bin/sleeps}
  - {name: web, command: /bin/notifies-ready, ready: notify, depends_on: [db], logs: {to: /var/log/web.log}}
  - {name: job, type: task, command: /bin/prints-environment}
  - {name: abstract, command: /bin/sleeps, sockets: [{name: a, listen: "@a"}]}
  - {name: hushed, command: /bin/sleeps, sandbox: {no_new_privileges: true, seccomp: default, capabilities: []}}
`,
  );
  await container.sees(/msg="Control is handed over to gonit" pid=1 role=container/);
  await container.sees(/msg="Service ready" service=web/);
  await container.sees(/^job \| env GONIT_SOCKET=@gonit-65534-main$/m);
  await container.sees(/^job \| uid 65534 65534$/m);
  const gonit = (...words: string[]) => container.exec("/bin/gonit", ...words);
  await until("the task is done", () => /^job +done /m.test(gonit("status").stdout), container.output);
  const { code, stdout } = gonit("status");
  assert.equal(code, 0);
  assert.match(stdout, /^Bare: running\nSERVICE/);
  for (const name of ["db", "abstract", "hushed"]) assert.match(stdout, new RegExp(`^${name} +running `, "m"));
  assert.equal(gonit("restart", "db").code, 0);
  await until("web is ready again", () => /^web +ready /m.test(gonit("status").stdout), container.output);
  assert.match(gonit("why", "web").stdout, /^web is ready/);
  assert.match(gonit("logs", "web").stdout, /notified/, "its newest lines are kept in memory");
  assert.equal(gonit("exec", "db", "--", "/bin/exits-with", "7").code, 7);
  assert.equal(gonit("health", "--ready").code, 0);
  assert.equal(gonit("check", "/etc/gonit/config.yml").code, 0);
  container.kill("TERM");
  assert.equal(await container.ended, 0, container.output());
});

test("a container with nothing writable and no privileges: what cannot be had is told, each in one line", {
  skip,
}, async (t) => {
  const cannot: Record<string, [keys: string, line: string]> = {
    user: ['user: "0"', "cannot become 0: Operation not permitted"],
    run: ["directories: {run: x}", "cannot make its directories (run): XDG_RUNTIME_DIR is not set to an absolute path"],
    state: ["directories: {state: x}", "cannot make the directory /.local/state/x: No such file or directory"],
    socket: ["sockets: [{name: a, listen: /x.sock}]", "cannot listen on /x.sock: Read-only file system"],
    port: ['sockets: [{name: a, listen: "*:80"}]', "cannot listen on [::]:80: Permission denied"],
    tmp: ["sandbox: {private_tmp: true}", "cannot make its namespaces: Operation not permitted"],
    terminal: ["tty: true", "cannot make its terminal: No such file or directory"],
  };
  const notes: [keys: string, note: RegExp][] = [
    ["logs: {to: /var/log/x.log}", /cannot write its log file \/var\/log\/x\.log: Read-only file system/],
    ["limits: {memory: 32M}", /limits\.memory holds for each process alone \(RLIMIT_DATA 32M\)/],
    ["limits: {cpu: 1}", /limits\.cpu is not applied: there is no cgroup here/],
    ["limits: {nice: -5}", /limits\.nice is not applied: gonit may not go below \d+/],
    ["limits: {oom_score_adj: -100}", /limits\.oom_score_adj is not applied/],
  ];
  const services = [
    ...Object.entries(cannot).map(([name, [keys]]) => `  - {name: ${name}, command: /bin/sleeps, ${keys}}\n`),
    ...notes.map(([keys], at) => `  - {name: note${at}, command: /bin/sleeps, ${keys}}\n`),
  ];
  const container = run(t, `services:\n${services.join("")}`);
  for (const [name, [, line]] of Object.entries(cannot)) {
    const quoted = `reason="${line}" service=${name}`;
    await until(quoted, () => container.output().includes(quoted), container.output);
  }
  const told = () => container.exec("/bin/gonit", "status").stdout;
  await until(
    "all is noted",
    () => notes.every(([, note], at) => noteOf(told(), at).some((line) => note.test(line))),
    told,
  );
  for (const at of notes.keys()) assert.equal(noteOf(told(), at).length, 1, told());
  const refused = container.exec("/bin/gonit", "disable", "note0");
  assert.equal(refused.stderr, "gonit: cannot write /etc/gonit/config.d/gonit-enabled.yml: Read-only file system\n");
  container.kill("TERM");
  assert.equal(await container.ended, 0, container.output());
});

function noteOf(status: string, at: number): string[] {
  return status.split("\n").filter((line) => line.startsWith(`note${at}: `));
}

test("a container whose processes are used up by a service still answers the runtime's signal, in order", {
  skip,
}, async (t) => {
  const container = run(
    t,
    `services:
  - {name: db, command: /bin/sleeps}
  - {name: bomb, command: /bin/forks-without-end 100, logs: none, depends_on: [db], stop: {timeout: 100ms}}
`,
  );
  const isFull = () => container.processes() > processesMax - 10;
  await until("nearly all processes are used up", isFull, container.output);
  container.kill("TERM");
  assert.equal(await container.ended, 0, container.output());
  assert.match(container.output(), /msg="Stopped service".*service=bomb[\s\S]*msg="Stopped service".*service=db/);
});
