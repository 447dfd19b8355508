import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { children, folderFor, isAlive, runToEnd, start } from "./gonit.ts";

test("services start in order, and status and why tell about them", async (context) => {
  const gonit = start(
    context,
    `
title: Shop
version: 1.10
services:
  - {name: api, command: sleep 1000, depends_on: [db], ready: {exec: "true"}}
  - {name: db, command: sleep 1000, description: Data}
`,
  );
  await gonit.sees(/msg="Service ready" service=api/);
  const output = gonit.output();
  assert.match(output, /msg="Starting services" title=Shop version=1.10/);
  assert.ok(output.indexOf('msg="Started service"') < output.indexOf('msg="Starting service" service=api'));
  assert.equal(gonit.service("db").shown, "running");
  assert.equal(gonit.service("api").state, "ready");
  assert.match(gonit.client("why", "api").stdout, /^api is ready for /);
  const typo = gonit.client("why", "apii");
  assert.equal(typo.code, 4);
  assert.match(typo.stderr, /there is no service apii; did you mean api\?/);
});

test("a service that fails shows its code and last lines, and a missing command does not loop", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: keeper, command: sleep 1000, description: Keeps it up}
  - {name: broken, command: sh -c "echo the last words; exit 3", restart: no, description: Never works}
  - {name: missing, command: /nonexistent/program}
`,
  );
  await gonit.sees(/msg="Service failed".*service=missing/);
  await gonit.sees(
    /msg="Service ended" code=3.*the last words.*service=broken|msg="Service ended" code=3.*service=broken.*the last words/,
  );
  const missing = gonit.service("missing");
  assert.equal(missing.state, "failed");
  assert.equal(missing.restarts, 0);
  assert.match(missing.shown, /No such file or directory/);
  await gonit.until("the other one runs", () => gonit.service("keeper").state === "ready");
  assert.equal(gonit.client("status", "broken").code, 3);
  // However long a reason is, the columns stay narrow.
  const table = gonit.client("status").stdout;
  assert.match(table, /^keeper +running +\d+ +\S+ +0 +Keeps it up$/m);
  assert.match(table, /^broken +failed +- +\S+ +0 +exited 3$/m);
  assert.match(table, /^missing +failed +- +\S+ +0 +cannot run \/nonexistent\/program: No such file or directory$/m);
});

test("what is shown of a failed run are its own last lines, not an earlier run's", async (context) => {
  const command = `sh -c "test -e been && exit 4; touch been; echo from the first run; exit 3"`;
  const gonit = start(
    context,
    `services:\n  - {name: twice, command: '${command}', logs: {to: twice.log}, restart: {delay: 0s, limit: 1 in 1m}}\n`,
  );
  await gonit.sees(/msg="Service failed".*service=twice/);
  const ends = gonit.output().match(/.*msg="Service ended".*(\n {2}.*)*/g) ?? [];
  assert.equal(ends.length, 2, gonit.output());
  assert.match(ends[0] ?? "", /code=3[\s\S]*from the first run/);
  assert.match(ends[1] ?? "", /code=4/);
  assert.doesNotMatch(ends[1] ?? "", /from the first run/);
});

test("FIFOs that nobody opens hold up only the services that read from them", async (context) => {
  const fifo = join(folderFor(context), "fifo");
  assert.equal(spawnSync("sh", ["-c", `mkfifo ${fifo}`]).status, 0);
  const names = ["a", "b", "c", "d"];
  const readers = names.map((name) => `  - {name: ${name}, command: cat, stdin: {file: ${fifo}}, restart: no}`);
  const others = Array.from({ length: 20 }, (_, at) => `  - {name: other-${at}, command: sleep 1000}`);
  const fast = `  - {name: late, command: cat, stdin: {file: ${fifo}}, timeout: {start: 100ms}, restart: no}`;
  const gonit = start(context, `services:\n${[...readers, fast, ...others].join("\n")}\n`);
  for (let at = 0; at < others.length; at++)
    await gonit.sees(new RegExp(`msg="Started service".*service=other-${at}\\b`));
  await gonit.sees(/msg="Service failed" reason="its program did not begin within 100ms" service=late/);
  assert.deepEqual(
    names.map((name) => gonit.service(name).state),
    names.map(() => "starting"),
  );
  assert.equal(gonit.client("stop", "a").code, 0);
  // A writer comes: the others run, and read what it says.
  writeFileSync(fifo, "");
  for (const name of names.slice(1)) await gonit.sees(new RegExp(`msg="Started service".*service=${name}\\b`));
});

test("stop, start, restart and their exit codes", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: a, command: sleep 1000}
  - {name: b, command: sleep 1000, depends_on: [{name: a, wait: started}]}
`,
  );
  await gonit.sees(/msg="Started service".*service=b/);
  assert.match(gonit.client("stop", "b").stdout, /^b: stopped/);
  assert.match(gonit.client("restart", "b").stdout, /^b: started/);
  const first = gonit.service("b").pid;
  assert.match(gonit.client("restart", "b").stdout, /^b: restarted/);
  assert.notEqual(gonit.service("b").pid, first);
  assert.match(gonit.client("start", "b").stdout, /already running/);
  assert.equal(gonit.client("restart", "nosuch").code, 4);
  assert.equal(gonit.client("restart").code, 2);
  assert.equal(gonit.client("kill", "-s", "NOPE", "a").code, 2);
  const pid = gonit.service("a").pid ?? 0;
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
  assert.equal(isAlive(pid), false);
  const before = gonit.client("--json", "status");
  assert.equal(before.code, 2);
  assert.match(before.stderr, /cannot use --json before the verb: options stand behind it, as in gonit status --json/);
});

