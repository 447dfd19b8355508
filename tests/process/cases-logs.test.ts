/** Trouble that users reported, on a laptop: what becomes of output and of messages. tests/cases.md says which case is where. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { constants, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { clientBeside } from "./client-beside.ts";
import { afterwards, binary, children, start, watch } from "./gonit.ts";

// DarthSim/overmind#81
test("the last words of a hundred quick programs are kept, also without a line end, of the killed and of children", async (context) => {
  const times = 50;
  const services = Array.from({ length: times }, (_, at) => [
    `  - {name: a${at}, shell: true, command: "printf 'out1\\\\nfatal: no newline'; exit 1", restart: no}`,
    `  - {name: b${at}, shell: true, command: "printf x; kill -KILL $$", restart: no}`,
  ]).flat();
  const late = `  - {name: c, shell: true, command: "(until [ -e go ]; do sleep 0.02; done; echo late) & echo early", restart: no}`;
  const gonit = start(context, `services:\n${services.join("\n")}\n${late}\n  - {name: keeper, command: sleep 1000}\n`);
  await gonit.until("all have ended", () =>
    gonit.status().services.every(({ name, state }) => /^(c|keeper)$/.test(name) || state === "failed"),
  );
  for (let at = 0; at < times; at++) {
    assert.equal(gonit.client("logs", `a${at}`).stdout, "out1\nfatal: no newline [gonit: no line end]\n");
    assert.equal(gonit.client("logs", `b${at}`).stdout, "x [gonit: no line end]\n");
  }
  await gonit.sees(/^c \| early$/m);
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.until("its child has ended too", () => gonit.service("c").state === "done");
  assert.equal(gonit.client("logs", "c").stdout, "early\nlate\n");
});

/** Three files of the same words: a line, one that is longer than the limit, one without end. */
const wordsInFiles = `services:
${["text", "json", "raw"]
  .map(
    (format) =>
      `  - {name: ${format}, shell: true, command: "echo one; printf '%0300d' 7; echo; printf fatal; until [ -e go ]; do sleep 0.02; done; echo ' error'; exec sleep 1000", logs: {to: ./${format}.log, format: ${format}, line_limit: 256}}`,
  )
  .join("\n")}
`;

