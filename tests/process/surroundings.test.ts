/* What a service's program finds when it begins: environment, user, descriptors; from trouble that users had elsewhere. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { binary, children, commandLine, folderFor, isAlive, start } from "./gonit.ts";

const isRoot = process.getuid?.() === 0;

/** Runs a system of tasks to its end: what each wrote to NAME.log, the exit code and all messages. */
function tasks(
  t: TestContext,
  services: string[],
  more: { files?: Record<string, string | Buffer>; environment?: NodeJS.ProcessEnv; head?: string } = {},
): { code: number; text: string; log: (name: string) => string } {
  const folder = folderFor(t);
  for (const [name, content] of Object.entries(more.files ?? {})) writeFileSync(join(folder, name), content);
  const lines = services.map((one) => `  - {type: task, logs: {to: out.log, format: raw, prefix: false}, ${one}}`);
  const named = lines.map((line) => line.replace("out.log", `${/name: (\w+)/.exec(line)?.[1]}.log`));
  writeFileSync(join(folder, "config.yml"), `${more.head ?? ""}services:\n${named.join("\n")}\n`);
  const run = spawnSync(binary(), ["up", "-f", "config.yml", "--socket", "./control.sock"], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
    env: more.environment ?? process.env,
  });
  const log = (name: string) => readFileSync(join(folder, `${name}.log`), "utf8");
  return { code: run.status ?? -1, text: run.stdout + run.stderr, log };
}

test("values are the source's text: yes, On, y, 1.10 and 1e3 stay what they are", (t) => {
  const { log } = tasks(t, [
    "name: a, command: [printenv, EULA, MIX, K, N, T, F, E], environment: {EULA: yes, MIX: On, K: y, N: no, T: true, F: 1.10, E: 1e3}",
  ]);
  assert.equal(log("a"), "yes\nOn\ny\nno\ntrue\n1.10\n1e3\n");
});

test("percent signs, dollars for a shell, quotes and backslashes reach the program as they are", (t) => {
  const { log } = tasks(
    t,
    [
      `name: a, command: [printenv, S], environment: {S: "x1%2BTV%s%%d%(here)s"}`,
      `name: b, shell: true, command: 'echo "$GLOBAL $LOCAL $\{NOPE:-dflt}"', environment: {LOCAL: "7"}`,
      "name: c, command: [printenv, B, C, E], env_file: e.env",
    ],
    {
      head: 'environment: {GLOBAL: "5"}\n',
      files: { "e.env": `B="a\\\\b\\"c"\nC='a\\b"c'\nE="multi\nline"\n` },
    },
  );
  assert.equal(log("a"), "x1%2BTV%s%%d%(here)s\n");
  assert.equal(log("b"), "5 7 dflt\n");
  assert.equal(log("c"), 'a\\b"c\na\\b"c\nmulti\nline\n');
});

test("a byte order mark and CRLF line ends are no part of a value", (t) => {
  const { log } = tasks(
    t,
    [
      "name: a, command: [printenv, FIRST, SECOND], env_file: bom.env",
      "name: b, command: [printenv, NAME, QUOTED, EMPTY], env_file: crlf.env",
    ],
    {
      files: {
        "bom.env": Buffer.from("\ufeffFIRST=1\nSECOND=2\n"),
        "crlf.env": 'NAME=demo\r\nQUOTED="x y"\r\nEMPTY=\r\n',
      },
    },
  );
  assert.equal(log("a"), "1\n2\n");
  assert.equal(log("b"), "demo\nx y\n\n");
});

test("any name of a variable that the system allows is passed on", (t) => {
  const { log } = tasks(
    t,
    ["name: a, command: env", 'name: b, command: env, environment: {solon.port: "1", "a-b": "2"}'],
    {
      environment: { PATH: process.env.PATH, "this.var": "1", "a-b": "0", "BASH_FUNC_f%%": "() { :; }" },
    },
  );
  for (const line of ["this.var=1", "a-b=0", "BASH_FUNC_f%%=() { :; }"])
    assert.ok(log("a").includes(`${line}\n`), log("a"));
  for (const line of ["solon.port=1", "a-b=2"]) assert.ok(log("b").includes(`${line}\n`), log("b"));
});

test("an env_file cannot take the marks by which a service's processes are found", (t) => {
  const { log } = tasks(t, ["name: a, command: [printenv, GONIT_SERVICE, OTHER], env_file: e.env"], {
    files: { "e.env": "GONIT_SERVICE=somebody\nOTHER=x\n" },
  });
  assert.equal(log("a"), "a\nx\n");
});

