/** Health and HTTP questions against real services: what is asked, what counts, and that nothing is left of a question. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { servicesOf } from "./aftermath.ts";
import { binary, children, commandLine, type Started, start } from "./gonit.ts";

/** Processes of this gonit's services that are `sleep 1000`: what a question puts beside itself. */
function putBeside(gonit: Started): number[] {
  return servicesOf(join(gonit.folder, "control.sock")).filter((pid) => commandLine(pid) === "sleep 1000");
}

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

const good = "HTTP/1.1 204 No Content\\r\\n\\r\\n";
const answers: { name: string; head: string; mode?: string; reason: RegExp | null; timeout?: string }[] = [
  { name: "204", head: good, reason: null },
  { name: "a redirect", head: "HTTP/1.0 302 Found\\r\\nLocation: /x\\r\\n\\r\\n", reason: null },
  { name: "letter by letter", head: good, mode: "slow", reason: null },
  {
    name: "an interim answer first",
    head: "HTTP/1.1 103 Early Hints\\r\\nLink: x\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\n\\r\\n",
    reason: null,
  },
  { name: "500", head: "HTTP/1.1 500 Oh dear\\r\\n\\r\\n", reason: /it answered 500 Oh dear/ },
  { name: "404", head: "HTTP/1.1 404 Not Found\\r\\n\\r\\n", reason: /it answered 404 Not Found/ },
  { name: "what is no HTTP", head: "SSH-2.0-OpenSSH\\r\\n", reason: /it is no HTTP answer/ },
  { name: "a line without end", head: good, mode: "endless", reason: /it is no HTTP answer/ },
  {
    name: "nothing but the end",
    head: good,
    mode: "close",
    reason: /it closed the connection without an answer|reset/,
  },
  { name: "nothing at all", head: good, mode: "silent", reason: /no answer within 200 ms/, timeout: "200ms" },
];

for (const { name, head, mode = "", reason, timeout = "3s" } of answers) {
  test(`http: ${name} is ${reason === null ? "a yes" : "a no, and told"}`, async (context) => {
    const port = await freePort();
    const command = JSON.stringify([`${children}/answers-http`, String(port), head, mode]);
    const gonit = start(
      context,
      `services:\n  - {name: web, command: ${command}, ready: {http: "http://127.0.0.1:${port}/up?x=1", timeout: ${timeout}}}\n`,
    );
    await gonit.sees(/web \| GET \/up\?x=1 HTTP\/1\.1/);
    if (reason === null) await gonit.sees(/msg="Service ready" service=web/);
    else {
      await gonit.until("the reason is told", () => reason.test(gonit.service("web").reason));
      assert.equal(gonit.service("web").state, "starting");
    }
  });
}

test("http: a status list decides, and headers are sent", async (context) => {
  const port = await freePort();
  const command = JSON.stringify([`${children}/answers-http`, String(port), "HTTP/1.1 418 Teapot\\r\\n\\r\\n"]);
  const gonit = start(
    context,
    `services:\n  - {name: web, command: ${command}, ready: {http: {url: "http://localhost:${port}", status: [418], headers: {X-Probe: a b}}}}\n`,
  );
  await gonit.sees(/web \| GET \/ HTTP\/1\.1/);
  await gonit.sees(/msg="Service ready" service=web/);
});

