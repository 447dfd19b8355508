/** Sandboxes of services, tried by a program that wants out. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { children, folderFor, type Started, start } from "./gonit.ts";

const isRoot = process.getuid?.() === 0;

/** Containers may refuse namespaces. */
function isPossible(context: TestContext, ...flags: string[]): boolean {
  if (spawnSync("unshare", [...flags, "true"]).status === 0) return true;
  context.skip(`unshare ${flags.join(" ")} is refused here`);
  return false;
}

/** What the program said: name to result. */
async function answersOf(gonit: Started): Promise<Map<string, string>> {
  await gonit.sees(/tried all/);
  const lines = gonit.stdout().split("\n");
  const words = lines.map((line) => line.replace(/^\S+ *\| /, "").split(" "));
  return new Map(words.map(([name = "", ...rest]) => [name, rest.join(" ")]));
}

/** A service that tries to escape, with a file that it tries to write. */
function startSandboxed(context: TestContext, sandbox: string, more = "", wrapper: string[] = []): Started {
  return start(
    context,
    (folder) => {
      writeFileSync(join(folder, "file"), "");
      chmodSync(join(folder, "file"), 0o666);
      const command = `[${children}/tries-to-escape, ${folder}/file]`;
      return `services:\n  - {name: web, command: ${command}, directory: /, logs: {prefix: false}, sandbox: ${sandbox.replaceAll("FOLDER", folder)}${more}}\n`;
    },
    { wrapper, isOpenFolder: true },
  );
}

test("seccomp: what administers the machine is refused to root too, sockets but unix ones by no-network", async (context) => {
  const gonit = startSandboxed(context, "{seccomp: no-network}");
  const answers = await answersOf(gonit);
  for (const name of ["unshare", "mount", "chroot", "settime"]) assert.equal(answers.get(name), "1", name);
  assert.equal(answers.get("inet"), "97");
  assert.equal(answers.get("unix"), "done");
  assert.equal(answers.get("write"), "done");
  assert.equal(answers.get("nnp"), "1");
  assert.match(readFileSync(`/proc/${gonit.service("web").pid}/status`, "utf8"), /^Seccomp:\t2$/m);
});

test("seccomp: default leaves the network alone", async (context) => {
  const answers = await answersOf(startSandboxed(context, "{seccomp: default}"));
  assert.deepEqual([answers.get("inet"), answers.get("mount")], ["done", "1"]);
});

test("capabilities are all that root has, and new ones cannot be had", async (context) => {
  if (!isRoot) return context.skip("only root has capabilities");
  const gonit = startSandboxed(context, "{capabilities: [chown], no_new_privileges: true}");
  const answers = await answersOf(gonit);
  assert.equal(answers.get("chown"), "done");
  for (const name of ["mount", "chroot", "unshare"]) assert.equal(answers.get(name), "1", name);
  const status = readFileSync(`/proc/${gonit.service("web").pid}/status`, "utf8");
  for (const set of ["Inh", "Prm", "Eff", "Bnd", "Amb"]) assert.match(status, new RegExp(`^Cap${set}:\t0{15}1$`, "m"));
});

test("namespaces, read only and private parts: what is outside can be neither seen nor changed", async (context) => {
  if (!isRoot || !isPossible(context, "--mount", "--pid", "--net", "--fork")) return;
  const gonit = startSandboxed(
    context,
    "{namespaces: [pid, ipc, uts, cgroup, time], read_only: true, private_network: true}",
    ", stop: SIGKILL",
  );
  const answers = await answersOf(gonit);
  assert.equal(answers.get("pid"), "1");
  assert.ok(Number(answers.get("processes")) <= 2);
  assert.equal(answers.get("interfaces"), "lo");
  assert.equal(answers.get("write"), "30");
  assert.equal(answers.get("root-file"), "30");
  const of = (pid: number | null | string, name: string) =>
    spawnSync("readlink", [`/proc/${pid}/ns/${name}`], { encoding: "utf8" }).stdout;
  const { pid } = gonit.service("web");
  for (const name of ["pid", "mnt", "net", "ipc", "uts", "cgroup"])
    assert.notEqual(of(pid, name), of("self", name), name);
  assert.equal(gonit.client("stop", "web").code === 0 || gonit.process.exitCode !== null, true);
});

