import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import type { Plan } from "../engine/plan.ts";
import { configText } from "./config-output.ts";

const main = "/system/config.yml";

function machine(text: string, more: Record<string, string> = {}): Plan {
  const result = load({ [main]: text, ...more }, { role: Role.vm });
  if ("problems" in result) throw new Error(result.problems.join("\n"));
  return result.plan;
}

function problems(text: string): string {
  const result = load({ [main]: text }, { role: Role.vm });
  return "problems" in result ? result.problems.join("\n") : "";
}

const whole = `
modules:
  - virtio_rng
  - {name: softdog, options: soft_margin=60}
sysctl: {kernel.printk: "4 4 1 7", vm.swappiness: 10}
mounts:
  - {source: LABEL=data, target: /data/, options: [noatime], required: false, grow: true}
  - {source: tmpfs, target: /scratch}
  - {target: /, options: [rw]}
services:
  - {name: web, command: w, depends_on: [db]}
  - {name: db, command: d}
  - {name: all, type: group, enabled: false}
`;

test("modules, sysctl and mounts become one task that every service waits for", () => {
  const plan = machine(whole);
  assert.deepEqual(
    plan.services.map(({ name, dependsOn }) => [name, dependsOn.map((need) => `${need.name} ${need.wait}`)]),
    [
      ["machine", []],
      ["web", ["machine done", "db ready"]],
      ["db", ["machine done"]],
      ["all", ["machine done"]],
    ],
  );
  const task = plan.services[0];
  assert.deepEqual(
    [task?.type, task?.critical, task?.restart.policy, task?.logs.to],
    ["task", "rescue", "no", "console"],
  );
  assert.equal(task?.command?.builtin, "machine");
  assert.deepEqual(task?.command?.settings, plan.machine);
  assert.deepEqual(plan.machine, {
    modules: [
      { name: "virtio_rng", options: "" },
      { name: "softdog", options: "soft_margin=60" },
    ],
    sysctl: { "kernel.printk": "4 4 1 7", "vm.swappiness": "10" },
    mounts: [
      {
        source: "LABEL=data",
        target: "/data",
        type: "",
        options: ["noatime"],
        check: true,
        required: false,
        grow: true,
      },
      { source: "tmpfs", target: "/scratch", type: "tmpfs", options: [], check: false, required: true, grow: false },
      { source: "", target: "/", type: "", options: ["rw"], check: true, required: true, grow: false },
    ],
  });
});

test("gonit config prints them, and not the task; what it prints loads to the same plan", () => {
  const plan = machine(whole);
  const text = configText(plan);
  assert.doesNotMatch(text, /name: machine/);
  const again = machine(text);
  const plain = ({ definedAt: _, ...service }: Plan["services"][number]) => service;
  assert.deepEqual(again.machine, plan.machine);
  assert.deepEqual(again.services.map(plain), plan.services.map(plain));
});

test("the modules that the image builder lists need the task too; a machine without either has none", () => {
  const text = "services: [{name: web, command: w}]";
  assert.deepEqual(
    machine(text).services.map(({ name }) => name),
    ["web"],
  );
  const plan = machine(text, { "/system/modules": "/lib/a.ko\n" });
  assert.deepEqual(
    plan.services.map(({ name }) => name),
    ["machine", "web"],
  );
  assert.equal(plan.machine, undefined);
});

test("in a container and on a laptop they are left alone, with a note", () => {
  for (const role of [Role.container, Role.laptop]) {
    const result = load({ [main]: whole }, { role, path: main });
    assert.ok("plan" in result);
    assert.deepEqual(result.warnings, ["modules, sysctl and mounts are those of a machine: they are left alone here"]);
    assert.equal(result.plan.services[0]?.name, "web");
    assert.deepEqual(result.plan.services[1]?.dependsOn, []);
  }
});

test("settings of later files are laid over those of earlier ones, and null deletes", () => {
  const plan = machine("sysctl: {a.b: 1, c.d: 2}\nservices: []", {
    "/system/config.d/x.yml": "sysctl: {a.b: 3, c.d: null, e.f: 4}",
  });
  assert.deepEqual(plan.machine?.sysctl, { "a.b": "3", "e.f": "4" });
});

test("mistakes are told with their place", () => {
  assert.match(problems("mounts: [{target: /data}]"), /cannot mount \/data without source/);
  assert.match(
    problems("mounts: [{source: /dev/vda, target: data}]"),
    /cannot use "data" as a mount point: it is no absolute path/,
  );
  assert.match(problems("mounts: [{source: tmpfs, target: /x, grow: true}]"), /cannot grow a tmpfs/);
  assert.match(problems("mounts: [{source: /dev/vda}]"), /without target/);
  assert.match(problems("modules: [a/b.ko]"), /neither a module's name nor the absolute path/);
  assert.match(problems("sysctl: [vm.swappiness]"), /write NAME: VALUE/);
  assert.match(problems("sysctl: {../x: 1}"), /no name of a kernel setting/);
  const named = problems("sysctl: {a.b: 1}\nservices: [{name: machine, command: x}]");
  assert.match(named, /cannot name a service "machine": that is the task for modules, sysctl and mounts/);
});
