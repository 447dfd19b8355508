/** Clients that send rubbish, too much, half of it, nothing at all, or do not read: the others notice nothing. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmodSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { descriptorsOf } from "./aftermath.ts";
import { clientBeside } from "./client-beside.ts";
import { memoryOf, type Started, start } from "./gonit.ts";

const configuration = "services:\n  - {name: a, command: sleep 1000}\n";
/** Against hanging only. */
const patienceMs = 20_000;
/** What the manager may grow by, whatever clients do. */
const growthKib = 24 * 1024;

interface Peer {
  socket: Socket;
  /** All that came until it matches or the other side closes. */
  hears: (pattern: RegExp) => Promise<string>;
  closed: Promise<string>;
}

async function peerOf(t: TestContext, gonit: Started): Promise<Peer> {
  const socket = await connected(join(gonit.folder, "control.sock"));
  t.after(() => socket.destroy());
  let text = "";
  const hears = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      const guard = setTimeout(() => reject(new Error(`did not hear ${pattern} in ${text.slice(0, 300)}`)), patienceMs);
      const look = () => {
        if (!pattern.test(text)) return;
        clearTimeout(guard);
        resolve(text);
      };
      socket.on("data", look);
      void closed.then(() => clearTimeout(guard));
      socket.on("close", () => reject(new Error(`closed before ${pattern} came: ${text.slice(0, 300)}`)));
      look();
    });
  const closed = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  socket.on("data", (data) => {
    text += data;
  });
  socket.setMaxListeners(0);
  // Whoever was sent away may still have something to send: EPIPE.
  socket.on("error", () => {});
  return { socket, hears, closed };
}

