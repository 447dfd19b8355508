/* The machines that tests and `npm run vm` boot: console, monitor, ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { addModules, MACHINE_MODULES, planModules } from "../../scripts/image/kernel-modules.ts";
import { Tree } from "../../scripts/image/tree.ts";
import { boot, kernelModules, testInitramfs } from "./vm.ts";

test("what is typed reaches the guest, what it prints comes back; power-off ends the machine with 0", async (t) => {
  const vm = boot(t, { initrd: testInitramfs(t) });
  const at = await vm.sees(/vm-init is ready\n/);
  vm.type("echo hello there");
  await vm.sees(/^hello there$/m, at);
  vm.type("poweroff");
  const end = await vm.ended;
  assert.deepEqual([end.code, end.signal, end.guestStatus], [0, null, undefined]);
  assert.doesNotMatch(end.console, /\r/);
});

test("the guest's number is the status of its end; 0 is told from a QEMU that could not start", async (t) => {
  const statuses: (number | undefined)[] = [];
  for (const number of [0, 7]) {
    const vm = boot(t, { initrd: testInitramfs(t) });
    await vm.sees(/vm-init is ready/);
    vm.type(`status ${number}`);
    statuses.push((await vm.ended).guestStatus);
  }
  assert.deepEqual(statuses, [0, 7]);
  const end = await boot(t, { initrd: "/nonexistent/file" }).ended;
  assert.deepEqual([end.started, end.guestStatus, end.code], [false, undefined, 1]);
  assert.match(end.messages, /nonexistent/);
});

test("a reboot is the end unless the machine boots again", async (t) => {
  const once = boot(t, { initrd: testInitramfs(t) });
  await once.sees(/vm-init is ready/);
  once.type("reboot");
  assert.equal((await once.ended).code, 0);
  const again = boot(t, { initrd: testInitramfs(t), reboots: true });
  const at = await again.sees(/vm-init is ready/);
  again.type("reboot");
  await again.sees(/vm-init is ready/, at);
  again.type("poweroff");
  assert.equal((await again.ended).code, 0);
});

test("modules load in the order of their list; the power button is an event, the network card a device", async (t) => {
  const tree = new Tree();
  const wanted = MACHINE_MODULES.map((name) => ({ name, options: "", optional: true }));
  addModules(tree, kernelModules(), "test", planModules(kernelModules(), wanted));
  const files: Record<string, Buffer> = {};
  for (const entry of tree.entries()) if (entry.kind === "file") files[entry.path] = entry.content();
  const vm = boot(t, { initrd: testInitramfs(t, files), network: { forwards: [] } });
  const at = await vm.sees(/vm-init is ready/);
  vm.type("modules");
  const loaded = await vm.sees(/modules are loaded/, at);
  vm.type("show /proc/net/dev");
  await vm.sees(/eth0:/, loaded);
  vm.type("button");
  await vm.sees(/waiting for the button/, loaded);
  await vm.monitor("system_powerdown");
  await vm.sees(/the button was pressed/, loaded);
});

test("kill ends this machine by its number; the next sees() tells what the console showed", async (t) => {
  const vm = boot(t, { initrd: testInitramfs(t) });
  await vm.sees(/vm-init is ready/);
  assert.ok(existsSync(`/proc/${vm.pid}`));
  assert.match(await vm.monitor("info status"), /running/);
  vm.kill();
  const end = await vm.ended;
  assert.equal(end.signal, "SIGKILL");
  await assert.rejects(vm.sees(/never printed/), /the machine ended[\s\S]*vm-init is ready/);
});