test("a critical service's code becomes gonit's", async (context) => {
  for (const [command, code] of [
    ["sh -c 'exit 7'", 7],
    ["sh -c 'kill -KILL $$$$'", 137],
    ["/nonexistent", 127],
    ["/etc/passwd", 126],
  ] as const) {
    const gonit = start(
      context,
      `services: [{name: main, command: ${JSON.stringify(command)}, critical: true, restart: no}, {name: side, command: sleep 1000}]`,
    );
    assert.equal(await gonit.ended, code, gonit.output());
  }
});

test("a stop ends in SIGKILL for the whole tree", async (context) => {
  const gonit = start(
    context,
    `
services:
  - name: stubborn
    command: sh -c "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & echo up; wait; wait"
    ready: {log: up}
    stop: {timeout: 300ms}
  - {name: other, command: sleep 1000}
`,
  );
  await gonit.sees(/msg="Service ready" service=stubborn/);
  const pid = gonit.service("stubborn").pid ?? 0;
  assert.equal(gonit.client("stop", "stubborn").code, 0);
  assert.equal(isAlive(pid), false);
  assert.equal(gonit.service("stubborn").state, "stopped");
});

test("readiness: log, fd, file, and an exit before it is a failed start", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: log, command: sh -c "echo now serving; exec sleep 1000", ready: {log: now serving}}
  - {name: fd, command: sh -c "echo >&3; exec sleep 1000", ready: {fd: 3}}
  - {name: file, command: sh -c "touch made; exec sleep 1000", ready: {file: made}}
  - {name: early, command: "true", ready: notify, restart: no}
  - {name: closed, command: sh -c "exec 3>&-; exec sleep 1000", ready: {fd: 3}, restart: no}
  - {name: blocked, command: sh -c "touch started; exec sleep 1000", depends_on: [early]}
`,
  );
  for (const name of ["log", "fd", "file"]) await gonit.sees(new RegExp(`msg="Service ready" service=${name}\\b`));
  await gonit.until("early and closed failed", () =>
    ["early", "closed"].every((name) => gonit.service(name).state === "failed"),
  );
  assert.match(gonit.service("early").shown, /before ready/);
  assert.equal(gonit.service("blocked").state, "waiting");
  assert.equal(gonit.client("start", "blocked").code, 1);
});

test("bad configurations end with code 2, place, line and caret", (context) => {
  const cases: [string, RegExp][] = [
    ["services:\n  - name: a\n    comand: sleep 1\n", /config\.yml:3:5: .*comand[\s\S]*\^[\s\S]*command/],
    [
      "services:\n  - {name: a, command: sleep 1, depends_on: [b]}\n  - {name: b, command: sleep 1, depends_on: [a]}\n",
      /a -> b -> a|a → b → a/,
    ],
    [
      "services:\n  - {name: web, command: sleep 1}\n  - {name: a, command: sleep 1, depends_on: [wep]}\n",
      /wep[\s\S]*web/,
    ],
    ["services:\n  - name: a\n", /a[\s\S]*command/],
    ["services:\n\t- name: a\n", /tab/i],
  ];
  for (const [text, expected] of cases) {
    const run = runToEnd(context, ["up", "-f", "config.yml"], { "config.yml": text });
    assert.equal(run.code, 2, run.text);
    assert.match(run.text, expected);
  }
});

test("a program that says that it is ready and ends at once was ready", async (context) => {
  const kinds = {
    log: ["echo up", "{log: up}"],
    fd: ["echo >&3", "{fd: 3}"],
    notify: [`${children}/notifies-ready 0 READY=1 ends`, "notify"],
  };
  const services = Object.entries(kinds).flatMap(([kind, [command, ready]]) =>
    Array.from(
      { length: 10 },
      (_, at) => `  - {name: ${kind}${at}, shell: true, command: "${command}", ready: ${ready}, restart: no}`,
    ),
  );
  const gonit = start(context, `services:\n${services.join("\n")}\n`);
  assert.equal(await gonit.ended, 0, gonit.output());
  assert.doesNotMatch(gonit.output(), /before ready/);
  assert.equal(gonit.output().match(/msg="Service ready"/g)?.length, services.length);
});

test("a line on a standard error of its own is a sign of readiness too, also of a quick program", async (context) => {
  const names = Array.from({ length: 20 }, (_, at) => `quick${at}`);
  const command = "sh -c 'echo it is up >&2; exec sleep 1000'";
  const services = names.map(
    (name) =>
      `  - {name: ${name}, command: "${command}", ready: {log: it is up}, logs: {to: ${name}.log, stderr: separate}}`,
  );
  const gonit = start(context, `services:\n${services.join("\n")}\n`);
  for (const name of names) await gonit.sees(new RegExp(`msg="Service ready".*service=${name}\\b`));
});
