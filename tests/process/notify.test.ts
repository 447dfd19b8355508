/** sd_notify(3) as its own client speaks it, systemd-notify(1), from the main process and from helpers of the service. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, children, start } from "./gonit.ts";

test("notify: a helper of the service tells READY and STATUS, and its barrier waits until gonit has acted on them", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: web
    ready: notify
    shell: true
    command: "sh -c 'systemd-notify --ready --status=serving && ${binary()} status web' & exec sleep 1000"
`,
  );
  await gonit.sees(/web +\| .*ready/);
  assert.match(gonit.client("status", "web").stdout, /serving/);
});

test("notify: RELOADING, READY, STOPPING and ERRNO", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: web
    ready: notify
    shell: true
    command: >-
      systemd-notify --ready; until [ -e a ]; do sleep 0.02; done; systemd-notify RELOADING=1;
      until [ -e b ]; do sleep 0.02; done; systemd-notify --ready STOPPING=1; echo told; exec sleep 1000
  - {name: bad, ready: notify, restart: no, shell: true, command: "systemd-notify ERRNO=2; exec sleep 1000"}
`,
  );
  await gonit.sees(/msg="Service failed" reason="it told errno 2 before ready" service=bad/);
  writeFileSync(join(gonit.folder, "a"), "");
  await gonit.until("it reloads", () => gonit.service("web").state === "reloading");
  writeFileSync(join(gonit.folder, "b"), "");
  await gonit.sees(/web +\| told/);
  assert.equal(gonit.service("web").state, "ready");
  assert.match(gonit.client("why", "web").stdout, /STOPPING=1 tells that the service is about to end by itself/);
});

test("notify: EXTEND_TIMEOUT_USEC puts off the limit of the start, and that of the run", async (context) => {
  const wait = "until [ -e go ]; do sleep 0.02; done";
  const gonit = start(
    context,
    `services:
  - {name: slow, ready: notify, timeout: {start: 5s}, shell: true, command: "systemd-notify EXTEND_TIMEOUT_USEC=3000000000; ${wait}; systemd-notify --ready; exec sleep 1000"}
  - {name: long, ready: notify, timeout: {run: 1h}, shell: true, command: "systemd-notify --ready EXTEND_TIMEOUT_USEC=36000000000; exec sleep 1000"}
`,
  );
  await gonit.until("more time is given", () =>
    /at most 5\dm|at most 49m|at most 50m/.test(gonit.service("slow").reason),
  );
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.sees(/msg="Service ready" service=slow/);
  await gonit.sees(/msg="Service ready" service=long/);
});

test("notify: MAINPID, told by a helper, makes another process the main one; a stranger's number does not", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: web
    ready: notify
    restart: no
    command: [sh, -c, "${children}/forks-as-daemon d.pid; systemd-notify --ready MAINPID=$(cat d.pid)"]
  - name: bad
    ready: notify
    command: [sh, -c, "systemd-notify --ready MAINPID=${process.pid}; exec sleep 1000"]
`,
  );
  await gonit.sees(/msg="Service ready" service=web/);
  await gonit.sees(/msg="Not taken as main process" reason="\d+ is no process of this service" service=bad/);
  const named = () => Number(readFileSync(join(gonit.folder, "d.pid"), "utf8"));
  await gonit.until("the daemon is the main process", () => gonit.service("web").pid === named());
  assert.equal(gonit.service("bad").state, "ready");
  assert.equal(gonit.client("kill", "-s", "USR1", "web").code, 0);
  await gonit.sees(/msg="Service failed" reason="exited 7" service=web/);
});

test("notify: a main process hands over to its own child, which gonit does not reap, and its end is seen", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: web
    ready: notify
    restart: no
    command: [sh, -c, "sleep 1000 & echo $! > d.pid; systemd-notify --ready MAINPID=$!; wait $!; echo over; sleep 1000"]
`,
  );
  await gonit.sees(/msg="Main process of service" pid=\d+ service=web/);
  const pid = Number(readFileSync(join(gonit.folder, "d.pid"), "utf8"));
  assert.equal(gonit.service("web").pid, pid);
  process.kill(pid, "SIGKILL");
  await gonit.sees(/msg="Service failed" reason=ended service=web/);
});

test("notify: the main process that was told is known after a killed manager", async (context) => {
  const gonit = start(
    context,
    `services:
  - name: web
    ready: notify
    restart: no
    command: [sh, -c, "sleep 1000 & echo $! > d.pid; systemd-notify --ready MAINPID=$!; wait; sleep 1000"]
`,
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
  );
  await gonit.sees(/msg="Main process of service" pid=\d+ service=web/);
  const pid = Number(readFileSync(join(gonit.folder, "d.pid"), "utf8"));
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  assert.equal(gonit.service("web").pid, pid);
  process.kill(pid, "SIGKILL");
  await gonit.sees(/msg="Service failed" reason=ended service=web/);
});
