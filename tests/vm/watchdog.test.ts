/* The hardware watchdog: told by init as long as it runs, and the end of a machine whose process 1 stands still. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary } from "../process/gonit.ts";
import { archive, ask, systemFiles } from "./gonit-vm.ts";
import { boot, kernelModules } from "./vm.ts";

function moduleFile(name: string): Buffer {
  return readFileSync(join(kernelModules(), "kernel/drivers/watchdog", name));
}

const configuration = `
watchdog: 3s
modules: [/lib/watchdog.ko, /lib/softdog.ko]
services: [{name: terminals}]
`;
const modules = { "lib/watchdog.ko": moduleFile("watchdog.ko"), "lib/softdog.ko": moduleFile("softdog.ko") };

test("a machine with a watchdog lives longer than its limit, and is reset when process 1 stands still", async (t) => {
  const files = systemFiles(configuration, { ...modules, "hooks/.keep": "" }, binary("GONIT_HOOKS_BINARY"));
  const vm = boot(t, { initrd: archive(t, files), append: "GONIT_HOOK_FOLDER=/hooks" });
  await vm.sees(/gonit# /);
  assert.equal(await ask(vm, "sleep 7; echo it lives"), "it lives\n");
  vm.type("printf sleep:600000 > /hooks/init-turn; gonit restart terminals");
  await vm.sees(/softdog: Initiating system reboot/);
  assert.equal((await vm.ended).code, 0);
});

test("a watchdog that is not there is told; one that is no longer wanted is closed on purpose", async (t) => {
  // Both at once: each takes one processor, and the second one waits most of the time.
  const vm = boot(t, { initrd: archive(t, systemFiles(configuration, modules)) });
  const without = boot(t, { initrd: archive(t, systemFiles("watchdog: 10s\nservices: [{name: terminals}]\n")) });
  await without.sees(/Cannot use the hardware watchdog +reason="there is no \/dev\/watchdog; a module may bring it"/);
  await without.sees(/gonit# /);
  without.type("gonit poweroff");
  assert.equal((await without.ended).code, 0);
  await vm.sees(/gonit# /);
  vm.type(
    "sed -i /watchdog:/d /system/config.yml; gonit apply; sleep 5; dmesg | grep -c 'did not stop'; gonit poweroff",
  );
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /^0$/m);
  assert.match(console, /reboot: Power down/);
});
