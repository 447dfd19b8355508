import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, serviceOf } from "../../tests/config/memory-files.ts";

const command = "command: sleep 1";

test("ready in all its forms", () => {
  const ready = (text: string) => serviceOf(`${command}\nready: ${text}`).ready;
  const times = { intervalMs: 250, timeoutMs: 3000 };
  assert.deepEqual(ready("notify"), { kind: "notify" });
  assert.deepEqual(ready("exit"), { kind: "exit" });
  assert.deepEqual(ready("{fd: 3}"), { kind: "fd", fd: 3 });
  assert.deepEqual(ready("{exec: curl -f http://x}"), {
    kind: "exec",
    command: { argv: ["curl", "-f", "http://x"], builtin: null },
    ...times,
  });
  assert.deepEqual(ready('{tcp: "127.0.0.1:80", interval: 1s, timeout: 500ms}'), {
    kind: "tcp",
    host: "127.0.0.1",
    port: 80,
    intervalMs: 1000,
    timeoutMs: 500,
  });
  assert.deepEqual(ready('{tcp: "[::1]:80"}'), { kind: "tcp", host: "::1", port: 80, ...times });
  assert.deepEqual(ready("{unix: run/x.sock}"), { kind: "unix", path: "/app/run/x.sock", ...times });
  assert.deepEqual(ready('{unix: "@x"}'), { kind: "unix", path: "@x", ...times });
  assert.deepEqual(ready('{http: "http://[::1]/x?y#"}'.replace("#", "")), {
    kind: "http",
    host: "::1",
    port: 80,
    target: "/x?y",
    headers: {},
    status: [],
    ...times,
  });
  assert.deepEqual(ready('{http: {url: "http://shop:8080", status: 401, headers: {Host: a}}, interval: 1s}'), {
    kind: "http",
    host: "shop",
    port: 8080,
    target: "/",
    headers: { Host: "a" },
    status: [401],
    intervalMs: 1000,
    timeoutMs: 3000,
  });
  assert.deepEqual(ready("{file: /run/x}"), { kind: "file", path: "/run/x", ...times });
  assert.deepEqual(ready("{log: listening on}"), { kind: "log", text: "listening on", regularExpression: false });
  assert.deepEqual(ready("{log: /port \\d+/}"), { kind: "log", text: "port \\d+", regularExpression: true });
});

test("ready tells its own mistakes and no other branch's", () => {
  const problem = (text: string) => problemsOf(`services:\n  - name: a\n    ${command}\n    ready: ${text}\n`);
  assert.match(
    problem("notfy"),
    /cannot use "notfy" as a way to be ready: .*\n.*\n.*\n {2}fix: did you mean notify\?$/,
  );
  assert.match(
    problem("{tcp: 8080}"),
    /services\.a\.ready\.tcp: cannot use "8080" as HOST:PORT: .*[\s\S]*fix: write 127\.0\.0\.1:8080$/,
  );
  assert.match(problem("{tcp: 'x:1', file: /x}"), /it has tcp and file/);
  assert.match(problem("{interval: 1s}"), /it has none of exec, http, tcp, unix, file, log, fd/);
  assert.match(
    problem("{http: x}"),
    /services\.a\.ready\.http: cannot use "x" as a URL: it is no URL that begins with http/,
  );
  assert.match(problem("{http: 'https://x/'}"), /fix: ask with a command, such as exec: curl -fsS URL$/);
  assert.match(problem("{http: 'http://x:99999/'}"), /it has no host and port/);
  assert.match(problem("{http: 'http://x/ä'}"), /fix: write it with %XX$/);
  assert.match(problem("{http: {status: 200}}"), /cannot use an http question without url/);
  assert.match(problem("{http: {url: 'http://x', status: [99]}}"), /it is not a whole number from 100 to 599/);
  assert.match(problem("{http: {url: 'http://x', headers: {a b: c}}}"), /it is no name of a header/);
  assert.match(problem("{http: {url: 'http://x', headers: {Connection: c}}}"), /gonit sends it itself/);
  assert.match(problem('{http: {url: "http://x", headers: {A: "b\\r\\nC: d"}}}'), /the header A: it has several lines/);
  assert.match(problem("{notify: true}"), /fix: write ready: notify$/);
  assert.match(problem("{fd: 3, timeout: 1s}"), /cannot use interval or timeout with fd/);
  assert.match(problem("{fd: 1}"), /it is not a whole number from 3 to 1023/);
  assert.match(problem("{log: /(/}"), /it is no regular expression/);
  assert.match(problem("[a]"), /cannot use a list as a way to be ready/);
});

test("logs in all its forms", () => {
  const logs = (text: string, options = {}) => serviceOf(`${command}\nlogs: ${text}`, options).logs;
  assert.equal(logs("none").to, "none");
  assert.deepEqual([logs("./a.log").to, logs("./a.log").path, logs("./a.log").stderr], ["file", "/app/a.log", "merge"]);
  assert.equal(logs("file").path, "/home/me/.local/state/gonit/app-12345678/logs/a.log");
  assert.equal(logs("file", { environment: ["XDG_STATE_HOME=/state"] }).path, "/state/gonit/app-12345678/logs/a.log");
  const long = logs(
    "{to: /var/log/a, stderr: separate, prefix: false, max_size: 64K, keep: 0, sync: 0, format: json, line_limit: 1K, rate: 1M}",
  );
  assert.deepEqual(long, {
    to: "file",
    path: "/var/log/a",
    stderr: "separate",
    prefix: false,
    maxSizeBytes: 65_536,
    keep: 0,
    syncMs: 0,
    format: "json",
    lineLimitBytes: 1024,
    rateBytes: 1024 * 1024,
  });
  assert.match(problemsOf(`services: [{name: a, ${command}, logs: consol}]`), /fix: did you mean console\?/);
  // Supervisor/supervisor#1224
  for (const own of ["/dev/stdout", "{to: /proc/self/fd/1, max_size: 64k}"]) assert.equal(logs(own).to, "console");
  assert.match(
    problemsOf(`services: [{name: a, ${command}, logs: /dev/stderr}]`),
    /standard error\n[\s\S]*fix: write console/,
  );
  assert.match(problemsOf(`services: [{name: a, ${command}, logs: {rate: 1}}]`), /services\.a\.logs\.rate: /);
});