test("health: three bad answers in a row restart a service, and who waits for it healthy comes after", async (context) => {
  const gonit = start(
    context,
    `
services:
  - name: db
    command: sleep 1000
    restart: {delay: 10ms}
    health: {exec: "test -e good", start_interval: 20ms, interval: 20ms, failures: 3, start_period: 1h}
  - {name: web, command: sleep 1000, depends_on: [{name: db, wait: healthy}]}
`,
  );
  await gonit.until("it was asked", () => gonit.service("db").reason === "not healthy yet: test exited with 1");
  assert.match(gonit.client("why", "web").stdout, /waits for db to be healthy/);
  assert.match(gonit.client("why", "db").stdout, /waits for its health: success of test -e good \(not healthy yet: /);
  writeFileSync(join(gonit.folder, "good"), "");
  await gonit.sees(/msg="Service healthy" service=db/);
  await gonit.sees(/msg="Started service".*service=web/);
  assert.deepEqual(gonit.service("db").marks, ["healthy"]);
  const { pid } = gonit.service("db");
  rmSync(join(gonit.folder, "good"));
  await gonit.sees(/msg="Restarting service".*reason="unhealthy: test exited with 1".*service=db/);
  await gonit.until("it runs again", () => ![null, pid].includes(gonit.service("db").pid));
});

// docker/compose#12782
test("health: the first question comes at once, the next ones soon, and after a yes only at the interval", async (context) => {
  const health = (name: string) =>
    `health: {exec: [sh, -c, "echo asked >> ${name}.asked; test -e ${name}.ok"], interval: 1h, start_interval: 20ms}`;
  const gonit = start(
    context,
    `
services:
  - {name: a, shell: true, command: "sleep 0.2; touch a.ok; exec sleep 1000", ${health("a")}}
  - {name: b, shell: true, command: "sleep 0.2; touch b.ok; exec sleep 1000", ${health("b")}, depends_on: [{name: a, wait: healthy}]}
  - {name: c, command: sleep 1000, depends_on: [{name: b, wait: healthy}]}
`,
  );
  await gonit.sees(/msg="Service healthy" service=a/);
  const asked = () => readFileSync(join(gonit.folder, "a.asked"), "utf8");
  const before = asked();
  await gonit.sees(/msg="Started service".*service=c/);
  assert.ok(before.split("\n").length > 2, "it was asked until it was healthy");
  assert.equal(asked(), before, "b took longer than many of its start intervals");
});

test("health: action none is shown and nothing else, and a killed manager goes on asking", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: db, command: sleep 1000, health: {exec: "test -e good", start_interval: 20ms, interval: 20ms, failures: 2, action: none}}\n`,
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
  );
  await gonit.sees(/msg="Service unhealthy" reason="test exited with 1" service=db/);
  assert.match(gonit.client("status").stdout, /db +running \(unhealthy\)/);
  const waited = gonit.client("wait", "db", "--for", "healthy");
  assert.equal(waited.code, 1);
  assert.match(waited.stdout + waited.stderr, /unhealthy: test exited with 1/);
  const { pid } = gonit.service("db");
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  assert.deepEqual(gonit.service("db").marks, ["unhealthy"]);
  writeFileSync(join(gonit.folder, "good"), "");
  await gonit.sees(/msg="Service healthy" service=db/);
  assert.equal(gonit.service("db").pid, pid);
});

test("health: a question never overlaps with the one before, and leaves nothing behind", async (context) => {
  // Each question takes a lock; one that meets the lock tells so. It puts a process of its own session beside itself.
  const question =
    "mkdir lock || echo overlap >> trouble; setsid sleep 1000 & sleep 0.05; rmdir lock; echo asked >> asked; test -e good";
  const gonit = start(
    context,
    `services:\n  - {name: a, command: sleep 999, health: {exec: [sh, -c, "${question}"], start_interval: 10ms, interval: 10ms, failures: 1000}}\n`,
  );
  const asked = () => {
    try {
      return readFileSync(join(gonit.folder, "asked"), "utf8").split("\n").length;
    } catch {
      return 0;
    }
  };
  await gonit.until("it was asked ten times", () => asked() > 10);
  assert.throws(() => readFileSync(join(gonit.folder, "trouble")));
  // What the last question has left is ended a moment later.
  await gonit.until("at most the running question's process is there", () => putBeside(gonit).length <= 1);
  assert.equal(gonit.service("a").restarts, 0);
});

test("health: a question that hangs is ended as a tree when its time is over", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: a, command: sleep 999, health: {exec: [sh, -c, "trap '' TERM; setsid sleep 1000 & sleep 1000"], timeout: 50ms, start_interval: 1h}}\n`,
  );
  await gonit.until("its time is over", () => gonit.service("a").reason === "not healthy yet: no answer within 50 ms");
  await gonit.until("nothing of it is left", () => putBeside(gonit).length === 0);
});

// jdx/pitchfork#886
test("health: a question has its three standard descriptors and no other", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: b, command: sleep 1000, health: {exec: [sh, -c, "ls /proc/self/fd > fds"], interval: 1h}}\n`,
    { wrapper: ["sh", "-c", 'exec 7</dev/null 8>/dev/null 9</dev/null; exec "$@"', "sh"] },
  );
  await gonit.sees(/msg="Service healthy" service=b/);
  assert.equal(readFileSync(join(gonit.folder, "fds"), "utf8"), "0\n1\n2\n3\n", "3 is that of ls");
});

test("the watchdog stops what falls silent, and one that goes on telling lives", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: silent, command: "${children}/notifies-ready 0 READY=1", ready: notify, watchdog: 100ms, restart: no}
  - {name: alive, shell: true, command: "systemd-notify --ready; while :; do systemd-notify WATCHDOG=1; sleep 0.02; done", ready: notify, watchdog: 20s}
  - {name: told, command: "${children}/notifies-ready 0 READY=1\\\\nWATCHDOG=trigger", ready: notify, watchdog: 1h, restart: no}
  - {name: shown, command: sh -c "echo limit $$WATCHDOG_USEC; exec sleep 1000", watchdog: 90s}
`,
  );
  await gonit.sees(/msg="Service failed" reason="no WATCHDOG=1 within 100ms" service=silent/);
  await gonit.sees(/shown \| limit 90000000/);
  await gonit.sees(/msg="Service ready" service=alive/);
  assert.equal(gonit.service("alive").restarts, 0);
});

test("gonit health tells whether all is well, and whether all is ready", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: slow, shell: true, command: "until [ -e up ]; do sleep 0.02; done; echo >&3; exec sleep 1000", ready: {fd: 3}}
  - {name: once, type: task, command: "true"}
  - {name: off, enabled: false, command: "true"}
  - {name: checked, command: sleep 1000, health: {exec: "test -e good", start_interval: 20ms, interval: 20ms, failures: 2, action: none}}
`,
  );
  await gonit.until("slow runs", () => gonit.service("slow").state === "starting");
  writeFileSync(join(gonit.folder, "good"), "");
  await gonit.sees(/msg="Service healthy" service=checked/);
  assert.deepEqual(gonit.client("health"), { code: 0, stdout: "ok\n", stderr: "" });
  const unready = gonit.client("health", "--ready");
  assert.equal(unready.code, 1);
  assert.match(unready.stdout, /^slow: starting: ready: fd, at most \S+ more\n$/);
  writeFileSync(join(gonit.folder, "up"), "");
  await gonit.sees(/msg="Service ready" service=slow/);
  await gonit.until("all is ready", () => gonit.client("health", "--ready").code === 0);
  rmSync(join(gonit.folder, "good"));
  await gonit.sees(/msg="Service unhealthy"/);
  assert.deepEqual(gonit.client("health"), { code: 1, stdout: "checked: unhealthy: test exited with 1\n", stderr: "" });
  const json = JSON.parse(gonit.client("health", "--json").stdout);
  assert.deepEqual(json, { ok: false, troubles: [{ service: "checked", reason: "unhealthy: test exited with 1" }] });
});
