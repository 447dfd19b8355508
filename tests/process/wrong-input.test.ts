/** What is typed wrongly is told in one line, with the exit code for wrong usage, and nothing happens. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { binary, start } from "./gonit.ts";

test("words and options that a verb does not take are told, with how it is used", () => {
  for (const [words, line] of [
    [["health", "web"], "cannot use web: the usage is gonit health [--ready]"],
    [["version", "now"], "cannot use now: the usage is gonit version"],
    [["plan", "a.yml", "b.yml"], "cannot use b.yml: the usage is gonit plan [FILE]"],
    [["apply", "a.yml", "b.yml"], "cannot use b.yml: the usage is gonit apply [FILE]"],
    [
      ["--socket", "/x", "status"],
      "cannot use --socket before the verb: options stand behind it, as in gonit status --json",
    ],
    [["status", "--color", "maybe"], "cannot use --color maybe: it is always, never, auto; see gonit help status"],
    // Before init begins: nothing else is told.
    [["up", "--foo"], "cannot use --foo: there is no such option; see gonit help up"],
    [["up", "-f"], "cannot use -f: it needs a FILE; see gonit help up"],
    [["up", "--detach=yes"], "cannot use --detach=yes: --detach takes no value; see gonit help up"],
    [["up", "-g"], "cannot up with these options; see gonit help up"],
    [["init", "-d"], "cannot init with these options; see gonit help init"],
    [["record", "dump"], "cannot record: there is no such verb; see gonit help"],
    [["replay", "x"], "cannot replay: there is no such verb; see gonit help"],
    [["package", "list"], "cannot package: there is no such verb; see gonit help"],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(binary(), words, { encoding: "utf8" });
    assert.deepEqual([status, stdout, stderr], [2, "", `gonit: ${line}\n`]);
  }
});

test("a name that is not there is told in words, with the one that is near", async (context) => {
  const gonit = start(context, "services: [{name: web, command: sleep 1000}]\n");
  await gonit.sees(/msg="Started service"/);
  for (const [verb, what] of [
    ["status", "show status"],
    ["why", "show why"],
    ["logs", "show logs"],
    ["graph", "show graph"],
    ["restart", "restart"],
  ] as const)
    assert.deepEqual(gonit.client(verb, "we"), {
      code: 4,
      stdout: "",
      stderr: `gonit: cannot ${what}: there is no service we; did you mean web?\n`,
    });
});

test("what does not run is told once", async (context) => {
  const gonit = start(
    context,
    "services: [{name: a, command: sleep 1000}, {name: b, command: 'true', enabled: false}]\n",
  );
  await gonit.sees(/msg="Started service" pid=\d+ service=a/);
  const { code, stdout, stderr } = gonit.client("reload", "b");
  assert.deepEqual([code, stdout, stderr], [1, "b: not running\n", "gonit: cannot reload b: b is not running\n"]);
});
