/** `watch_config`: a change of the configuration's files is noticed, however it is made. */
import assert from "node:assert/strict";
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { children, type Started, start } from "./gonit.ts";

const keeper = "  - {name: keeper, command: sleep 1000}\n";

/** A configuration whose service says a word when it starts. */
function saying(word: string, mode: string): string {
  return `watch_config: ${mode}\nservices:\n${keeper}  - {name: web, command: sh -c "echo ${word}; exec sleep 1000", ready: {log: ${word}}}\n`;
}

async function running(context: TestContext, mode: string, options = {}): Promise<Started> {
  const gonit = start(context, saying("one", mode), options);
  await gonit.sees(/msg="Service ready" service=web/);
  return gonit;
}

/** It is in place: the word is said, and nothing is to be said of the files any more. */
async function applied(gonit: Started, word: string): Promise<void> {
  await gonit.sees(new RegExp(`^web \\| ${word}$`, "m"));
  await gonit.until(`${word} is applied`, () => {
    const { apply, configuration } = JSON.parse(gonit.client("status", "--json").stdout);
    return apply === null && configuration === "";
  });
}

function count(gonit: Started, pattern: RegExp): number {
  return gonit.output().match(pattern)?.length ?? 0;
}

test("watch_config: apply takes a file that is written over, renamed into its place, or a link that leads elsewhere", async (context) => {
  const gonit = await running(context, "apply");
  const file = join(gonit.folder, "config.yml");
  writeFileSync(file, saying("two", "apply"));
  await applied(gonit, "two");
  writeFileSync(`${file}.new`, saying("three", "apply"));
  renameSync(`${file}.new`, file);
  await applied(gonit, "three");
  unlinkSync(file);
  await gonit.sees(/level=warn msg="The configuration is gone from the disk; nothing changes"/);
  assert.match(gonit.client("status").stdout, /configuration: gone from the disk/);
  writeFileSync(file, saying("four", "apply"));
  await applied(gonit, "four");
  assert.equal(count(gonit, /service=keeper/g), 2, "keeper was started once, and nothing else happened to it");
});

test("watch_config: apply reads once what is no good, has two names, or a space in its name", async (context) => {
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "config.d"));
    writeFileSync(join(folder, "config.d/a.yml"), "services:\n  - {name: extra, enabled: false, command: 'true'}\n");
    writeFileSync(join(folder, "config.d/a .yml"), "services:\n  - {name: spaced, enabled: false, command: 'true'}\n");
    symlinkSync("a.yml", join(folder, "config.d/z.yml"));
    return `${saying("one", "apply")}  - {name: bad, enabled: false, env_file: bad.env, command: 'true'}\n`;
  });
  await gonit.sees(/msg="Service ready" service=web/);
  writeFileSync(join(gonit.folder, "bad.env"), "what is this\n");
  await gonit.sees(/msg="Applying configuration"/);
  writeFileSync(join(gonit.folder, "config.yml"), saying("two", "apply"));
  await applied(gonit, "two");
  assert.equal(count(gonit, /msg="Applying configuration"/g), 2);
});

test("watch_config: apply takes what was there before, as often as it comes back after another was applied by hand", async (context) => {
  const gonit = await running(context, "apply");
  const file = join(gonit.folder, "config.yml");
  const goesBack = async (n: number) => {
    writeFileSync(file, saying("one", "apply"));
    await gonit.until(`one is back, time ${n}`, () => count(gonit, /^web \| one$/gm) === n + 1);
    await applied(gonit, "one");
  };
  for (let n = 1; n <= 4; n++) {
    writeFileSync(file, saying("two", "apply"));
    assert.equal(gonit.client("apply").code, 0);
    await goesBack(n);
  }
});

test("watch_config: apply takes the swap of a ConfigMap's ..data", async (context) => {
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "map/..1"), { recursive: true });
    writeFileSync(join(folder, "map/..1/config.yml"), saying("one", "apply"));
    symlinkSync("..1", join(folder, "map/..data"));
    symlinkSync("..data/config.yml", join(folder, "map/config.yml"));
    return "include: map/config.yml\nservices: []\n";
  });
  await gonit.sees(/msg="Service ready" service=web/);
  for (const [at, word] of [
    [2, "two"],
    [3, "three"],
  ] as const) {
    const map = join(gonit.folder, "map");
    mkdirSync(join(map, `..${at}`));
    writeFileSync(join(map, `..${at}/config.yml`), saying(word, "apply"));
    symlinkSync(`..${at}`, join(map, "..data_tmp"));
    renameSync(join(map, "..data_tmp"), join(map, "..data"));
    rmSync(join(map, `..${at - 1}`), { recursive: true });
    await applied(gonit, word);
  }
});

