/* The machines that tests and `npm run vm` boot: console, monitor, ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { boot, testInitramfs } from "./vm.ts";

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
