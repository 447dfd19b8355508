/** Replicas of a service, and gonit scale, with real processes. */
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runToEnd, type Started, start } from "./gonit.ts";

const configuration = (replicas: string) => `services:
  - {name: worker, shell: true, command: "echo I am $GONIT_SERVICE $GONIT_REPLICA; [ $GONIT_REPLICA = 1 ] || until [ -e go ]; do sleep 0.02; done; echo >&3; exec sleep 1000", ready: {fd: 3}${replicas}}
  - {name: user, command: sleep 1000, depends_on: [worker]}
  - {name: other, command: sleep 1000}
`;

function workers(gonit: Started): string[] {
  return gonit
    .status()
    .services.map(({ name }) => name)
    .filter((name) => name.startsWith("worker"));
}

test("replicas: each knows its number, dependents wait for all, and a name means all of them", async (context) => {
  const gonit = start(context, configuration(", replicas: 3"));
  await gonit.sees(/worker@2 +\| I am worker 2/);
  await gonit.sees(/worker@3 +\| I am worker 3/);
  await gonit.sees(/msg="Service ready" service=worker@1/);
  assert.match(gonit.client("why", "user").stdout, /waits for worker@2 to be ready/);
  assert.equal(gonit.service("user").state, "waiting");
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/msg="Started service".*service=user/);
  assert.deepEqual(workers(gonit), ["worker@1", "worker@2", "worker@3"]);
  const before = gonit.service("worker@1").pid;
  assert.equal(gonit.client("restart", "worker@2").code, 0);
  assert.equal(gonit.service("worker@1").pid, before);
  assert.equal(gonit.client("stop", "worker").code, 0);
  for (const name of workers(gonit)) assert.equal(gonit.service(name).state, "stopped");
  assert.equal(gonit.client("start", "work*").code, 0);
  for (const name of workers(gonit)) assert.equal(gonit.service(name).state, "ready");
});

test("scale: runs another number, touches none that stays, and holds until the next apply", async (context) => {
  const gonit = start(context, (folder) => {
    writeFileSync(join(folder, "go"), "");
    return configuration(", replicas: 2");
  });
  await gonit.sees(/msg="Started service".*service=user/);
  const pids = ["worker@1", "worker@2"].map((name) => gonit.service(name).pid);
  const scaled = gonit.client("scale", "worker=3");
  assert.equal(scaled.code, 0, scaled.stderr);
  assert.deepEqual(workers(gonit), ["worker@1", "worker@2", "worker@3"]);
  assert.equal(gonit.service("worker@3").state, "ready");
  assert.deepEqual(
    ["worker@1", "worker@2"].map((name) => gonit.service(name).pid),
    pids,
  );
  assert.match(gonit.client("plan").stdout, /worker@3/);
  assert.equal(gonit.client("apply").code, 0);
  assert.deepEqual(workers(gonit), ["worker@1", "worker@2"]);
  assert.equal(gonit.client("scale", "worker=1").code, 0);
  assert.deepEqual(workers(gonit), ["worker@1"]);
});

test("scale: what cannot be scaled is refused with what to do", async (context) => {
  const gonit = start(context, configuration(""));
  await gonit.sees(/worker +\| I am worker 1/);
  const refused = gonit.client("scale", "worker=2");
  assert.equal(refused.code, 6);
  assert.match(refused.stderr, /worker has no replicas: write replicas: NUMBER into its configuration/);
  assert.equal(gonit.client("scale", "none=2").code, 4);
  assert.equal(gonit.client("scale", "worker=0").code, 2);
  assert.equal(gonit.client("scale", "worker").code, 2);
});

test("replicas: gonit config prints them as one service, and gonit check counts them", (context) => {
  const files = { "config.yml": configuration(", replicas: 3, logs: {to: file}") };
  const shown = runToEnd(context, ["config"], files);
  assert.match(shown.text, /replicas: 3/);
  assert.doesNotMatch(shown.text, /worker@/);
  assert.equal(existsSync("worker@1"), false);
  assert.match(runToEnd(context, ["check"], files).text, /5 services/);
});
