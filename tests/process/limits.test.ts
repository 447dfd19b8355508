/** Limits where no controller of cgroup v2 can be used, and a cgroup of a service's own where one can be made at all. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  afterwards,
  binary,
  children,
  commandLine,
  folderFor,
  isAlive,
  type Started,
  type StartOptions,
  start,
} from "./gonit.ts";

interface Noted {
  name: string;
  notes: string[];
}

function notesOf(gonit: Started, name: string): string {
  const { services } = JSON.parse(gonit.client("status", "--json").stdout) as { services: Noted[] };
  return services.find((service) => service.name === name)?.notes.join("\n") ?? "";
}

/** Where cgroup v2 is mounted. */
function cgroupMount(): string {
  return /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(readFileSync("/proc/self/mountinfo", "utf8"))?.[1] ?? "";
}

/** Groups of cgroup v2 that a process is in. */
function groupOf(pid: number): string {
  return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";
}

test("limits of processes reach the service, and notes tell what could not be had", async (context) => {
  const gonit = start(
    context,
    `
services:
  - name: web
    command: sleep 1000
    limits: {memory: 64M, cpu: 0.5, pids: 50, files: 77, core: 0, nice: 3, oom_score_adj: 321}
  - {name: free, command: sleep 1000}
`,
  );
  await gonit.sees(/msg="Started service".*service=web/);
  const { pid } = gonit.service("web");
  const limits = readFileSync(`/proc/${pid}/limits`, "utf8");
  assert.match(limits, /^Max open files +77 +77 /m);
  assert.match(limits, /^Max core file size +0 +0 /m);
  assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim(), "321");
  assert.equal(
    readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[16],
    "3",
  );
  const notes = notesOf(gonit, "web");
  assert.equal(notesOf(gonit, "free"), "");
  if (/limits\.memory holds for each process alone/.test(notes)) {
    assert.match(limits, /^Max data size +67108864 +67108864 /m);
    assert.match(notes, /limits\.cpu is not applied: there is no cgroup here/);
    assert.match(notes, /limits\.pids is not applied: .* no user of its own/);
  } else {
    assert.notEqual(groupOf(pid ?? 0), groupOf(gonit.service("free").pid ?? 0));
  }
  const status = gonit.client("status", "web").stdout;
  for (const note of notes.split("\n")) assert.ok(status.replace(/\s+/g, " ").includes(note), status);
});

/** Soft limits of open files, and the other things that a limit is of. */
function limitsOf(pid: number): string {
  const files = /^Max open files +(\d+) +(\d+)/m
    .exec(readFileSync(`/proc/${pid}/limits`, "utf8"))
    ?.slice(1)
    .join("/");
  const nice = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ")[16];
  return `files ${files} nice ${nice} oom ${readFileSync(`/proc/${pid}/oom_score_adj`, "utf8").trim()}`;
}

test("limits change in what runs, also in its children and by the next manager; what cannot be changed there is a restart", async (context) => {
  const text = (limits: string) => `
watch_config: off
services:
  - {name: web, shell: true, command: "sleep 1000 & echo child $!; wait", limits: {${limits}}}
  - {name: other, command: sleep 1000, ${userInfo().uid === 0 ? "user: nobody, " : ""}limits: {files: 50}}
`;
  const gonit = start(context, text("files: 90, nice: 3, oom_score_adj: 300"), { endsRoles: true });
  await gonit.sees(/child \d+/);
  // Its output may come before gonit knows its number.
  await gonit.sees(/msg="Started service" pid=\d+ service=web/);
  const { pid } = gonit.service("web");
  const child = Number(/child (\d+)/.exec(gonit.output())?.[1]);
  const change = (limits: string) => {
    writeFileSync(join(gonit.folder, "config.yml"), text(limits));
    const plan = gonit.client("plan").stdout;
    const applied = gonit.client("apply");
    assert.equal(applied.code, 0, applied.stderr);
    return plan;
  };
  assert.equal(limitsOf(child), "files 90/90 nice 3 oom 300");
  assert.match(
    change("files: 80, nice: 4, oom_score_adj: 400"),
    /^in place +web +limits\.files, limits\.nice, limits\.oom_score_adj changed$/m,
  );
  for (const one of [pid as number, child]) assert.equal(limitsOf(one), "files 80/80 nice 4 oom 400");
  assert.equal(gonit.service("web").pid, pid);
  assert.match(gonit.client("why", "web").stdout, /-> limits\.files, limits\.nice, limits\.oom_score_adj changed/);
  for (const name of ["web", "other"]) assert.equal(notesOf(gonit, name), "");
  const manager = gonit.role("manager");
  process.kill(manager, "SIGKILL");
  await gonit.until("another manager is there", () => ![0, manager].includes(gonit.role("manager")));
  assert.match(change("files: 70, nice: 4, oom_score_adj: 400"), /^in place +web +limits\.files changed$/m);
  assert.equal(limitsOf(child), "files 70/70 nice 4 oom 400");
  for (const name of ["web", "other"]) assert.equal(notesOf(gonit, name), "");
  assert.match(change("files: 70, nice: 4"), /^restart +web +limits\.oom_score_adj changed$/m);
  assert.notEqual(gonit.service("web").pid, pid);
  assert.equal(limitsOf(gonit.service("web").pid as number).split(" oom")[0], "files 70/70 nice 4");
});

