/** Directories of a service's own, on the real /run and /var/lib where the test is root, else by XDG variables. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, folderFor, start } from "./gonit.ts";

const isRoot = process.getuid?.() === 0;

/** A folder for each kind of directory, and a name that nothing else on this machine has. */
function places(context: TestContext) {
  const home = folderFor(context);
  chmodSync(home, 0o755);
  const name = `test-${basename(home)}`;
  const bases = isRoot
    ? { run: "/run", state: "/var/lib", cache: "/var/cache", logs: "/var/log" }
    : { run: join(home, "run"), state: join(home, "state"), cache: join(home, "cache"), logs: join(home, "state/log") };
  const environment = {
    XDG_RUNTIME_DIR: join(home, "run"),
    XDG_STATE_HOME: join(home, "state"),
    XDG_CACHE_HOME: join(home, "cache"),
    // What the outer service manager said of its own service is not for ours.
    RUNTIME_DIRECTORY: "/run/outer",
  };
  afterwards(context, () => {
    for (const base of Object.values(bases)) rmSync(join(base, name), { recursive: true, force: true });
  });
  return { name, bases, environment };
}

test("directories are made for the user, told in the environment, and those of run go with the service", async (context) => {
  const { name, bases, environment } = places(context);
  const command = `sh -c 'touch $RUNTIME_DIRECTORY/pid; ls -l > $STATE_DIRECTORY/seen; echo "$RUNTIME_DIRECTORY $STATE_DIRECTORY $CACHE_DIRECTORY $LOGS_DIRECTORY"; exec sleep 1000'`;
  const user = isRoot ? "user: nobody, " : "";
  const directories = `{run: {name: ${name}, mode: 0710}, state: [${name}], cache: [${name}, ${name}/two], logs: ${name}}`;
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000}\n  - {name: web, ${user}directory: /, command: ${JSON.stringify(command)}, directories: ${directories}, logs: {prefix: false}}\n`,
    { environment },
  );
  const { run, state, cache, logs } = bases;
  await gonit.sees(
    new RegExp(`^${run}/${name} ${state}/${name} ${cache}/${name}:${cache}/${name}/two ${logs}/${name}$`, "m"),
  );
  const made = statSync(join(run, name));
  assert.equal(made.mode & 0o7777, 0o710);
  if (isRoot) assert.notEqual(made.uid, 0);
  assert.ok(existsSync(join(run, name, "pid")) && existsSync(join(state, name, "seen")));
  assert.equal(gonit.client("stop", "web").code, 0);
  assert.equal(existsSync(join(run, name)), false);
  assert.ok(existsSync(join(state, name, "seen")) && existsSync(join(cache, name, "two")));
  assert.equal(gonit.client("start", "web").code, 0);
  await gonit.until("the file is there again", () => existsSync(join(run, name, "pid")));
  assert.doesNotMatch(gonit.client("config").stdout, /remove-directories/);
});

test("a link in the way fails the start with its reason, and the service starts when it is gone", async (context) => {
  const { name, bases, environment } = places(context);
  const other = folderFor(context);
  writeFileSync(join(other, "precious"), "");
  mkdirSync(bases.state, { recursive: true });
  symlinkSync(other, join(bases.state, name));
  const gonit = start(
    context,
    `services:\n  - {name: keeper, command: sleep 1000}\n  - {name: web, command: sleep 1000, directories: {state: ${name}, run: ${name}}}\n`,
    { environment },
  );
  await gonit.sees(/msg="Service failed".*service=web/);
  assert.match(gonit.service("web").reason, new RegExp(`${name} is a symbolic link`));
  assert.match(gonit.client("why", "web").stdout, /is a symbolic link/);
  assert.equal(readFileSync(join(other, "precious"), "utf8"), "");
  rmSync(join(bases.state, name));
  assert.equal(gonit.client("start", "web").code, 0);
  assert.ok(statSync(join(bases.state, name)).isDirectory());
});

test("an ordinary user's lie where XDG variables say; without one the start fails and says which", async (context) => {
  const wrapper = isRoot ? "setpriv --reuid=61337 --regid=61337 --clear-groups".split(" ") : [];
  if (isRoot && spawnSync(wrapper[0] ?? "", [...wrapper.slice(1), "true"]).status !== 0) {
    context.skip("no other user can be had");
    return;
  }
  const home = folderFor(context);
  chmodSync(home, 0o777);
  const gonit = start(
    context,
    `services:
  - {name: keeps, command: sh -c 'touch $STATE_DIRECTORY/x && exec sleep 1000', directories: {state: keeps/a, logs: keeps}}
  - {name: needs, command: sleep 1000, directories: {run: needs}}
`,
    {
      environment: { XDG_RUNTIME_DIR: "", XDG_STATE_HOME: "relative/is/ignored", HOME: home },
      wrapper,
      isOpenFolder: true,
    },
  );
  await gonit.sees(/msg="Service failed" reason="cannot make its directories \(run\): XDG_RUNTIME_DIR is not set/);
  await gonit.until("the file is there", () => existsSync(join(home, ".local/state/keeps/a/x")));
  assert.ok(statSync(join(home, ".local/state/log/keeps")).isDirectory());
});
