import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, problemsOf } from "../../tests/config/memory-files.ts";
import { configText } from "./config-output.ts";

const text = `
services:
  - {name: web, command: "true", replicas: 2, directories: {run: web}, logs: {to: file}}
  - {name: user, command: "true", depends_on: [web], after: [web]}
`;

test("replicas are services of their own, and gonit config writes them as one", () => {
  const plan = planOf(text);
  assert.deepEqual(
    plan.services.map(({ name }) => name),
    ["web@1", "web@2", "user"],
  );
  const shown = configText(plan);
  assert.match(shown, /replicas: 2/);
  assert.doesNotMatch(shown, /@/);
  assert.deepEqual(
    planOf(shown).services.map((one) => ({ ...one, definedAt: "" })),
    plan.services.map((one) => ({ ...one, definedAt: "" })),
  );
});

test("what replicas cannot share is refused", () => {
  const problemOf = (keys: string) => problemsOf(`services: [{name: a, command: "true", replicas: 2, ${keys}}]`);
  assert.match(problemOf("sockets: [/a]"), /cannot have replicas: only one service can listen on its sockets/);
  assert.match(
    problemOf("tty: /dev/ttyS0"),
    /cannot have replicas: only one service can have the terminal \/dev\/ttyS0/,
  );
  assert.match(problemOf("pid_file: /a"), /cannot have replicas: only one daemon can write its pid file/);
  assert.match(problemsOf("services: [{name: a, type: group, replicas: 2}]"), /a group has no process/);
  assert.match(problemsOf('services: [{name: a, command: "true", replicas: 0}]'), /replicas/);
  assert.match(problemsOf('services: [{name: "a@1", command: "true"}]'), /a@1/);
});