test("writable and directories stay writable under read_only, /tmp is empty", async (context) => {
  if (!isRoot || !isPossible(context, "--mount")) return;
  const name = `test-${basename(folderFor(context))}`;
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "open"));
    const script = `cd ${folder} 2>/dev/null || true; touch $RUNTIME_DIRECTORY/x && echo run; touch /etc/x || echo shut; ls /tmp | wc -l; touch /tmp/y && echo tmp; echo over; exec sleep 1000`;
    return `services:\n  - {name: keeper, command: sleep 1000}\n  - {name: web, command: [sh, -c, ${JSON.stringify(script)}], directory: /, directories: {run: ${name}}, logs: {prefix: false}, sandbox: {read_only: true, private_tmp: true, writable: [${folder}/open]}}\n`;
  });
  await gonit.sees(/^over$/m);
  assert.match(gonit.stdout(), /^run\nshut\n0\ntmp\nover$/m);
  assert.ok(existsSync(`/run/${name}/x`));
  assert.equal(existsSync("/tmp/y"), false);
  assert.equal(gonit.client("stop", "web").code, 0);
  assert.equal(existsSync(`/run/${name}`), false);
});

test("another root holds the program and its directories", async (context) => {
  if (!isRoot || !isPossible(context, "--mount")) return;
  const jail = join(folderFor(context), "jail");
  for (const folder of ["bin", "run", "proc", "tmp"]) mkdirSync(join(jail, folder), { recursive: true });
  copyFileSync(join(children, "tries-to-escape"), join(jail, "bin/try"));
  chmodSync(join(jail, "bin/try"), 0o755);
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000}\n  - {name: web, command: [/bin/try, /etc/passwd], directory: /, directories: {run: web}, logs: {prefix: false}, sandbox: {root: ${jail}}}\n`,
  );
  const answers = await answersOf(gonit);
  assert.equal(answers.get("write"), "2");
  assert.ok(existsSync(join(jail, "run/web")));
  assert.equal(existsSync("/run/web"), false);
  assert.equal(gonit.client("stop", "web").code, 0);
  assert.equal(existsSync(join(jail, "run/web")), false);
});

test("a gonit without privileges gives namespaces in a user namespace", async (context) => {
  const other = isRoot ? "setpriv --reuid=61337 --regid=61337 --clear-groups".split(" ") : [];
  const [program = "unshare", ...words] = [...other, "unshare", "--user", "--map-current-user", "--mount", "true"];
  if (spawnSync(program, words).status !== 0) return context.skip("user namespaces are refused here");
  const sandbox = "{user_namespace: true, namespaces: [pid], read_only: true, private_network: true}";
  const gonit = startSandboxed(context, sandbox, ", stop: SIGKILL", other);
  const answers = await answersOf(gonit);
  assert.equal(answers.get("write"), "30");
  assert.equal(answers.get("pid"), "1");
  assert.equal(answers.get("interfaces"), "lo");
  for (const name of ["mount", "chroot", "chown"]) assert.notEqual(answers.get(name), "done", name);
});

test("another user in a user namespace has nobody but itself in there", async (context) => {
  if (!isRoot || !isPossible(context, "--mount", "--user")) return;
  if (/^\/(var\/)?tmp\//.test(children)) return context.skip("the tests' programs lie in /tmp, which is hidden");
  const sandbox = "{user_namespace: true, read_only: true, private_tmp: true}";
  const gonit = startSandboxed(context, sandbox, ", user: nobody, group: nogroup, groups: []");
  const answers = await answersOf(gonit);
  for (const name of ["mount", "chroot", "chown"]) assert.notEqual(answers.get(name), "done", name);
  assert.equal(answers.get("tmp"), "0");
  const map = readFileSync(`/proc/${gonit.service("web").pid}/uid_map`, "utf8");
  assert.match(map.trim(), /^(\d+) +\1 +1$/);
});

test("what the kernel refuses fails the start, is not tried again and again, and is told", async (context) => {
  const other = isRoot ? "setpriv --reuid=61337 --regid=61337 --clear-groups".split(" ") : [];
  const [program = "true", ...words] = [...other, "true"];
  if (spawnSync(program, words).status !== 0) return context.skip("no other user can be had");
  const gonit = start(
    context,
    `
services:
  - {name: keeper, command: sleep 1000}
  - {name: network, command: sleep 1000, sandbox: {private_network: true}}
  - {name: jail, command: sleep 1000, sandbox: {root: /nowhere}}
  - {name: caps, command: sleep 1000, sandbox: {capabilities: []}}
`,
    { wrapper: other, isOpenFolder: true },
  );
  for (const [name, why] of [
    ["network", "cannot make its namespaces: Operation not permitted"],
    ["jail", "cannot make its namespaces: Operation not permitted"],
    ["caps", "cannot set its capabilities: Operation not permitted"],
  ] as const) {
    await gonit.sees(new RegExp(`msg="Service failed".*service=${name}`));
    assert.match(gonit.service(name).reason, new RegExp(why));
    assert.equal(gonit.service(name).restarts, 0);
  }
});
