import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf } from "../../tests/config/memory-files.ts";

test("a problem is shown with place, path, line, caret and fix; all of them at once, in the order of the text", () => {
  const text = `titel: Shop
services:
  - name: web
    command: sleep 1 | cat
    restart: allways
    depends_on: [db, wbe]
    stop: {timeout: 10x}
    env: {A: 1}
    schedule: daily
  - name: db
  - name: cache
    command: 'sleep "1'
    environment: {A: ~, B: "\${NOPE}"}
    umask: 0844
`;
  assert.equal(
    problemsOf(text),
    `config.yml:1:1: titel: cannot use the key "titel": the configuration has no such key
  1 | titel: Shop
    | ^~~~~
  fix: did you mean title?
config.yml:4:22: services.web.command: cannot split this command: | means something to a shell, and no shell reads this command
  4 |     command: sleep 1 | cat
    |                      ^
  fix: write shell: true when a shell should read the command, or '|' in quotes
config.yml:5:14: services.web.restart: cannot use "allways" as a restart policy: it is none of no, on-failure, always
  5 |     restart: allways
    |              ^~~~~~~
  fix: did you mean always?
config.yml:6:22: services.web.depends_on.1: cannot refer to "wbe": there is no such service
  6 |     depends_on: [db, wbe]
    |                      ^~~
  fix: did you mean web?
config.yml:7:21: services.web.stop.timeout: cannot use "10x" as a duration: there is no unit x
  7 |     stop: {timeout: 10x}
    |                     ^~~
  fix: write a number with ms, s, m, h or d, such as 500ms, 10s or 1h30m
config.yml:8:5: services.web.env: cannot use the key "env": a service has no such key
  8 |     env: {A: 1}
    |     ^~~
  fix: write environment
config.yml:9:15: services.web.schedule: cannot use "daily" as a schedule: it lacks its @
  9 |     schedule: daily
    |               ^~~~~
  fix: write "@daily", in quotes
config.yml:10:5: services.db: cannot run the service db: it has no command, and there is no /system/services/db/bin/db
  10 |   - name: db
     |     ^
  fix: add command: PROGRAM ARGUMENTS
config.yml:12:21: services.cache.command: cannot split this command: the double quote is not closed
  12 |     command: 'sleep "1'
     |                     ^
  fix: close it, or write \\" for the character itself
config.yml:13:22: services.cache.environment.A: cannot use ~ here: it is null, and there is nothing from an earlier file or defaults that it could delete
  13 |     environment: {A: ~, B: "\${NOPE}"}
     |                      ^
  fix: write a value, "" for an empty text, or leave the key out
config.yml:13:28: services.cache.environment.B: cannot use "\${NOPE}": the variable NOPE is not set
  13 |     environment: {A: ~, B: "\${NOPE}"}
     |                            ^~~~~~~~~
  fix: set NOPE, write \${NOPE:-text} for a default, or $\${NOPE} to leave it to the program
config.yml:14:12: services.cache.umask: cannot use "0844" as a umask: 8 is no octal digit
  14 |     umask: 0844
     |            ^~~~
  fix: write it as for chmod, such as 0640`,
  );
});

test("the caret stands below the right character behind wide characters, and control characters are not printed", () => {
  const text = 'title: "日本 \\e[31m"\nservices: [{name: "a b", description: "日本\x1b[31m"}]\n';
  assert.match(
    problemsOf(text),
    /config\.yml: cannot read|config\.yml:2:19: .*\n {2}2 \| services: \[\{name: "a b", description: "日本\ufffd\[31m"\}\]\n {4}\| {19}\^~~~~/,
  );
});

test("a very long line is shown in part", () => {
  const shown = problemsOf(`services: [{name: a, command: x, description: ${"d".repeat(5000)}, typ: task}]\n`);
  assert.match(shown, /config\.yml:1:5049: .*typ/);
  assert.ok(shown.split("\n").every((line) => line.length < 250));
});

test("more problems than anybody reads are counted", () => {
  const lines = Array.from({ length: 80 }, (_, index) => `wrong${index}: 1`).join("\n");
  assert.match(problemsOf(`${lines}\n`), /and 30 more problems$/);
});
