import assert from "node:assert/strict";
import { test } from "node:test";
import { problemsOf, serviceOf } from "../../tests/config/memory-files.ts";

const sandbox = (text: string) => serviceOf(`command: c\nsandbox: ${text}`).sandbox;
const problems = (text: string) => problemsOf(`services: [{name: a, command: c, ${text}}]`);

const nothing = {
  namespaces: [],
  userNamespace: false,
  root: "",
  readOnly: false,
  readOnlyPaths: [],
  writable: [],
  privateTmp: false,
  capabilities: null,
  noNewPrivileges: false,
  seccomp: "",
};

test("a sandbox reaches the plan; what is not asked for is left alone", () => {
  assert.equal(serviceOf("command: c").sandbox, null);
  assert.deepEqual(sandbox("{}"), nothing);
  assert.deepEqual(
    sandbox(
      "{namespaces: [pid, ipc], private_network: true, read_only: true, writable: [/a, b], private_tmp: true, no_new_privileges: true, seccomp: default, root: jail}",
    ),
    {
      ...nothing,
      namespaces: ["ipc", "net", "pid"],
      root: "/app/jail",
      readOnly: true,
      writable: ["/a", "/app/b"],
      privateTmp: true,
      noNewPrivileges: true,
      seccomp: "default",
    },
  );
  assert.deepEqual(sandbox("{read_only: [/a]}"), { ...nothing, readOnlyPaths: ["/a"] });
  assert.equal(sandbox("{user_namespace: true}")?.userNamespace, true);
  assert.deepEqual(sandbox("{namespaces: [net], private_network: true}")?.namespaces, ["net"]);
});

test("capabilities are names in either case, with or without CAP_", () => {
  assert.deepEqual(
    sandbox("{capabilities: [CAP_SYS_TIME, chown, checkpoint_restore, chown]}")?.capabilities,
    [0, 25, 40],
  );
  assert.deepEqual(sandbox("{capabilities: []}")?.capabilities, []);
  assert.match(problems("sandbox: {capabilities: [net_bind]}"), /there is no such capability/);
});

test("what contradicts itself or names nothing is refused", () => {
  assert.match(problems("sandbox: {writable: [/a]}"), /add read_only: true/);
  assert.match(problems("sandbox: {read_only: [/b], writable: [/a]}"), /add read_only: true/);
  assert.match(problems("sandbox: {root: /}"), /it is the root already/);
  assert.match(problems("sandbox: {namespaces: [user]}"), /none of pid, mount/);
  assert.match(problems("sandbox: {seccomp: strict}"), /none of default, no-network/);
  assert.match(problems("sandbox: true"), /write sandbox: \{/);
  const many = Array.from({ length: 33 }, (_, at) => `/p${at}`).join(", ");
  assert.match(problems(`sandbox: {read_only: [${many}]}`), /more than 32 paths/);
});
