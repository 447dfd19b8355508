import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, problemsOf } from "../../tests/config/memory-files.ts";

const socketsOf = (text: string) => planOf(`services: [{name: a, command: "true", ${text}}]`).services[0]?.sockets;
const problemOf = (text: string) => problemsOf(`services: [{name: a, command: "true", ${text}}]`);

test("a socket is an address, or a map with more", () => {
  const usual = { name: "a", mode: 0o666, user: "", backlog: 4096, lazy: false };
  assert.deepEqual(
    socketsOf('sockets: ["127.0.0.1:80", "[::1]:81", "*:82", "localhost:83", "udp:0.0.0.0:53", /run/a, "@a"]'),
    [
      { ...usual, kind: "tcp", address: "127.0.0.1", port: 80 },
      { ...usual, kind: "tcp", address: "::1", port: 81 },
      { ...usual, kind: "tcp", address: "::", port: 82 },
      { ...usual, kind: "tcp", address: "127.0.0.1", port: 83 },
      { ...usual, kind: "udp", address: "0.0.0.0", port: 53 },
      { ...usual, kind: "unix", address: "/run/a", port: 0 },
      { ...usual, kind: "unix", address: "@a", port: 0 },
    ],
  );
  assert.deepEqual(socketsOf("user: www, sockets: [{name: x, listen: /run/x, mode: 0660, backlog: 5, lazy: true}]"), [
    { name: "x", kind: "unix", address: "/run/x", port: 0, mode: 0o660, user: "www", backlog: 5, lazy: true },
  ]);
});

test("the mode of a socket is read as octal, in every spelling", () => {
  for (const mode of ["0640", '"0640"', '"640"', "0o640", "640"])
    assert.equal(socketsOf(`sockets: [{listen: /run/x, mode: ${mode}}]`)?.[0]?.mode, 0o640, mode);
  assert.equal(socketsOf("sockets: [{listen: /run/x, mode: 416}]")?.[0]?.mode, 0o416);
  assert.match(problemOf("sockets: [{listen: /run/x, mode: 0844}]"), /sockets/);
  assert.match(problemOf("sockets: [{listen: /run/x, mode: 1777}]"), /it is larger than 777/);
});

test("what cannot be listened on is told with what to write", () => {
  assert.match(
    problemOf("sockets: [8080]"),
    /cannot listen on 8080: it has no address and port[\s\S]*write ADDRESS:PORT/,
  );
  assert.match(problemOf('sockets: ["example.org:80"]'), /names are not looked up/);
  assert.match(problemOf('sockets: ["127.0.0.1:0"]'), /ports go from 1 to 65535/);
  assert.match(problemOf(`sockets: [/${"x".repeat(120)}]`), /a path has at most 107 bytes/);
  assert.match(problemOf("sockets: [{name: x}]"), /listen/);
  assert.match(problemOf('sockets: ["127.0.0.1:80", "127.0.0.1:80"]'), /127.0.0.1:80 stands there twice/);
  assert.match(problemOf("sockets: [/a], ready: {fd: 3}"), /descriptor 3 is one of theirs/);
  assert.match(problemOf("sockets: [/run/a/s], directories: {run: a}"), /is removed each time/);
  assert.match(problemsOf("services: [{name: a, type: group, sockets: [/a]}]"), /a group has no process/);
  assert.match(
    problemOf("sockets: [{listen: '127.0.0.1:80', mode: 0600}]"),
    /give this socket a mode: only a path has one/,
  );
  assert.match(problemOf("sockets: [{listen: '@web', user: root}]"), /give this socket a user: only a path has one/);
});

test("pid_file is for services whose program may fork", () => {
  assert.equal(
    planOf('services: [{name: a, command: "true", pid_file: /run/a.pid}]').services[0]?.pidFile,
    "/run/a.pid",
  );
  assert.match(problemOf("pid_file: /a, type: task"), /a task ends with its program/);
  assert.match(problemOf("pid_file: /a, sandbox: {namespaces: [pid]}"), /all end with the program/);
  assert.match(problemsOf("services: [{name: a, type: group, pid_file: /a}]"), /a group has no process/);
});
