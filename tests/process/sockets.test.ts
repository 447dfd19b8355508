/** Sockets that gonit listens on in the place of services: handed over, held, never refusing, and started by. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type NetConnectOpts } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { binary, children, folderFor, type Started, start } from "./gonit.ts";

const takes = `${children}/takes-sockets`;

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** What the service answers: its process number. Rejects when the connection is refused. */
function ask(to: NetConnectOpts): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = "";
    const client = connect(to);
    client.on("data", (data) => {
      text += data.toString();
    });
    client.on("error", reject);
    client.on("close", () => resolve(Number(text)));
  });
}

test("sockets: from descriptor 3 on, in their order, with LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES", async (context) => {
  const port = await freePort();
  const gonit = start(
    context,
    `services:
  - name: web
    command: ${takes}
    sockets: [{name: http, listen: "127.0.0.1:${port}"}, {listen: run/web.sock, mode: 0600}, {name: hidden, listen: "@gonit-test-${port}"}]
  - {name: client, command: "${children}/connects-unix @gonit-test-${port}", depends_on: [web]}
`,
  );
  await gonit.sees(/web +\| sockets 3 http:web:hidden mine \d+/);
  await gonit.sees(/msg="Started service" pid=\d+ service=web/);
  const { pid } = gonit.service("web");
  const path = join(gonit.folder, "run/web.sock");
  assert.equal(await ask({ port, host: "127.0.0.1" }), pid);
  assert.equal(await ask({ path }), pid);
  await gonit.sees(new RegExp(`client +\\| ${pid}`));
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(gonit.client("stop", "web").code, 0);
  assert.equal(existsSync(path), false);
});

test("sockets: a mode is the same in every spelling, and its file has it", async (context) => {
  const modes = ["0640", '"0640"', '"640"', "0o640", "640"];
  const sockets = modes.map((mode, at) => `{listen: ${at}.sock, mode: ${mode}}`).join(", ");
  const gonit = start(context, `services:\n  - {name: web, command: ${takes}, sockets: [${sockets}]}\n`);
  await gonit.sees(/web +\| sockets 5/);
  for (const at of modes.keys()) assert.equal(statSync(join(gonit.folder, `${at}.sock`)).mode & 0o777, 0o640);
});

test("sockets: nobody is refused while the service restarts, and while a manager is replaced", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: other, command: sleep 1000}
  - name: web
    shell: true
    command: "until [ -e go ]; do sleep 0.01; done; exec ${takes}"
    sockets: [web.sock]
`,
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
  );
  const path = join(gonit.folder, "web.sock");
  await gonit.until("it runs, and has not taken its socket", () => gonit.service("web").state === "ready");
  const first = ask({ path });
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  const second = ask({ path });
  writeFileSync(join(gonit.folder, "go"), "");
  assert.equal(await first, gonit.service("web").pid);
  assert.equal(await second, gonit.service("web").pid);
  assert.equal(gonit.client("restart", "--no-wait", "web").code, 0);
  const answers = [];
  for (let count = 0; count < 20; count++) answers.push(ask({ path }).catch((error) => error.code as string));
  const refused = (await Promise.all(answers)).filter(
    (answer) => typeof answer === "string" && answer !== "ECONNRESET",
  );
  assert.deepEqual(refused, []);
  await gonit.until("it runs again", () => gonit.service("web").state === "ready");
  assert.equal(await ask({ path }), gonit.service("web").pid);
});

test("sockets: those that depend on a service need not wait for it to be ready", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: a-client, command: "${children}/connects-unix web.sock"}
  - name: web
    shell: true
    command: "sleep 0.2; exec ${takes}"
    sockets: [web.sock]
`,
  );
  await gonit.sees(/a-client +\| \d+/);
});

test("lazy: the service starts with the first connection, and again after it ended with success", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: other, command: sleep 1000}
  - {name: web, command: "${takes} 1", sockets: [{name: http, listen: web.sock, lazy: true}]}
`,
    { endsRoles: true, binary: binary("GONIT_HOOKS_BINARY"), environment: { GONIT_RETRY_MS_MAX: "1" } },
  );
  await gonit.sees(/msg="Started service".*service=other/);
  const path = join(gonit.folder, "web.sock");
  await gonit.until("it listens", () => gonit.service("web").shown === "listening");
  assert.match(gonit.client("why", "web").stdout, /waits for a connection/);
  assert.ok((await ask({ path })) > 1);
  assert.match(gonit.client("why", "web").stdout, /a connection came to its socket http/);
  await gonit.until("it listens again", () => gonit.service("web").shown === "listening");
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.sees(/msg="Manager is back"/);
  assert.equal(gonit.service("web").shown, "listening");
  assert.ok((await ask({ path })) > 1);
  assert.equal(gonit.service("web").restarts, 0);
});

test("sockets: an address in use is a failed start with its reason; a stale file is none", async (context) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const gonit = start(context, (folder) => {
    leaveStale(join(folder, "stale.sock"));
    return `services:
  - {name: web, command: ${takes}, sockets: ["127.0.0.1:${port}"], restart: no}
  - {name: late, command: ${takes}, sockets: [{listen: "127.0.0.1:${port}", lazy: true}], restart: {policy: on-failure, limit: 1 in 1m, delay: 10ms}}
  - {name: stale, command: ${takes}, sockets: [stale.sock]}
  - {name: file, command: ${takes}, sockets: [config.yml], restart: no}
