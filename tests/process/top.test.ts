/* The live table of services. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { binary, start } from "./gonit.ts";
import { playTerminal } from "./terminal.ts";

const configuration = `title: Shop
version: "1.4"
services:
  - {name: a, command: sleep 1000}
  - {name: busy, shell: true, command: "echo begun; (while :; do :; done) & exec sleep 1000"}
`;

test("top shows what services take, is led by keys, and leaves the terminal as it was", async (context) => {
  const gonit = start(context, configuration);
  await gonit.sees(/^busy \| begun$/m);
  const words = [binary(), "top", "--interval", "200ms", "--socket", join(gonit.folder, "control.sock")];
  const { output, code } = await playTerminal(context, gonit.folder, words, [
    "resize 100 20",
    "expect Shop 1.4: running; 2 of 2 run",
    "expect > a ",
    "expect   busy ",
    "send \\e[B",
    "expect > busy ",
    // Each line is drawn anew at each look.
    "expect > busy ",
    "send l",
    "expect busy: its last lines",
    "expect begun",
    "send l",
    "expect > busy ",
    "send \\e[At",
    "expect stop a: asked for",
    "expect > a        stopped",
    "send s",
    "expect start a: asked for",
    "expect > a        running",
    "resize 40 12",
    "expect > a ",
    "send q",
  ]);
  assert.equal(code, 0, output);
  assert.match(output, /modes: restored/);
  assert.ok(output.includes("\x1b[?1049h") && output.includes("\x1b[?1049l"), JSON.stringify(output));
  assert.match(output, /busy +running +\d+ +\d\d+\.\d/, "the child's processor time counts");
});

test("top without a terminal shows the table once, for programs as JSON", async (context) => {
  const gonit = start(context, configuration);
  await gonit.sees(/^busy \| begun$/m);
  const text = gonit.client("top", "--interval", "300ms");
  assert.equal(text.code, 0, text.stderr);
  assert.match(text.stdout, /^Shop 1\.4: running; 2 of 2 run, cpu [\d.]+%, memory \S+\nSERVICE +STATE/);
  const { services } = JSON.parse(gonit.client("top", "--json", "--interval", "300ms").stdout) as {
    services: { name: string; cpuPercent: number; memoryBytes: number }[];
  };
  const busy = services.find(({ name }) => name === "busy");
  assert.ok(busy !== undefined && busy.cpuPercent > 0 && busy.memoryBytes > 0, JSON.stringify(services));
  assert.match(gonit.client("top", "--interval", "1ms").stderr, /a duration of at least 100ms is needed/);
});