test("watch_config: apply takes new files of config.d and environment files that come later", async (context) => {
  const command = `sh -c 'echo "[$A$B]"; exec sleep 1000'`;
  const files = "env_file: [{path: late.env, required: false}]";
  const gonit = start(
    context,
    `watch_config: apply\nservices:\n  - name: web\n    command: ${command}\n    ${files}\n`,
  );
  await gonit.sees(/web \| \[\]/);
  writeFileSync(join(gonit.folder, "late.env"), "A=late\n");
  await gonit.sees(/web \| \[late\]/);
  mkdirSync(join(gonit.folder, "config.d"));
  writeFileSync(join(gonit.folder, "config.d/10.yml"), "services: [{name: web, environment: {B: more}}]\n");
  await gonit.sees(/web \| \[latemore\]/);
  rmSync(join(gonit.folder, "config.d"), { recursive: true });
  await gonit.until("it is as before", () => count(gonit, /web \| \[late\]/g) === 2);
});

test("watch_config: another file that was applied stays until the main one is written", async (context) => {
  const gonit = await running(context, "apply");
  const other = join(gonit.folder, "other.yml");
  writeFileSync(other, saying("two", "apply"));
  assert.equal(gonit.client("apply", other).code, 0);
  await gonit.until("it was looked at", () => {
    return gonit.client("status").stdout.includes(`configuration: ${other} was applied`);
  });
  assert.equal(count(gonit, /^web \| one$/gm), 1, "what was applied was taken back");
  writeFileSync(join(gonit.folder, "config.yml"), saying("three", "apply"));
  await applied(gonit, "three");
});

test("watch_config: notify says it once, and status until it is undone", async (context) => {
  const gonit = await running(context, "notify");
  const file = join(gonit.folder, "config.yml");
  writeFileSync(file, saying("two", "notify"));
  await gonit.sees(/level=info msg="Configuration changed on disk" file=\S+config.yml hint="gonit plan/);
  assert.match(gonit.client("status").stdout, /^configuration: changed on disk$/m);
  assert.equal(JSON.parse(gonit.client("status", "--json").stdout).configuration, "changed on disk");
  writeFileSync(file, saying("one", "notify"));
  await gonit.until("status says nothing of it", () => !gonit.client("status").stdout.includes("configuration:"));
  writeFileSync(file, saying("two", "notify"));
  await gonit.until("it is told again", () => count(gonit, /Configuration changed on disk/g) === 2);
  assert.equal(gonit.client("apply").code, 0);
  await gonit.until("status says nothing of it", () => !gonit.client("status").stdout.includes("configuration:"));
  await gonit.until("it is said once", () => count(gonit, /web \| two/g) === 1);
});

test("watch_config: an invalid text is one line with its place, and nothing changes", async (context) => {
  for (const mode of ["apply", "notify"]) {
    const gonit = await running(context, mode);
    const file = join(gonit.folder, "config.yml");
    appendFileSync(file, "  - {name: web2, command: x, comand: x}\n");
    const line =
      /level=error msg="Cannot use the configuration; nothing was changed" reason="[^"]*config.yml:5:\d+: services.web2.comand: /;
    await gonit.sees(line);
    assert.match(gonit.client("status").stdout, /^configuration: .*cannot be used: .*config.yml:5:\d+: /m);
    writeFileSync(file, saying("two", "off"));
    if (mode === "apply") await applied(gonit, "two");
    else await gonit.sees(/Configuration changed on disk/);
    assert.equal(count(gonit, /level=error/g), 1);
  }
});