`;
  });
  const reason = `cannot listen on 127.0.0.1:${port}: Address in use`;
  await gonit.sees(new RegExp(`msg="Service failed" reason="${reason}" service=web`));
  await gonit.sees(new RegExp(`msg="Service failed" reason="gave up after 1 restart in 60s: ${reason}" service=late`));
  await gonit.sees(/msg="Service failed" reason="cannot listen on .*config.yml: Address in use" service=file/);
  await gonit.sees(/stale +\| sockets 1 stale mine/);
  assert.ok((await ask({ path: join(gonit.folder, "stale.sock") })) > 1);
  assert.match(readFileSync(join(gonit.folder, "config.yml"), "utf8"), /services/);
});

/** A socket's file without anybody behind it: what a killed program leaves. */
function leaveStale(path: string): void {
  const run = `require("node:net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  spawnSync(process.execPath, ["-e", run]);
  assert.ok(existsSync(path));
}

test("sockets: a changed plan opens and closes only what changed", async (context) => {
  const configuration = (sockets: string) => `services:
  - {name: web, command: ${takes}, sockets: [${sockets}]}
  - {name: other, command: ${takes}, sockets: [other.sock]}
`;
  const gonit = start(context, configuration("a.sock, b.sock"));
  await gonit.sees(/web +\| sockets 2 web:web mine/);
  await gonit.sees(/other +\| sockets 1 other mine/);
  await gonit.sees(/msg="Started service" pid=\d+ service=other/);
  const before = inodes(gonit, ["a.sock", "other.sock"]);
  const other = gonit.service("other").pid;
  writeFileSync(join(gonit.folder, "config.yml"), configuration("a.sock, c.sock"));
  assert.equal(gonit.client("apply", join(gonit.folder, "config.yml")).code, 0);
  assert.deepEqual(inodes(gonit, ["a.sock", "other.sock"]), before);
  assert.equal(existsSync(join(gonit.folder, "b.sock")), false);
  assert.ok((await ask({ path: join(gonit.folder, "c.sock") })) > 1);
  assert.equal(gonit.service("other").pid, other);
});

test("sockets: what a new plan does not want any more goes, though the manager dies before it is closed", async (context) => {
  const web = `services:\n  - {name: web, command: ${takes}, sockets: [a.sock]}\n`;
  // What is lazy has no run, by whose definition the socket would be known.
  const gone = `  - {name: gone, command: ${takes}, sockets: [{listen: gone.sock, lazy: true}]}\n`;
  const hooks = folderFor(context);
  const gonit = start(context, `${web}${gone}`, {
    endsRoles: true,
    binary: binary("GONIT_HOOKS_BINARY"),
    environment: { GONIT_HOOK_FOLDER: hooks, GONIT_RETRY_MS_MAX: "1" },
  });
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  await gonit.until("the lazy one listens", () => existsSync(join(gonit.folder, "gone.sock")));
  const [before] = inodes(gonit, ["a.sock"]);
  writeFileSync(join(gonit.folder, "config.yml"), web);
  writeFileSync(join(hooks, "turn-before-effects"), "kill");
  assert.equal(gonit.client("apply", "--no-gate").code, 0);
  await gonit.sees(/msg="Manager is back"/);
  await gonit.until("its file goes", () => !existsSync(join(gonit.folder, "gone.sock")));
  assert.deepEqual(inodes(gonit, ["a.sock"]), [before]);
});

function inodes(gonit: Started, names: string[]): number[] {
  return names.map((name) => statSync(join(gonit.folder, name)).ino);
}

test("sockets: at the end of all no file is left", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: web, command: ${takes}, sockets: [a.sock]}\n  - {name: lazy, command: ${takes}, sockets: [{listen: b.sock, lazy: true}]}\n`,
  );
  await gonit.sees(/web +\| sockets 1/);
  await gonit.until("the lazy one listens", () => existsSync(join(gonit.folder, "b.sock")));
  gonit.process.kill("SIGTERM");
  assert.equal(await gonit.ended, 0);
  assert.equal(existsSync(join(gonit.folder, "a.sock")), false);
  assert.equal(existsSync(join(gonit.folder, "b.sock")), false);
});