test("a service's own cgroup is made, holds what leaves everything else, and is gone after the end", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: keeper, command: sleep 1000}
  - name: escapes
    command: sh -c "${children}/clears-environment away; exec sleep 1000"
    limits: {pids: 50}
`,
    { endsRoles: true },
  );
  await gonit.sees(/ready \d+/);
  const { pid } = gonit.service("escapes");
  const group = groupOf(pid ?? 0);
  if (!group.endsWith(".escapes")) {
    context.skip("no group of cgroup v2 can be made here");
    return;
  }
  const mount = cgroupMount();
  assert.ok(existsSync(join(mount, group)));
  const members = () =>
    readFileSync(join(mount, group, "cgroup.procs"), "utf8")
      .trim()
      .split("\n")
      .map(Number);
  // Another manager finds the group again.
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  const before = members();
  assert.ok(before.includes(pid ?? 0));
  assert.equal(gonit.client("stop", "escapes").code, 0);
  for (const one of before) assert.equal(isAlive(one), false, commandLine(one));
  assert.equal(existsSync(join(mount, group)), false);
  assert.equal(gonit.client("start", "escapes").code, 0);
  assert.ok(existsSync(join(mount, group)));
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
  assert.deepEqual(
    readdirSync(mount).filter((name) => name.endsWith(".escapes")),
    [],
  );
});

test("a delegated cgroup is its user's: it makes groups below it, where a stop finds all, and nothing is left", async (context) => {
  const isRoot = process.getuid?.() === 0;
  const mount = cgroupMount();
  const gonit = start(
    context,
    `
services:
  - {name: keeper, command: sleep 1000}
  - name: divides
    shell: true
    command: |
      group="${mount}$(sed -n 's/^0:://p' /proc/self/cgroup)"
      mkdir -p "$group/one/two" "$group/three" && echo 0 > "$group/one/two/cgroup.procs"
      sh -c 'setsid sleep 1000 & echo divided by $$'
      exec sleep 1000
    ${isRoot ? 'user: "61337"' : ""}
    limits: {delegate: true}
    directory: /
    ready: {log: divided}
    reload: {command: cat /proc/self/cgroup}
`,
    { endsRoles: true },
  );
  await gonit.sees(/msg="Service ready" service=divides/);
  const { pid } = gonit.service("divides");
  const inner = groupOf(pid ?? 0);
  if (!inner.endsWith(".divides/one/two")) {
    context.skip("no group of cgroup v2 can be made here");
    return;
  }
  const group = inner.slice(0, -"/one/two".length);
  const owner = (name: string) => statSync(join(mount, group, name)).uid;
  const user = isRoot ? 61337 : process.getuid?.();
  for (const name of ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"]) assert.equal(owner(name), user);
  assert.equal(readFileSync(join(mount, group, "cgroup.max.descendants"), "utf8"), "1000\n");
  if (isRoot) assert.equal(owner("cgroup.max.descendants"), 0);
  const members = readFileSync(join(mount, inner, "cgroup.procs"), "utf8")
    .trim()
    .split("\n")
    .map(Number);
  // The shell that said it may be there still.
  assert.ok(members.includes(pid ?? 0) && members.length >= 2, members.join());
  assert.equal(gonit.client("reload", "divides").code, 0);
  await gonit.sees(new RegExp(`0::${group}/gonit.commands$`, "m"));
  // Another manager knows it as it was.
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  assert.equal(gonit.client("stop", "divides").code, 0);
  for (const one of members) assert.equal(isAlive(one), false, commandLine(one));
  assert.equal(existsSync(join(mount, group)), false);
});

test("gonit check warns of limits that this place cannot hold", (context) => {
  const folder = folderFor(context);
  const file = join(folder, "config.yml");
  writeFileSync(
    file,
    "services: [{name: web, command: sleep 1, limits: {oom_score_adj: 5, io_weight: 50, pids: 5}}]\n",
  );
  const check = (...words: string[]) => spawnSync(binary(), ["check", file, ...words], { encoding: "utf8" });
  const here = check();
  assert.equal(here.status, 0);
  const readable = (name: string) => existsSync(name) && readFileSync(name, "utf8").includes("pids");
  if (!readable("/sys/fs/cgroup/cgroup.controllers"))
    assert.match(here.stderr, /^warning: .*config\.yml:1: web: limits\.pids is not applied: /m);
  // What a machine can hold is not known here.
  assert.doesNotMatch(check("--role", "vm").stderr, /limits/);
});

test("files that a service makes have the mode that its umask leaves", async (context) => {
  const task = (name: string, mask: string) =>
    `  - {name: ${name}, type: task, shell: true, command: "touch ${name}"${mask}}\n`;
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000}\n${task("usual", "")}${task("closed", ", umask: 0077")}`,
  );
  for (const [name, mode] of [
    ["usual", 0o644],
    ["closed", 0o600],
  ] as const) {
    await gonit.until(`${name} is done`, () => gonit.service(name).state === "done");
    assert.equal(statSync(join(gonit.folder, name)).mode & 0o777, mode);
  }
});

