/**
 * Trouble that users reported, with gonit as process 1 of a pid namespace that has mounts of its own. tests/cases.md says
 * which case is where.
 */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { noUnexplainedErrors } from "./aftermath.ts";
import { afterwards, binary, children, folderFor, isAlive, until, watch } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

const namespaces = "unshare --pid --fork --mount --mount-proc --kill-child --propagation private sh -e -c".split(" ");
const isPossible = spawnSync(namespaces[0] as string, [...namespaces.slice(1), "true"]).status === 0;

/** A script prepares the mounts, and ends by becoming "$@", which is gonit. */
const inside = (prepare: string, more: string[]) => [
  ...namespaces,
  prepare,
  "sh",
  binary(),
  "init",
  "-f",
  "config.yml",
  ...more,
];

interface Container extends ReturnType<typeof watch> {
  folder: string;
  /** Process number of gonit outside of the container. */
  init: () => number;
  client: (verb: string, ...words: string[]) => { code: number; stdout: string; stderr: string };
}

interface Setting {
  files?: Record<string, string>;
  prepare?: string;
  environment?: NodeJS.ProcessEnv;
  /** An abstract name; without one, the socket is in the folder. */
  socket?: string;
}

/** null, and the test skipped: this machine makes no namespaces for us. */
function run(t: TestContext, services: string[], setting: Setting = {}): Container | null {
  if (!isPossible) {
    t.skip("no pid namespace can be made here");
    return null;
  }
  const folder = folderFor(t);
  const text = `services:\n${services.map((keys) => `  - {directory: ., ${keys}}\n`).join("")}`;
  writeFileSync(join(folder, "config.yml"), text.replaceAll("FOLDER", folder));
  for (const [name, content] of Object.entries(setting.files ?? {}))
    writeFileSync(join(folder, name), content, { mode: name.endsWith(".sh") ? 0o755 : 0o644 });
  const socket = setting.socket ?? join(folder, "control.sock");
  const [program = "", ...words] = inside(setting.prepare ?? 'exec "$@"', ["--socket", socket]);
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...(setting.environment ?? process.env), GONIT_LOG_FORMAT: "logfmt" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watched = watch(child);
  afterwards(t, async () => {
    // Not unshare: who changes its user, as setpriv does, no longer ends with its parent.
    if (child.exitCode === null && child.signalCode === null) process.kill(init(), "SIGKILL");
    await watched.ended;
    noUnexplainedErrors(watched.output(), null);
  });
  const init = () => Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim());
  const client = (verb: string, ...rest: string[]) => {
    const { status, stdout, stderr } = spawnSync(binary(), [verb, "--socket", socket, ...rest], {
      encoding: "utf8",
      timeout: 60_000,
    });
    return { code: status ?? -1, stdout, stderr };
  };
  return { ...watched, folder, init, client };
}

// Yelp/dumb-init#60
test("the end of the critical service is the container's, whatever it is, and the others are asked to end", async (t) => {
  const side =
    "name: side, shell: true, command: \"trap 'echo got TERM; exit' TERM; echo up; while :; do sleep 0.02; done\", ready: {log: up}";
  const ends = [
    ["exit 0", 0],
    ["exit 7", 7],
    ["exit 255", 255],
    ["kill -KILL $$", 137],
    ["kill -TERM $$", 143],
    ["kill -SEGV $$", 139],
    [["/nonexistent"], 127],
    [["/etc/passwd"], 126],
  ] as const;
  await Promise.all(
    ends.map(async ([command, code]) => {
      const container = run(t, [
        `name: main, shell: ${typeof command === "string"}, command: ${JSON.stringify(command)}, restart: no, critical: true, after: [side]`,
        side,
      ]);
      if (container === null) return;
      assert.equal(await container.ended, code, container.output());
      assert.match(container.output(), /side \| got TERM/);
    }),
  );
});

// Yelp/dumb-init#136
test("a terminal as standard input does no harm to the first service, however quick", async (t) => {
  if (!isPossible) {
    t.skip("no pid namespace can be made here");
    return;
  }
  const times = 40;
  const play = async () => {
    const folder = folderFor(t);
    writeFileSync(
      join(folder, "config.yml"),
      'services: [{name: a, command: "sleep 0.1", critical: true, restart: no}]\n',
    );
    return await playTerminal(t, folder, inside('exec "$@"', ["--socket", join(folder, "control.sock")]), []);
  };
  // Four at once on two processors are the load.
  for (let done = 0; done < times; done += 4) {
    for (const { code, output } of await Promise.all([play(), play(), play(), play()])) assert.equal(code, 0, output);
  }
});

