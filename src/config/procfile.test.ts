import assert from "node:assert/strict";
import { test } from "node:test";
import { load, planOf, problemsOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import { readProcfile } from "./procfile.ts";

const procfile = "# the shop\nweb: node server.js $PORT | tee log\nworker:   rake jobs:work\r\n\n";

test("readProcfile() reads a process a line, and numbers the lines that are none", () => {
  const { processes, wrong } = readProcfile(`${procfile}no process\nweb2 : x\nempty:\n`);
  assert.deepEqual(
    processes.map(({ name, command, port, line, column }) => [name, command, port, line, column]),
    [
      ["web", "node server.js $PORT | tee log", 5000, 1, 5],
      ["worker", "rake jobs:work", 5100, 2, 10],
    ],
  );
  assert.deepEqual(wrong, [4, 5, 6]);
});

test("a Procfile is a laptop's configuration where there is no config.yml", () => {
  const { services } = planOf({ "/app/Procfile": procfile });
  assert.deepEqual(
    services.map(({ name, command, environment, restart, critical }) => [
      name,
      command?.argv,
      environment.PORT,
      restart.policy,
      critical,
    ]),
    [
      ["web", ["/bin/sh", "-c", "node server.js $PORT | tee log"], "5000", "no", "exit"],
      ["worker", ["/bin/sh", "-c", "rake jobs:work"], "5100", "no", "exit"],
    ],
  );
  const both = planOf({ "/app/Procfile": procfile, "/app/config.yml": "services: [{name: a, command: x}]\n" });
  assert.deepEqual(
    both.services.map(({ name }) => name),
    ["a"],
  );
});

test("a Procfile that is named is read in any role, one that is not only on a laptop", () => {
  const named = planOf({ "/etc/Procfile.dev": procfile }, { role: Role.container, path: "/etc/Procfile.dev" });
  assert.equal(named.services.length, 2);
  assert.ok("problems" in load({ "/app/Procfile": procfile }, { role: Role.container }));
});

test("PORT counts from that of the .env, else from gonit's own", () => {
  const ports = (files: Record<string, string>, environment: string[]) =>
    planOf({ "/app/Procfile": procfile, ...files }, { environment }).services.map((one) => one.environment.PORT);
  assert.deepEqual(ports({ "/app/.env": "PORT=3000\n" }, ["PORT=4000"]), ["3000", "3100"]);
  assert.deepEqual(ports({}, ["PORT=4000"]), ["4000", "4100"]);
  assert.deepEqual(ports({}, ["PORT=x"]), ["5000", "5100"]);
});

test("release is a task that the others wait for, and its end takes nobody with it", () => {
  const { services } = planOf({ "/app/Procfile": "web: serve\nrelease: migrate --all\n" });
  const [web, release] = services;
  assert.deepEqual(
    [release?.type, release?.critical, web?.dependsOn.map(({ name, wait }) => [name, wait])],
    ["task", "no", [["release", "done"]]],
  );
});

test("lines that are no process are told with their place", () => {
  assert.match(
    problemsOf({ "/app/Procfile": "web: x\nworker y\n" }),
    /^Procfile:2:1: cannot read the line: it is no NAME: COMMAND\n {2}2 \| worker y\n/,
  );
  assert.match(
    problemsOf({ "/app/Procfile": "# nothing\n" }),
    /Procfile: cannot use the file: it holds no NAME: COMMAND/,
  );
  assert.match(problemsOf({ "/app/Procfile": "web: a\nweb: b\n" }), /^Procfile:2:1: cannot have two services web/);
});