test("a user has its home, name and groups, and none of root's", (t) => {
  if (!isRoot) {
    t.skip("only root can become another user");
    return;
  }
  const script = `'echo "$HOME $USER $LOGNAME $(id -un)"'`;
  const { log, text } = tasks(
    t,
    [
      `name: a, user: daemon, directory: /, shell: true, command: ${script}`,
      "name: b, user: daemon, directory: /, command: [printenv, HOME], environment: {HOME: /custom}",
      "name: c, user: daemon, directory: /, command: [id, -G]",
      `name: d, user: "4242", group: "4343", directory: /, shell: true, command: 'echo "[$HOME] $(id -u):$(id -g) $(id -G)"'`,
      "name: e, user: daemon, directory: /, groups: [nosuchgroup], command: id",
    ],
    { environment: { PATH: process.env.PATH, HOME: "/root", USER: "root", LOGNAME: "root" } },
  );
  const home = /^daemon:[^:]*:\d+:\d+:[^:]*:([^:]*):/m.exec(readFileSync("/etc/passwd", "utf8"))?.[1];
  assert.equal(log("a"), `${home} daemon daemon daemon\n`);
  assert.equal(log("b"), "/custom\n");
  assert.equal(log("c"), spawnSync("id", ["-G", "daemon"], { encoding: "utf8" }).stdout);
  assert.match(log("d"), /^\[(\/?)\] 4242:4343 4343\n$/);
  assert.match(text, /service=e.*there is no group nosuchgroup|there is no group nosuchgroup.*service=e/);
});

test("a program has its three standard descriptors and no other, whatever gonit was started with", (t) => {
  const folder = folderFor(t);
  const extra = [3, 4, 5].map(() => openSync("/dev/null", "r"));
  writeFileSync(
    join(folder, "config.yml"),
    `services:\n  - {name: a, type: task, command: "${children}/prints-environment", logs: {to: a.log, format: raw}}\n`,
  );
  const run = spawnSync(binary(), ["up", "-f", "config.yml", "--socket", "./control.sock"], {
    cwd: folder,
    timeout: 60_000,
    stdio: ["ignore", "ignore", "ignore", ...extra],
  });
  for (const fd of extra) closeSync(fd);
  assert.equal(run.status, 0);
  assert.match(readFileSync(join(folder, "a.log"), "utf8"), /^fds 0 1 2$/m);
});

test("every way to die is a death: restart always and on-failure both start it again", async (context) => {
  const restart = (policy: string) => `restart: {policy: ${policy}, delay: 10ms, backoff: 1, jitter: 0}`;
  const gonit = start(
    context,
    `services:\n  - {name: a, command: sleep 1000, ${restart("always")}}\n  - {name: b, command: sleep 1000, ${restart("on-failure")}}\n`,
  );
  for (const name of ["a", "b"]) await gonit.sees(new RegExp(`msg="Started service".*service=${name}`));
  for (const signal of ["SIGKILL", "SIGTERM", "SIGHUP", "SIGABRT", "SIGSTOP"] as const) {
    for (const name of ["a", "b"]) {
      const pid = gonit.service(name).pid ?? 0;
      process.kill(pid, signal);
      if (signal === "SIGSTOP") process.kill(pid, "SIGKILL");
      await gonit.until(`${name} is back after ${signal}`, () => ![null, pid].includes(gonit.service(name).pid));
      assert.equal(isAlive(pid), false);
    }
  }
});

test("a restart reaches the server behind a shell and a pipe", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: a, command: "sh -c '${children}/listens-unix server.sock 2>&1 | tee -a a.txt'", restart: {policy: always, delay: 10ms}}\n`,
  );
  await gonit.sees(/msg="Started service".*service=a/);
  for (let round = 0; round < 5; round++) assert.equal(gonit.client("restart", "a").code, 0);
  assert.equal(gonit.client("stop", "a").code, 0);
  const ours = (name: string) => commandLine(Number(name)).endsWith("listens-unix server.sock");
  assert.deepEqual(
    readdirSync("/proc").filter((name) => /^\d+$/.test(name) && ours(name)),
    [],
  );
});

test("a second gonit in the same place is refused, and what is no socket is left alone", async (context) => {
  const gonit = start(context, "services:\n  - {name: a, command: sleep 1000}\n");
  await gonit.sees(/msg="Started service".*service=a/);
  const again = (socket: string) =>
    spawnSync(binary(), ["up", "-f", join(gonit.folder, "config.yml"), "--socket", socket], {
      cwd: gonit.folder,
      encoding: "utf8",
      timeout: 60_000,
    });
  const second = again(join(gonit.folder, "control.sock"));
  assert.notEqual(second.status, 0);
  assert.match(
    second.stderr,
    new RegExp(`another gonit \\(pid ${gonit.process.pid}\\) runs the instance \\S+ already`),
  );
  assert.equal(gonit.service("a").state, "ready");
  for (const [name, make] of [
    ["file", (path: string) => writeFileSync(path, "mine")],
    ["folder", (path: string) => mkdirSync(path)],
  ] as const) {
    const path = join(gonit.folder, name);
    make(path);
    const run = again(path);
    assert.notEqual(run.status, 0, name);
    assert.match(run.stderr, /cannot use .* as the control socket: there is a (file|directory)/);
    assert.equal(statSync(path).isSocket(), false);
  }
  assert.equal(readFileSync(join(gonit.folder, "file"), "utf8"), "mine");
});
