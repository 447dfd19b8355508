/** Restarts when files change: what counts as a change, what is one change, and what is the service's own doing. */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, type Started, start } from "./gonit.ts";

function starts(gonit: Started): number {
  return gonit.output().match(/msg="Started service" pid=\d+ service=web/g)?.length ?? 0;
}

const web = (keys: string) =>
  `services:\n  - {name: web, command: sleep 1000, ${keys}}\n  - {name: other, command: sleep 1000}\n`;

test("watch: a file that is written, renamed into its place, made deep down or removed restarts the service", async (context) => {
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "lib/deep"), { recursive: true });
    writeFileSync(join(folder, "a.js"), "1");
    return web("watch: [a.js, lib]");
  });
  await gonit.sees(/msg="Started service" pid=\d+ service=web/);
  const changes: (() => void)[] = [
    () => appendFileSync(join(gonit.folder, "a.js"), "2"),
    () => {
      writeFileSync(join(gonit.folder, "new"), "3");
      renameSync(join(gonit.folder, "new"), join(gonit.folder, "a.js"));
    },
    () => writeFileSync(join(gonit.folder, "lib/deep/b.js"), "4"),
    () => rmSync(join(gonit.folder, "lib/deep/b.js")),
  ];
  for (const [at, change] of changes.entries()) {
    // A change soon after each of several starts would look like the service's own.
    if (at === 2) for (const verb of ["stop", "start"]) assert.equal(gonit.client(verb, "web").code, 0);
    const { pid } = gonit.service("web");
    change();
    await gonit.until(`change ${at} restarted it`, () => ![null, pid].includes(gonit.service("web").pid));
  }
  assert.match(gonit.client("why", "web").stdout, /a watched file changed: .*\/lib\/deep/);
  assert.equal(gonit.service("other").restarts, 0);
});

test("watch: what does not count restarts nothing, and many changes are one restart", async (context) => {
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "lib"));
    return web("watch: [lib]");
  });
  await gonit.sees(/msg="Started service" pid=\d+ service=web/);
  for (const name of [".swp", "a~"]) writeFileSync(join(gonit.folder, "lib", name), "1");
  for (let count = 0; count < 200; count++) writeFileSync(join(gonit.folder, `lib/${count}`), "1");
  await gonit.until("it was restarted", () => starts(gonit) === 2);
  writeFileSync(join(gonit.folder, "lib/.swp"), "2");
  gonit.client("restart", "other");
  assert.equal(starts(gonit), 2);
  assert.doesNotMatch(gonit.output(), /path=\S*(\.swp|a~)/);
});

test("watch: a service that writes into its own watched path is noticed, and its watch suspended", async (context) => {
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "lib"));
    return `services:\n  - {name: web, shell: true, command: "sleep 0.1; date +%N > lib/log; exec sleep 1000", watch: [lib]}\n  - {name: other, command: sleep 1000}\n`;
  });
  await gonit.sees(/msg="Watch suspended: the service changes its own watched files" path=\S+lib\S* service=web/);
  await gonit.until("it runs", () => gonit.service("web").state === "ready");
  const { pid } = gonit.service("web");
  assert.match(gonit.client("status", "web").stdout, /its watch is suspended/);
  writeFileSync(join(gonit.folder, "lib/x"), "1");
  assert.equal(gonit.client("restart", "other").code, 0);
  assert.equal(gonit.service("web").pid, pid);
});

test("watch: a service that writes into its own watched path without a pause is noticed too", async (context) => {
  const gonit = start(context, (folder) => {
    mkdirSync(join(folder, "lib"));
    return `services:\n  - {name: web, shell: true, command: "while :; do date +%N > lib/log; sleep 0.02; done", watch: [lib]}\n`;
  });
  // On a slow machine it may pause now and then: then it is restarted, and three times are enough.
  await gonit.sees(
    /msg="Watch suspended: (the watched files change without a pause|.* its own .*)" path=\S+lib\S* service=web/,
  );
  assert.match(gonit.client("status", "web").stdout, /its watch is suspended/);
});

test("watch: it goes on after a killed manager, and starts what has failed", async (context) => {
  const gonit = start(
    context,
    (folder) => {
      writeFileSync(join(folder, "run.sh"), "exit 1\n");
      return `services:\n  - {name: web, command: sh run.sh, watch: [run.sh], restart: no}\n  - {name: other, command: sleep 1000}\n`;
    },
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
  );
  await gonit.sees(/msg="Service failed".*service=web/);
  writeFileSync(join(gonit.folder, "run.sh"), "exec sleep 1000\n");
  await gonit.until("it runs", () => gonit.service("web").state === "ready");
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  const { pid } = gonit.service("web");
  writeFileSync(join(gonit.folder, "run.sh"), "exec sleep 1001\n");
  await gonit.until("it was restarted", () => ![null, pid].includes(gonit.service("web").pid));
});