test("what a killed gonit left in a group is ended by the next one, and the group is not taken for a service's", async (context) => {
  const instance = `limits-${process.pid}`;
  const options = (folder: string): StartOptions => ({
    socket: join(folder, "control.sock"),
    args: [
      "up",
      "-f",
      "config.yml",
      "--instance",
      instance,
      "--socket",
      join(folder, "control.sock"),
      "--log-format",
      "logfmt",
    ],
  });
  const folder = folderFor(context);
  const keeper = "  - {name: keeper, command: sleep 1000}\n";
  const first = start(
    context,
    `services:\n${keeper}  - {name: web, shell: true, command: "setsid env -i sleep 1000 & echo $! > hidden; exec sleep 1000", limits: {pids: 50}}\n`,
    options(folder),
  );
  const file = join(first.folder, "hidden");
  await first.until("it hides", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  const hidden = Number(readFileSync(file, "utf8"));
  afterwards(context, () => isAlive(hidden) && process.kill(hidden, "SIGKILL"));
  const group = groupOf(hidden);
  first.process.kill("SIGKILL");
  await first.ended;
  if (!group.endsWith(".web")) {
    context.skip("no group of cgroup v2 can be made here");
    return;
  }
  assert.ok(isAlive(hidden));
  const second = start(context, `services:\n${keeper}  - {name: web, command: sleep 1000}\n`, options(folder));
  await second.sees(/msg="Started service".*service=web/);
  await second.until("what hid is gone", () => !isAlive(hidden));
  const pid = second.service("web").pid ?? 0;
  assert.equal(second.client("stop", "web").code, 0);
  assert.equal(isAlive(pid), false);
  assert.equal(existsSync(join(cgroupMount(), group)), false);
});

test("a gonit without privileges starts the service all the same, and tells which limits it may not set", async (context) => {
  const isRoot = process.getuid?.() === 0;
  const other = isRoot ? "setpriv --reuid=61337 --regid=61337 --clear-groups --bounding-set=-all".split(" ") : [];
  const wrapper = ["prlimit", "--nofile=900:1000", ...other];
  const [program = "", ...words] = [...wrapper, "true"];
  if (spawnSync(program, words).status !== 0) {
    context.skip("no other user can be had");
    return;
  }
  const gonit = start(
    context,
    `
services:
  - {name: wants, command: sleep 1000, limits: {nice: -5, oom_score_adj: -900, files: 5000}}
  - {name: fits, command: sleep 1000, limits: {nice: 5, oom_score_adj: 900, files: 500}}
`,
    { wrapper, isOpenFolder: true },
  );
  await gonit.sees(/msg="Started service".*service=fits/);
  await gonit.until("wants runs", () => gonit.service("wants").state === "ready");
  const notes = notesOf(gonit, "wants");
  assert.match(notes, /^limits\.files is 1000: gonit may not raise/m);
  assert.match(notes, /^limits\.nice is not applied: gonit may not go below \d+ \(CAP_SYS_NICE\)/m);
  assert.match(notes, /^limits\.oom_score_adj is not applied: gonit may not go below -?\d+ \(CAP_SYS_RESOURCE\)/m);
  const limits = readFileSync(`/proc/${gonit.service("wants").pid}/limits`, "utf8");
  assert.match(limits, /^Max open files +1000 +1000 /m);
  assert.equal(notesOf(gonit, "fits"), "");
});
