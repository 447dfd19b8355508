import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, serviceOf } from "../../tests/config/memory-files.ts";

const command = "command: sleep 1";

test("health in all its forms", () => {
  const health = (text: string) => serviceOf(`${command}\nhealth: ${text}`).health;
  assert.deepEqual(health('{tcp: "127.0.0.1:80"}'), {
    probe: { kind: "tcp", host: "127.0.0.1", port: 80, intervalMs: 250, timeoutMs: 3000 },
    intervalMs: 10_000,
    failures: 3,
    startPeriodMs: 0,
    action: "restart",
  });
  const all = "{exec: a b, interval: 1s, start_interval: 2s, timeout: 3s, failures: 4, start_period: 5s, action: none}";
  assert.deepEqual(health(all), {
    probe: { kind: "exec", command: { argv: ["a", "b"], builtin: null }, intervalMs: 2000, timeoutMs: 3000 },
    intervalMs: 1000,
    failures: 4,
    startPeriodMs: 5000,
    action: "none",
  });
  assert.equal(serviceOf(command).health, null);
  assert.equal(serviceOf(`${command}\nwatchdog: 30s`).watchdogMs, 30_000);
  assert.equal(serviceOf(`${command}\nwatchdog: off`).watchdogMs, null);
});

test("mistakes in health are told at their place, with what to write", () => {
  const problem = (text: string, more = "") =>
    problemsOf(`services:\n  - name: a\n    ${command}\n    health: ${text}\n${more}`);
  assert.match(problem("curl -f x"), /cannot use a text as a check of health[\s\S]*fix: write health: \{http: /);
  assert.match(problem("{interval: 1s}"), /it has none of exec, http, tcp, unix/);
  assert.match(problem("{exec: a, unix: /b}"), /it has exec and unix/);
  assert.match(problem("{test: a}"), /fix: write exec$/m);
  assert.match(problem("{exec: a, retries: 3}"), /fix: write failures$/m);
  assert.match(problem("{exec: a, failures: 0}"), /it is not a whole number from 1 to 1000/);
  assert.match(problem("{exec: a, action: kill}"), /it is none of restart, none|it is neither restart nor none/);
  assert.match(problem("{exec: a, interval: 1ms}"), /it is shorter than 10 ms/);
  assert.match(problem("{exec: a}", "    type: task\n"), /cannot ask a task for its health: a task ends by itself/);
  assert.match(problemsOf(`services: [{name: a, ${command}, watchdog: 0}]`), /fix: write off for no limit/);
});
