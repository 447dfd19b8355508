import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, problemsOf, serviceOf } from "../../tests/config/memory-files.ts";
import { configText } from "./config-output.ts";

const command = "command: sleep 1";

test("tty in all its forms", () => {
  const tty = (text: string) => serviceOf(`${command}\ntty: ${text}`).tty;
  assert.deepEqual(tty("true"), { device: "", stdin: true });
  assert.deepEqual(tty("pty"), { device: "", stdin: true });
  assert.equal(tty("false"), null);
  assert.deepEqual(tty("/dev/ttyS0"), { device: "/dev/ttyS0", stdin: true });
  assert.match(
    problemsOf(`services: [{name: a, ${command}, tty: yes}]`),
    /cannot use "yes" as a terminal: it is none of true, pty and false/,
  );
  assert.match(problemsOf(`services: [{name: a, ${command}, tty: [x]}]`), /write tty: true, or the path of a device/);
});

test("stdin in all its forms", () => {
  const stdin = (text: string) => {
    const { tty, stdin, stdinFrom } = serviceOf(`${command}\n${text}`);
    return { tty, stdin, stdinFrom };
  };
  assert.deepEqual(stdin("stdin: {file: in}"), { tty: null, stdin: "/app/in", stdinFrom: "" });
  assert.deepEqual(stdin("stdin: null"), { tty: null, stdin: "", stdinFrom: "" });
  const terminal = { device: "", stdin: true };
  assert.deepEqual(stdin("tty: true\nstdin: tty"), { tty: terminal, stdin: "", stdinFrom: "" });
  assert.deepEqual(stdin("tty: true\nstdin: null"), { tty: { ...terminal, stdin: false }, stdin: "", stdinFrom: "" });
  assert.deepEqual(stdin("tty: true\nstdin: {file: /in}").tty, { ...terminal, stdin: false });
  const from = `services: [{name: a, ${command}}, {name: b, ${command}, stdin: {from: a}}]`;
  assert.equal(planOf(from).services[1]?.stdinFrom, "a");
  const laid = planOf(`defaults: {stdin: {file: /in}}\nservices: [{name: a, ${command}, stdin: null}]`);
  assert.equal(laid.services[0]?.stdin, "");
});

test("what a standard input cannot be is told", () => {
  const problems = (text: string) => problemsOf(`services: [{name: a, ${command}, ${text}}]`);
  assert.match(problems("stdin: tty"), /cannot read from a terminal: the service has none/);
  assert.match(problems("stdin: /in"), /write tty, null, \{file: PATH\} or \{from: NAME\}/);
  assert.match(problems("stdin: [a]"), /write tty, null/);
  assert.match(problems("stdin: {}"), /it has neither a file nor a service/);
  assert.match(problems("stdin: {file: a, from: b}"), /it has a file and a service/);
  assert.match(problems("stdin: {from: b}"), /cannot refer to "b": there is no such service/);
  assert.match(problems("stdin: {from: a}"), /cannot read the output of a: it is the service itself/);
  const beside = (other: string) => problemsOf(`services: [${other}, {name: r, ${command}, stdin: {from: w}}]`);
  assert.match(beside("{name: w, type: group}"), /cannot read the output of w: a group has no process/);
  assert.match(beside(`{name: w, ${command}, tty: true}`), /cannot read the output of w: it has a terminal/);
  const two = `{name: w, ${command}}, {name: q, ${command}, stdin: {from: w}}`;
  assert.match(beside(two), /cannot read the output of w: q reads it already/);
});

test("the merged configuration says the same", () => {
  for (const text of ["tty: pty", "tty: /dev/tty9", "tty: pty\nstdin: null", "stdin: {file: /in}"]) {
    const plan = planOf(`services:\n  - name: a\n    ${command}\n    ${text.replace("\n", "\n    ")}\n`);
    const again = planOf(configText(plan)).services[0];
    const { tty, stdin } = plan.services[0] ?? {};
    assert.deepEqual({ tty: again?.tty, stdin: again?.stdin }, { tty, stdin }, text);
  }
  const fed = planOf(`services: [{name: a, ${command}}, {name: b, ${command}, stdin: {from: a}}]`);
  assert.equal(planOf(configText(fed)).services[1]?.stdinFrom, "a");
});
