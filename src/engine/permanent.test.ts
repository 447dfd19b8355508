import assert from "node:assert/strict";
import { test } from "node:test";
import { Stage } from "../contract.ts";
import { startErrorClass, startErrorExitCode } from "./permanent.ts";

test("startErrorClass() calls permanent what a new try cannot mend", () => {
  for (const errno of [2, 13, 20, 40, 36, 8]) assert.equal(startErrorClass(Stage.exec, errno), "permanent");
  assert.equal(startErrorClass(Stage.directory, 2), "permanent");
  assert.equal(startErrorClass(Stage.lookupUser, 2), "permanent");
  assert.equal(startErrorClass(Stage.lookupGroup, 2), "permanent");
  assert.equal(startErrorClass(Stage.envFile, 2), "permanent");
  for (const stage of [
    Stage.namespaces,
    Stage.userNamespace,
    Stage.root,
    Stage.mounts,
    Stage.capabilities,
    Stage.seccomp,
  ])
    for (const errno of [1, 22, 38]) assert.equal(startErrorClass(stage, errno), "permanent");
  for (const errno of [1, 13, 20, 30]) assert.equal(startErrorClass(Stage.directories, errno), "permanent");
  for (const stage of [Stage.user, Stage.groups])
    for (const errno of [1, 22]) assert.equal(startErrorClass(stage, errno), "permanent");
});

test("startErrorClass() calls lack of room by its name at every stage", () => {
  for (const errno of [11, 12, 23, 24, 28]) assert.equal(startErrorClass(Stage.exec, errno), "no-room");
  for (const stage of [Stage.queue, Stage.clone, Stage.log]) assert.equal(startErrorClass(stage, 5), "no-room");
  // Whoever is asked for a user's number may be there again later.
  for (const stage of [Stage.lookupUser, Stage.lookupGroup]) assert.equal(startErrorClass(stage, 5), "no-room");
});

test("startErrorClass() leaves a busy program, a failing disk and a dead child to the restart policy", () => {
  for (const stage of [Stage.directory, Stage.user, Stage.groups, Stage.directories, Stage.mounts])
    assert.equal(startErrorClass(stage, 5), "other");
  assert.equal(startErrorClass(Stage.exec, 26), "other");
  assert.equal(startErrorClass(Stage.killed, 0), "other");
  assert.equal(startErrorClass(Stage.timeLimit, 0), "other");
});

test("startErrorExitCode() is a shell's: 127 not found, 126 not executable, 1 otherwise", () => {
  assert.equal(startErrorExitCode(Stage.exec, 2), 127);
  assert.equal(startErrorExitCode(Stage.exec, 20), 127);
  assert.equal(startErrorExitCode(Stage.exec, 13), 126);
  assert.equal(startErrorExitCode(Stage.exec, 8), 126);
  assert.equal(startErrorExitCode(Stage.lookupUser, 2), 1);
});

test("startErrorClass() of a file of input that is not there is permanent", () => {
  assert.equal(startErrorClass(Stage.input, 2), "permanent");
  for (const errno of [1, 5]) assert.equal(startErrorClass(Stage.input, errno), "other");
});
