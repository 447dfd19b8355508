/** Trouble that users reported, on a laptop: what a request answers, and when. tests/cases.md says which case is where. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { servicesOf } from "./aftermath.ts";
import { clientBeside } from "./client-beside.ts";
import { binary, commandLine, type Started, start } from "./gonit.ts";

function writeScript(gonit: Started, name: string, text: string): void {
  writeFileSync(join(gonit.folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(gonit.folder, name), 0o755);
}

// docker/compose#9732
test("a start that waits for what can never be ends with the reason", async (context) => {
  const fails = (name: string) =>
    `name: ${name}, shell: true, command: "until [ -e go ]; do sleep 0.02; done; exit 1", ready: {exec: "false", interval: 50ms}`;
  const gonit = start(
    context,
    `services:
  - {${fails("db")}, restart: no}
  - {name: web, command: sleep 1000, depends_on: [db]}
  - {${fails("again")}, restart: {policy: on-failure, delay: 10ms, limit: 3 in 1m}}
  - {name: other, command: sleep 1000, depends_on: [again]}
  - {name: x, command: sleep 1000}
`,
  );
  await gonit.sees(/msg="Started service".*service=again/);
  const starts = ["web", "other"].map((name) => clientBeside(gonit, "start", name));
  writeFileSync(join(gonit.folder, "go"), "");
  const [web, other] = await Promise.all(starts);
  assert.equal(web?.code, 1);
  assert.match(web?.text ?? "", /web blocked by db \(exited 1 before ready\)/);
  assert.equal(other?.code, 1);
  assert.match(other?.text ?? "", /other blocked by again \(gave up after 3 restarts in 60s: exited 1 before ready\)/);
  assert.equal(gonit.service("x").state, "ready");
});

// docker/compose#9732
test("a start that waits for a service to be healthy ends when that one has ended or given up", async (context) => {
  const ill = 'health: {exec: "false", start_interval: 10ms, interval: 10ms, failures: 2}';
  const gonit = start(
    context,
    `services:
  - {name: db, enabled: false, shell: true, command: "until [ -e go ]; do sleep 0.02; done; exit 1", health: {exec: "false"}, restart: no}
  - {name: web, enabled: false, command: sleep 1000, depends_on: [{name: db, wait: healthy}]}
  - {name: again, enabled: false, command: sleep 1000, ${ill}, restart: {delay: 10ms, limit: 2 in 1m}}
  - {name: other, enabled: false, command: sleep 1000, depends_on: [{name: again, wait: healthy}]}
  - {name: x, command: sleep 1000}
`,
  );
  await gonit.until("x runs", () => gonit.service("x").state === "ready");
  const starts = ["web", "other"].map((name) => clientBeside(gonit, "start", name));
  await gonit.sees(/msg="Started service".*service=db/);
  writeFileSync(join(gonit.folder, "go"), "");
  const [web, other] = await Promise.all(starts);
  assert.equal(web?.code, 1);
  assert.match(web?.text ?? "", /web blocked by db \(exited 1\)/);
  assert.equal(other?.code, 1);
  assert.match(other?.text ?? "", /other blocked by again \(gave up after 2 restarts in 60s: unhealthy/);
  assert.equal(gonit.service("x").state, "ready");
});

// docker/compose#10707
test("a task that failed blocks its dependents alone, why shows the chain, and all goes on when it is mended", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: mon, command: sleep 1000}
  - {name: mig, type: task, command: ./mig, restart: no, depends_on: [gate]}
  - {name: app, command: sleep 1000, depends_on: [mig]}
  - {name: adm, command: sleep 1000, depends_on: [app]}
  - {name: gate, type: task, shell: true, command: "until [ -e go ]; do sleep 0.02; done"}
`,
  );
  await gonit.sees(/msg="Started service".*service=gate/);
  writeScript(gonit, "mig", "echo nope >&2; exit 3");
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/msg="Service failed".*service=mig/);
  assert.match(gonit.output(), /msg="Service ended" code=3.*output=nope/);
  assert.deepEqual(
    ["mig", "app", "adm", "mon"].map((name) => gonit.service(name).shown),
    ["failed: exited 3", "blocked", "blocked", "running"],
  );
  const { stdout } = gonit.client("why", "adm");
  assert.match(stdout, /adm is blocked[\s\S]*app[\s\S]*mig[\s\S]*exited 3/);
  writeScript(gonit, "mig", "exit 0");
  assert.equal(gonit.client("restart", "mig").code, 0);
  await gonit.sees(/msg="Started service".*service=adm/);
  gonit.process.kill("SIGINT");
  assert.equal(await gonit.ended, 0);
});

// docker/compose#10707
test("Ctrl-C ends at once what still waits for a task", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: mig, type: task, command: sleep 1000}\n  - {name: app, command: sleep 1000, depends_on: [mig]}\n`,
  );
  await gonit.sees(/msg="Started service".*service=mig/);
  gonit.process.kill("SIGINT");
  assert.equal(await gonit.ended, 0);
  assert.doesNotMatch(gonit.output(), /Killing|service=app/);
});

// canonical/pebble#206
test("requests that contradict each other while a service stops all get an answer, and there is one process", async (context) => {
  const configuration = (value: number) =>
    `services:\n  - {name: a, shell: true, command: "trap 'until [ -e go ]; do sleep 0.02; done; exit 0' TERM; echo up; while :; do sleep 0.02; done", ready: {log: up}, stop: {timeout: 30s}, environment: {V: "${value}"}}\n  - {name: keeper, command: sleep 1000}\n`;
  const gonit = start(context, configuration(1));
  await gonit.sees(/msg="Service ready" service=a/);
  const answers = [clientBeside(gonit, "stop", "a")];
  await gonit.sees(/msg="Stopping service".*service=a/);
  answers.push(clientBeside(gonit, "start", "a"));
  writeFileSync(join(gonit.folder, "config.yml"), configuration(2));
  answers.push(clientBeside(gonit, "apply"));
  await gonit.sees(/msg="Applying configuration"/);
  for (const verb of ["restart", "stop", "start"]) answers.push(clientBeside(gonit, verb, "a"));
  writeFileSync(join(gonit.folder, "go"), "");
  for (const { code, text } of await Promise.all(answers)) {
    assert.doesNotMatch(text, /wrong state/);
    assert.ok(code === 0 || /replaced|superseded/.test(text), `${code}: ${text}`);
  }
  // Whichever of those came last, this one comes after them.
  assert.equal(gonit.client("start", "a").code, 0);
  const pid = gonit.service("a").pid ?? 0;
  assert.ok(readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes("V=2"));
  const socket = join(gonit.folder, "control.sock");
  // The shell's next `sleep` looks like the shell until it runs.
  await gonit.until("there is one process", () => {
    const shells = servicesOf(socket).filter((one) => commandLine(one).includes("trap"));
    return shells.length === 1 && shells[0] === pid;
  });
});

// DarthSim/overmind#158
test("a gonit that is suspended still owns its place", async (context) => {
  const gonit = start(context, "services:\n  - {name: a, command: sleep 1000}\n");
  await gonit.sees(/msg="Started service".*service=a/);
  const roles = [gonit.role("init"), gonit.role("manager")];
  const { pid } = gonit.service("a");
  for (const role of roles) process.kill(role, "SIGSTOP");
  const again = spawnSync(binary(), ["up", "-f", "config.yml", "--socket", join(gonit.folder, "control.sock")], {
    cwd: gonit.folder,
    encoding: "utf8",
    timeout: 60_000,
  });
  for (const role of roles.reverse()) process.kill(role, "SIGCONT");
  assert.equal(again.status, 1);
  assert.match(again.stderr, new RegExp(`another gonit \\(pid ${gonit.process.pid}\\) runs the instance`));
  assert.equal(gonit.service("a").pid, pid);
});