/** Again while the queue of those who wait to be let in is full. */
async function connected(path: string): Promise<Socket> {
  for (;;) {
    const socket = connect(path);
    const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => {
      socket.once("connect", () => resolve(null)).once("error", resolve);
    });
    if (error === null) return socket;
    if (error.code !== "EAGAIN") throw error;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function ready(t: TestContext, text = configuration): Promise<Started> {
  const gonit = start(t, text);
  await gonit.sees(/msg="Started service".*service=a\b/);
  return gonit;
}

/** The client of everyday use is served, and gonit has neither grown nor kept anything. */
async function isUnhurt(gonit: Started, before: { pssKib: number; descriptors: string[] }): Promise<void> {
  assert.equal(gonit.client("restart", "a").code, 0);
  assert.equal(gonit.service("a").state, "ready");
  const manager = gonit.role("manager");
  await gonit.until("all connections are closed", () => openIn(manager).length <= before.descriptors.length);
  const { pssKib } = memoryOf(manager);
  assert.ok(pssKib < before.pssKib + growthKib, `the manager grew from ${before.pssKib} to ${pssKib} KiB`);
}

function stateOf(gonit: Started): { pssKib: number; descriptors: string[] } {
  gonit.client("restart", "a");
  const manager = gonit.role("manager");
  return { pssKib: memoryOf(manager).pssKib, descriptors: openIn(manager) };
}

/** But for what watches files: that of the configuration comes some time after the start. */
function openIn(manager: number): string[] {
  return descriptorsOf(manager).filter((name) => !name.includes("inotify"));
}

const request = (method: string, params: object = {}, id: number | string = 1) =>
  `${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`;

const rubbish: { name: string; sent: string | Buffer; answer: RegExp }[] = [
  { name: "bytes", sent: Buffer.from([0, 255, 254, 1, 10]), answer: /it is no JSON/ },
  { name: "text", sent: "GET / HTTP/1.1\r\n", answer: /it is no JSON/ },
  { name: "another shape", sent: "[]\n", answer: /it is no object/ },
  { name: "no method", sent: '{"jsonrpc":"2.0","id":1}\n', answer: /are needed"/ },
  { name: "deep nesting", sent: `${"[".repeat(100_000)}\n`, answer: /it is no JSON/ },
  { name: "an unknown method", sent: request("explode"), answer: /there is no method explode/ },
  { name: "a method of all objects", sent: request("__proto__"), answer: /there is no method __proto__/ },
  { name: "wrong parameters", sent: request("status", { names: 5 }), answer: /"code":-32602/ },
  { name: "an endless name", sent: request("x".repeat(200_000)), answer: /there is no method x{64}"/ },
];

test("rubbish is answered with what is wrong, and the connection goes on where it can", async (t) => {
  const gonit = await ready(t);
  const before = stateOf(gonit);
  for (const { name, sent, answer } of rubbish) {
    const { socket, hears } = await peerOf(t, gonit);
    socket.write(sent);
    await hears(answer);
    socket.write(request("version", {}, name));
    await hears(/"version":"/);
    socket.destroy();
  }
  await isUnhurt(gonit, before);
});

test("100 MB without a line end are refused at the first bytes too many", async (t) => {
  const gonit = await ready(t);
  const before = stateOf(gonit);
  const { socket, closed } = await peerOf(t, gonit);
  const block = Buffer.alloc(1024 * 1024, "x");
  let sent = 0;
  const more = () => {
    while (sent < 100 && !socket.destroyed) {
      sent++;
      if (!socket.write(block)) return;
    }
  };
  socket.on("drain", more);
  more();
  assert.match(await closed, /it is longer than 262144 bytes/);
  await isUnhurt(gonit, before);
});

test("half a request, byte by byte, and clients that die in the middle leave nothing behind", async (t) => {
  const gonit = await ready(t);
  const before = stateOf(gonit);
  const half = request("stop", { names: ["a"] }).slice(0, -1);
  for (let count = 0; count < 50; count++) {
    const { socket } = await peerOf(t, gonit);
    await new Promise<void>((resolve) => socket.write(half, () => resolve()));
    if (count % 2 === 0) socket.destroy();
    else socket.end();
  }
  const slow = await peerOf(t, gonit);
  slow.socket.setNoDelay(true);
  for (const byte of request("version")) await new Promise<void>((resolve) => slow.socket.write(byte, () => resolve()));
  await slow.hears(/"version":"/);
  slow.socket.destroy();
  assert.equal(gonit.service("a").state, "ready");
  await isUnhurt(gonit, before);
});

test("a client that asks and never reads is not served on, and holds up nobody", async (t) => {
  const many = Array.from({ length: 300 }, (_, at) => `  - {name: s${at}, command: sleep 1, enabled: false}`);
  const gonit = await ready(t, `${configuration}${many.join("\n")}\n`);
  const before = stateOf(gonit);
  for (let count = 0; count < 100; count++) {
    const { socket } = await peerOf(t, gonit);
    socket.pause();
    socket.write(request("status").repeat(60));
  }
  for (let count = 0; count < 5; count++) assert.equal(gonit.client("status").code, 0);
  const { pssKib } = memoryOf(gonit.role("manager"));
  assert.ok(pssKib < before.pssKib + growthKib, `the manager grew from ${before.pssKib} to ${pssKib} KiB`);
});

test("a flood of requests from one client leaves time for the others", async (t) => {
  const gonit = await ready(t);
  const { socket } = await peerOf(t, gonit);
  let answers = 0;
  socket.on("data", (data) => {
    answers += String(data).split("\n").length - 1;
  });
  let asked = 0;
  const flood = () => {
    if (socket.destroyed) return;
    asked += 32;
    socket.write(request("status").repeat(32));
  };
  // As many as are answered: the socket is never empty.
  socket.on("data", () => {
    while (asked - answers < 48) flood();
  });
  flood();
  const other = await peerOf(t, gonit);
  for (let count = 0; count < 20; count++) {
    const before = answers;
    other.socket.write(request("version", {}, `v${count}`));
    await other.hears(new RegExp(`"id":"v${count}"`));
    // One request of each in a turn: what was on its way, and no queue of the other's.
    assert.ok(answers - before <= 200, `${answers - before} answers went to the flood meanwhile`);
  }
  socket.destroy();
});

test("500 clients at once are served; 600 that only wait give way to one that asks", async (t) => {
  const gonit = await ready(t);
  const before = stateOf(gonit);
  const peers = await Promise.all(Array.from({ length: 500 }, () => peerOf(t, gonit)));
  for (const [at, { socket }] of peers.entries()) socket.write(request("why", { name: "a" }, at));
  await Promise.all(peers.map(({ hears }, at) => hears(new RegExp(`"id":${at},"result"`))));
  const more = await Promise.all(Array.from({ length: 100 }, () => peerOf(t, gonit)));
  assert.equal(gonit.client("status").code, 0);
  await peers[0]?.closed;
  for (const { socket } of [...peers, ...more]) socket.destroy();
  await isUnhurt(gonit, before);
});

test("another user may look, may not act, and cannot take the places of others", async (t) => {
  if (process.getuid?.() !== 0) {
    t.skip("only root can become another user");
    return;
  }
  const gonit = await ready(t);
  chmodSync(gonit.folder, 0o755);
  chmodSync(join(gonit.folder, "control.sock"), 0o666);
  const script = `
    const { connect } = require("node:net");
    process.setgid(61337); process.setuid(61337);
    const ask = (method, params) => JSON.stringify({ jsonrpc: "2.0", id: method, method, params }) + "\\n";
    let closed = 0;
    const sockets = Array.from({ length: 200 }, () => connect(process.argv[1]));
    for (const socket of sockets) {
      socket.on("error", () => {});
      socket.resume();
      socket.on("close", () => { if (++closed === 136) console.log("136 closed"); });
    }
    const last = sockets[199];
    last.on("data", (data) => console.log(String(data)));
    last.on("connect", () => last.write(ask("status", {}) + ask("act", { verb: "stop", names: ["a"] }) + ask("logs", { names: ["a"] })));
    setInterval(() => {}, 1000);
  `;
  const stranger = spawn(process.execPath, ["-e", script, join(gonit.folder, "control.sock")], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: "/",
  });
  t.after(() => stranger.kill("SIGKILL"));
  let text = "";
  stranger.stdout.on("data", (data) => {
    text += data;
  });
  await gonit.until("it was answered and sent away", () => /136 closed/.test(text) && /"id":"logs","error"/.test(text));
  assert.match(text, /"id":"status","result"/);
  assert.match(text, /cannot act: user 61337 may only look; ask root or the user that runs gonit/);
  assert.match(text, /cannot logs: user 61337 may only look/);
  const peers = await Promise.all(Array.from({ length: 400 }, () => peerOf(t, gonit)));
  for (const { socket } of peers) socket.write(request("version"));
  await Promise.all(peers.map(({ hears }) => hears(/"version":"/)));
  assert.equal(gonit.service("a").state, "ready");
});

test("a client that waits while gonit ends, or is killed, says at once that it has ended", async (context) => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    const gonit = start(context, "services: [{name: a, command: sleep 1000}]\n", { endsRoles: true });
    await gonit.sees(/msg="Started service" pid=\d+ service=a/);
    const follower = clientBeside(gonit, "logs", "-f");
    const waiter = clientBeside(gonit, "wait", "a", "--for", "done");
    await gonit.until("both are served", () => connectionsOf(gonit) === 2);
    process.kill(gonit.role("init"), signal);
    const [follows, waits] = await Promise.all([follower, waiter]);
    assert.deepEqual(follows, { code: 5, text: "gonit: cannot go on: gonit has ended\n" });
    if (signal === "SIGKILL") assert.deepEqual(waits, { code: 5, text: "gonit: cannot go on: gonit has ended\n" });
    else assert.equal(waits.code, 1, waits.text);
  }
});

/** Of the control socket, beside its listener. */
function connectionsOf(gonit: Started): number {
  const found = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(join(gonit.folder, "control.sock")));
  return found.length - 1;
}