// phusion/baseimage-docker#506
test("a service has its full time to stop although another one depends on it", async (t) => {
  const container = run(t, [
    "name: base, shell: true, command: \"trap 'echo got' TERM; echo up; while :; do sleep 0.02; done\", ready: {log: up}, stop: {timeout: 700ms}",
    "name: top, shell: true, command: \"trap '' TERM; echo up; while :; do sleep 0.02; done\", ready: {log: up}, depends_on: [base], stop: {timeout: 300ms}",
  ]);
  if (container === null) return;
  await container.sees(/msg="Service ready" service=top/);
  process.kill(container.init(), "SIGTERM");
  assert.equal(await container.ended, 0);
  assert.equal(container.output().match(/base \| got/g)?.length, 1);
  assert.match(
    container.output(),
    /Killing service" after=0\.3s service=top[\s\S]*Stopped service" service=top[\s\S]*Killing service" after=0\.7s service=base[\s\S]*Stopped service" service=base/,
  );
});

// balena-os/balena-os#230
test("a container without standard descriptors: gonit and its services have some, and write into no other file", async (t) => {
  const container = run(
    t,
    [
      "name: a, type: task, shell: true, command: 'echo out; echo err >&2; ls /proc/self/fd > fds; echo ok > ok', logs: console",
      "name: b, command: sleep 1000",
    ],
    { prepare: 'exec "$@" <&- >&- 2>&-' },
  );
  if (container === null) return;
  await until("a is done", () => /^a +done/m.test(container.client("status").stdout), container.output);
  assert.equal(readFileSync(join(container.folder, "ok"), "utf8"), "ok\n");
  assert.match(readFileSync(join(container.folder, "fds"), "utf8"), /^0\n1\n2\n/);
  const opened = spawnSync("ls", ["-l", `/proc/${container.init()}/fd`], { encoding: "utf8" }).stdout;
  for (const fd of [0, 1, 2]) assert.match(opened, new RegExp(` ${fd} -> /dev/null`));
  assert.match(readFileSync(join(container.folder, "config.yml"), "utf8"), /^services:\n( {2}- .*\n){2}$/);
  assert.equal(container.client("shutdown").code, 0);
  assert.equal(await container.ended, 0);
});

const accounts = {
  passwd: "root:x:0:0::/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n",
  group: "root:x:0:\napp:x:1000:\nvideo:x:44:app\naudio:x:29:\ndocker:x:999:root\nnogroup:x:65534:\n",
};
/** The container's own accounts; gonit has root's further groups, as a login shell has. */
const withAccounts = `chmod 777 .; mount --bind passwd /etc/passwd; mount --bind group /etc/group; exec setpriv --groups 0,999 "$@"`;

// tianon/gosu#33, canonical/pebble#126
test("users have their own groups and home, never root's, in services and in probes", async (t) => {
  const task = (name: string, keys: string, script: string) =>
    `name: ${name}, type: task, ${keys}, shell: true, command: '${script}'`;
  const container = run(
    t,
    [
      task("a", "user: app", "id -G"),
      task("b", "user: app, group: nogroup", "id -g; id -G"),
      task("c", "user: app, groups: [audio]", "id -G"),
      task("d", 'user: "5555", group: "5555"', "id -G"),
      task("e", "user: app, groups: [nosuch]", "true"),
      task("f", 'user: "4242"', 'echo "[$HOME] $(id -u):$(id -g):$(id -G)"'),
      task("g", "user: app", 'echo "$HOME $USER $LOGNAME $(id -un) $(pwd)"'),
      "name: p, user: app, command: sleep 1000, ready: {exec: sh -c 'id -G > probed'}",
    ],
    {
      files: accounts,
      prepare: withAccounts,
      environment: { PATH: process.env.PATH, HOME: "/root" },
    },
  );
  if (container === null) return;
  await container.sees(/msg="Service ready" service=p/);
  await container.sees(/msg="Service failed".*there is no group nosuch.*service=e/);
  await until(
    "the tasks are done",
    () => [..."abcdfg"].every((name) => new RegExp(`^${name} +done`, "m").test(container.client("status").stdout)),
    container.output,
  );
  const said = (name: string) => {
    const lines = container.client("logs", name).stdout.trimEnd().split("\n");
    return lines.map((line) => line.replace(/^\S+T\S+Z /, ""));
  };
  assert.deepEqual(said("a"), ["1000 44"]);
  assert.deepEqual(said("b"), ["65534", "65534 44 1000"]);
  assert.deepEqual(said("c"), ["1000 29"]);
  assert.deepEqual(said("d"), ["5555"]);
  assert.deepEqual(said("g"), [`/home/app app app app ${container.folder}`]);
  assert.match(said("f")?.[0] ?? "", /^\[\/?\] 4242:4242:4242$|no group/);
  assert.equal(readFileSync(join(container.folder, "probed"), "utf8"), "1000 44\n");
});