// DarthSim/overmind#81
test("a line without end, and one that was cut, are marked as such by logs, logs --json and in JSON files", async (context) => {
  const gonit = start(context, wordsInFiles);
  const json = (...words: string[]) =>
    (JSON.parse(gonit.client("logs", "--json", ...words).stdout) as { logs: { text: string; partial: boolean }[] })
      .logs;
  const objects = () =>
    readFileSync(join(gonit.folder, "json.log"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as { message: string; partial?: boolean });
  const zeros = "0".repeat(256);
  const rest = `${"0".repeat(43)}7`;
  await gonit.until("the last words are read", () => json("raw")[0]?.text.endsWith("fatal") === true);
  // Whole objects are in the file a moment later, although the service says no more.
  await gonit.until("the object is closed", () =>
    /fatal","partial":true\}\n$/.test(readFileSync(join(gonit.folder, "json.log"), "utf8")),
  );
  assert.deepEqual(
    objects().map(({ message, partial }) => [message, partial === true]),
    [
      ["one", false],
      [zeros, true],
      [rest, false],
      ["fatal", true],
    ],
  );
  await gonit.until("the text is read", () => json("text")[0]?.partial === true);
  assert.deepEqual(json("raw"), [{ service: "raw", text: `one\n${zeros}${rest}\nfatal`, partial: true }]);
  assert.deepEqual(
    json("--since", "1h", "text").map(({ text, partial }) => [text, partial]),
    [
      ["one", false],
      [zeros, true],
      [rest, false],
      ["fatal", true],
    ],
  );
  assert.deepEqual(
    json("--since", "1h", "json").map(({ partial }) => partial),
    [false, true, false, true],
  );
  assert.match(gonit.client("logs", "-n", "1", "text").stdout, /Z fatal \[gonit: no line end\]\n$/);
  assert.match(gonit.client("logs", "-n", "1", "--raw", "text").stdout, /Z fatal\n$/);
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.until("the line has its end", () => json("text")[0]?.partial === false);
  assert.match(gonit.client("logs", "-n", "1", "text").stdout, /Z fatal error\n$/);
  await gonit.until("so has the object", () => objects().at(-1)?.message === " error");
  assert.equal(json("json")[0]?.partial, false);
});

// DarthSim/overmind#81
test("who follows the output sees the last words too, marked where they have no line end", async (context) => {
  const gonit = start(
    context,
    `services:\n  - {name: a, type: task, enabled: false, shell: true, command: "echo one; printf 'fatal: no end'"}\n  - {name: keeper, command: sleep 1000}\n`,
  );
  await gonit.until("it runs", () => gonit.service("keeper").state === "ready");
  assert.equal(gonit.client("run-task", "a").stdout, "one\nfatal: no end");
  const follower = spawn(binary(), ["logs", "-f", "a", "keeper", "--socket", join(gonit.folder, "control.sock")]);
  const followed = watch(follower);
  afterwards(context, () => follower.kill("SIGKILL"));
  await followed.sees(/a \| fatal: no end \[gonit: no line end\]\n/);
  assert.equal(gonit.client("run-task", "a").code, 0);
  await followed.sees(
    /a \| one\na \| fatal: no end \[gonit: no line end\]\na \| one\na \| fatal: no end \[gonit: no line end\]\n/,
  );
});

// canonical/pebble#211
test("many requests and messages that mean nothing are all taken, and told in few lines", async (context) => {
  const requests = 200;
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, command: "trap '' TERM; echo up; until [ -e go ]; do sleep 0.02; done", ready: {log: up}, stop: {timeout: 10m}}
  - {name: keeper, command: sleep 1000}
  - {name: noisy, command: "${children}/floods-notify 1000", ready: notify, after: [a]}
`,
  );
  await gonit.sees(/msg="Service ready" service=noisy/);
  const answers: ReturnType<typeof clientBeside>[] = [];
  for (let batch = 0; batch < requests / 20; batch++) {
    for (let at = 0; at < 20; at++) answers.push(clientBeside(gonit, "stop", "a"));
    await gonit.until("it answers", () => gonit.service("keeper").state === "ready");
  }
  writeFileSync(join(gonit.folder, "go"), "");
  for (const { code, text } of await Promise.all(answers)) assert.equal(code, 0, text);
  const lines = gonit.output().split("\n").length;
  assert.ok(lines < 50, `${lines} lines:\n${gonit.output()}`);
});

/** More than a file of this test may hold, and less than a FIFO holds: what a reader does not take in time is dropped. */
const flood = "seq 9000; touch talked; exec sleep 1000";

// Supervisor/supervisor#1224
test("a log that is a FIFO, a folder, /dev/null or /dev/stdout holds nobody up and is not rotated", async (context) => {
  let heard = "";
  const gonit = start(context, (folder) => {
    for (const name of ["unread", "read"]) spawnSync("sh", ["-c", 'exec mkfifo "$0"', join(folder, name)]);
    const reader = new Socket({ fd: openSync(join(folder, "read"), constants.O_RDONLY | constants.O_NONBLOCK) });
    afterwards(context, () => reader.destroy());
    reader.on("data", (data) => {
      heard += data;
    });
    mkdirSync(join(folder, "folder"));
    const service = (name: string, to: string) =>
      `  - {name: ${name}, shell: true, command: "${flood.replace("talked", `talked-${name}`)}", logs: {to: ${to}, max_size: 4K, keep: 2, format: raw, prefix: false}}`;
    return `services:\n${["unread", "read", "folder"].map((name) => service(name, `./${name}`)).join("\n")}\n${service("stdout", "/dev/stdout")}\n  - {name: null_, command: "echo gone", type: task, logs: /dev/null}\n`;
  });
  for (const name of ["unread", "read", "folder", "stdout"])
    await gonit.until(`${name} has said it all`, () => existsSync(join(gonit.folder, `talked-${name}`)));
  await gonit.sees(/^9000$/m);
  await gonit.until("the FIFO's reader has all", () => heard.endsWith("\n9000\n"));
  assert.equal(heard.split("\n").length, 9001);
  for (const name of ["unread", "folder"]) {
    assert.match(gonit.client("logs", name).stdout, /\b9000\n$/);
    await gonit.sees(new RegExp(`msg="Cannot write the log file".*service=${name}`));
    assert.equal(gonit.output().match(new RegExp(`msg="Cannot write the log file".*service=${name}`, "g"))?.length, 1);
  }
  for (const name of ["unread", "read", "folder"]) assert.equal(existsSync(join(gonit.folder, `${name}.1`)), false);
  assert.equal(gonit.service("null_").state, "done");
});

// chrismytton/shoreman#37
test("lines that two services write in pieces are shown whole and in their order, and at once", async (context) => {
  const lines = 2000;
  const loop = (body: string) => `i=0; while [ $i -lt ${lines} ]; do ${body}; i=$((i+1)); done; exec sleep 1000`;
  const gonit = start(
    context,
    `services:
  - {name: s1, shell: true, command: "${loop("echo AAAAAAAAAA$i")}"}
  - {name: s2, shell: true, command: "${loop("printf BBB; printf 'BBB%s\\\\n' $i")}"}
  - {name: slow, shell: true, command: "for i in 1 2 3 4 5; do echo tick $i; until [ -e tick-$i ]; do sleep 0.01; done; done; exec sleep 1000"}
`,
  );
  // Each line is awaited by its reader before the next one is written: none may wait for others to fill a buffer.
  for (let tick = 1; tick <= 5; tick++) {
    await gonit.sees(new RegExp(`^slow \\| tick ${tick}$`, "m"));
    writeFileSync(join(gonit.folder, `tick-${tick}`), "");
  }
  await gonit.sees(new RegExp(`^s1 \\| A+${lines - 1}$`, "m"));
  await gonit.sees(new RegExp(`^s2 \\| B+${lines - 1}$`, "m"));
  for (const [name, letters] of [
    ["s1", "AAAAAAAAAA"],
    ["s2", "BBBBBB"],
  ] as const) {
    const shown = gonit
      .stdout()
      .split("\n")
      .filter((line) => line.startsWith(`${name} | `));
    assert.deepEqual(
      shown,
      Array.from({ length: lines }, (_, at) => `${name} | ${letters}${at}`),
    );
  }
});

test("the last words of a service whose log is JSON are told as it said them, also without a line end", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: a, shell: true, restart: no, command: "printf 'said \\"one\\"\\\\nfatal: no end'; exit 1", logs: {to: a.log, format: json}}
  - {name: keeper, command: sleep 1000}
`,
  );
  await gonit.sees(/msg="Service failed"/);
  const { lastLines } = JSON.parse(gonit.client("why", "a", "--json").stdout) as { lastLines: string[] };
  assert.deepEqual(lastLines, ['said "one"', "fatal: no end"]);
});