test("watch_config: what was taken back is tried once, and the next change is taken", async (context) => {
  const gonit = await running(context, "apply");
  const file = join(gonit.folder, "config.yml");
  writeFileSync(
    file,
    saying("two", "apply").replace("exec sleep 1000", "exit 3").replace("{log: two}", "{log: no}, restart: no"),
  );
  await gonit.sees(/msg="The configuration before is back" reason="web failed: exited 3 before ready"/);
  await gonit.until("the old one runs", () => count(gonit, /^web \| one$/gm) === 2);
  // Another file of the folder has it looked at, twice.
  for (const name of ["x", "y"]) {
    writeFileSync(join(gonit.folder, name), "");
    await gonit.until("looks are over", () => gonit.client("status").stdout.includes("configuration: changed on disk"));
  }
  writeFileSync(file, saying("three", "apply"));
  await applied(gonit, "three");
  assert.equal(count(gonit, /msg="Apply failed/g), 1);
});

test("watch_config: what is looked at while it is on trial is not tried again when it is taken back", async (context) => {
  const gonit = await running(context, "apply");
  const file = join(gonit.folder, "config.yml");
  const hesitates = "directory: ., restart: no, ready: {log: never}";
  const command = `sh -c "until test -e fail; do sleep 0.02; done; exit 3"`;
  writeFileSync(file, `watch_config: apply\nservices:\n${keeper}  - {name: web, command: ${command}, ${hesitates}}\n`);
  await gonit.until("it is on trial, and was compared with the files", () => {
    const { apply, configuration } = JSON.parse(gonit.client("status", "--json").stdout);
    return apply !== null && configuration === "";
  });
  writeFileSync(join(gonit.folder, "fail"), "");
  await gonit.sees(/msg="The configuration before is back" reason="web failed: exited 3 before ready"/);
  await gonit.until("the files are compared", () => gonit.client("status").stdout.includes("changed on disk"));
  // A second try would have been read before these.
  for (let times = 0; times < 3; times++) assert.equal(gonit.client("plan").code, 0);
  writeFileSync(file, saying("three", "apply"));
  await applied(gonit, "three");
  assert.equal(count(gonit, /msg="Apply failed/g), 1);
});

test("watch_config: a file of which half is written is waited for", async (context) => {
  const gonit = await running(context, "apply");
  const file = join(gonit.folder, "config.yml");
  const text = saying("two", "apply");
  writeFileSync(file, "");
  for (const line of text.split("\n")) {
    appendFileSync(file, `${line}\n`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await applied(gonit, "two");
  assert.equal(count(gonit, /level=error|Stopping service.*keeper/g), 0, gonit.output());
});

test("watch_config: more changes than the kernel keeps for us hide none", async (context) => {
  const gonit = await running(context, "apply");
  const queued = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  const manager = gonit.role("manager");
  process.kill(manager, "SIGSTOP");
  // Two events each, so that there is no room left for that of the configuration.
  const names = ["one", "other"].map((name) => join(gonit.folder, name));
  writeFileSync(names[0] ?? "", "");
  for (let at = 0; at < queued; at += 2) renameSync(names[(at / 2) % 2] ?? "", names[(at / 2 + 1) % 2] ?? "");
  writeFileSync(join(gonit.folder, "config.yml"), saying("two", "apply"));
  process.kill(manager, "SIGCONT");
  await applied(gonit, "two");
});

test("watch_config: where inotify is refused the files are looked at", async (context) => {
  // inotify_init1 of x86-64 is 294, EMFILE is 24.
  const gonit = await running(context, "apply", { wrapper: [join(children, "refuse-calls"), "294=24"] });
  await gonit.sees(/level=info msg="The kernel does not tell of changes; the configuration is looked at" every=2s/);
  writeFileSync(join(gonit.folder, "config.yml"), saying("two", "apply"));
  await applied(gonit, "two");
});

test("watch_config: a manager that was away notices what changed meanwhile; off notices nothing", async (context) => {
  const gonit = await running(context, "apply", { endsRoles: true });
  const manager = gonit.role("manager");
  process.kill(manager, "SIGSTOP");
  writeFileSync(join(gonit.folder, "config.yml"), saying("two", "off"));
  process.kill(manager, "SIGKILL");
  await applied(gonit, "two");
  writeFileSync(join(gonit.folder, "config.yml"), saying("three", "off"));
  assert.equal(gonit.client("apply").code, 0);
  await gonit.until("three runs", () => count(gonit, /^web \| three$/gm) === 1);
  assert.equal(count(gonit, /msg="Applying configuration"/g), 2);
});