// gokrazy/gokrazy#205
test("what no new try can mend is tried once although it is always restarted, and starts when a user is made", async (t) => {
  const always = "restart: {policy: always, delay: 10ms, backoff: 1, jitter: 0}";
  const container = run(
    t,
    [
      `name: e, ${always}, command: /nope`,
      `name: p, ${always}, command: /etc/passwd`,
      `name: u, ${always}, command: sleep 1000, user: nouser`,
      `name: f, ${always}, command: ./f.sh`,
      `name: counts, ${always}, shell: true, command: "echo tried >> tries; exit 1"`,
      "name: keeper, command: sleep 1000",
    ],
    {
      files: { ...accounts, "f.sh": "#!/no/such/interp\n" },
      prepare: withAccounts,
    },
  );
  if (container === null) return;
  for (const [name, reason] of [
    ["e", "No such file or directory"],
    ["p", "it is not executable"],
    ["u", "there is no user nouser"],
    ["f", "its interpreter /no/such/interp is missing"],
  ])
    await container.sees(new RegExp(`msg="Service failed" reason="[^"]*${reason}.*service=${name}`));
  // Another service fails ten times meanwhile: they had the time to do so as well.
  const tries = () => readFileSync(join(container.folder, "tries"), "utf8").split("\n").length;
  await until("another one was started ten times", () => tries() > 10, container.output);
  for (const name of ["e", "p", "u", "f"]) {
    assert.equal(container.output().match(new RegExp(`msg="Starting service" service=${name}$`, "gm"))?.length, 1);
    assert.ok((container.output().match(new RegExp(`service=${name}$`, "gm"))?.length ?? 0) <= 3, container.output());
  }
  writeFileSync(join(container.folder, "passwd"), `${accounts.passwd}nouser:x:1001:1000::/:/bin/sh\n`);
  assert.equal(container.client("start", "u").code, 0);
});

// Supervisor/supervisor#1585
test("an ordinary user without rights, in a container where nothing can be written to", async (t) => {
  const socket = `@gonit-cases-${process.pid}`;
  const rights = "--reuid=1000 --regid=1000 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs";
  const readOnly = `chmod 755 .; for point in $(cut -d" " -f2 /proc/self/mounts); do mount -o remount,bind,ro "$point" 2>&- || :; done`;
  const container = run(
    t,
    [
      'name: a, shell: true, command: "echo x; touch made 2>&- || echo refused; exec sleep 1000", logs: {to: /var/log/a.log}',
      `name: b, command: ${children}/notifies-ready, ready: notify`,
    ],
    { prepare: `${readOnly}; exec setpriv ${rights} "$@"`, socket },
  );
  if (container === null) return;
  await container.sees(/msg="Service ready".*service=b/);
  await until("a has said it", () => container.client("logs", "a").stdout.endsWith(" refused\n"), container.output);
  await container.sees(/msg="Cannot write the log file"/);
  assert.equal(container.output().match(/msg="Cannot write the log file"/g)?.length, 1, container.output());
  assert.match(container.client("status", "a").stdout, /notes +cannot write its log file \/var\/log\/a\.log/);
  const init = container.init();
  process.kill(init, "SIGTERM");
  assert.equal(await container.ended, 0);
  assert.equal(isAlive(init), false);
});
