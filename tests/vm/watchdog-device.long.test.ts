/* The hardware watchdog of QEMU's q35, whose driver bookworm's cloud kernel lacks: with the kernel of a later Debian. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary } from "../process/gonit.ts";
import { archive, ask, systemFiles } from "./gonit-vm.ts";
import { boot } from "./vm.ts";

const kernel = process.env.GONIT_LATER_KERNEL ?? "";
const drivers = join(process.env.GONIT_LATER_KERNEL_MODULES ?? "", "kernel/drivers/watchdog");
const configuration = `
watchdog: 3s
modules: [/lib/watchdog.ko.xz, {name: /lib/i6300esb.ko.xz, options: heartbeat=20}]
services: [{name: terminals}]
`;

test("i6300esb: packed modules are loaded, the machine lives while process 1 runs, and ends when it stands still", async (t) => {
  const modules = ["watchdog.ko.xz", "i6300esb.ko.xz"].map((name) => [
    `lib/${name}`,
    readFileSync(join(drivers, name)),
  ]);
  const more = { ...Object.fromEntries(modules), "hooks/.keep": "" } as Record<string, Buffer | string>;
  const initrd = archive(t, systemFiles(configuration, more, binary("GONIT_HOOKS_BINARY")));
  const device = ["-device", "i6300esb", "-action", "watchdog=poweroff"];
  const vm = boot(t, { kernel, initrd, append: "GONIT_HOOK_FOLDER=/hooks", more: device });
  await vm.sees(/loaded modules: watchdog i6300esb \(heartbeat=20\)/);
  await vm.sees(/gonit# /);
  assert.equal(await ask(vm, "cat /sys/class/watchdog/watchdog0/identity"), "i6300ESB timer\n");
  assert.equal(await ask(vm, "sleep 7; echo it lives"), "it lives\n");
  vm.type("printf sleep:600000 > /hooks/init-turn; gonit restart terminals");
  const { code, console } = await vm.ended;
  assert.equal(code, 0, console);
  assert.doesNotMatch(console, /Kernel panic|reboot:/);
});
