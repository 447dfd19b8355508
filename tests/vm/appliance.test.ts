/* examples/appliance as `npm run vm` builds and boots it: from power-on to a shell on the console to power-off. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "./builder.ts";
import { boot, folderFor } from "./vm.ts";

test("the appliance comes up to a shell with an address, says how it is, and goes off by the word poweroff", async (t) => {
  const folder = folderFor(t);
  await build(["--format", "initramfs", "--output", folder, "examples/appliance/config.yml"]);
  const vm = boot(t, { initrd: join(folder, "initramfs.cpio"), network: { forwards: [] } });
  await vm.sees(/All services are ready/);
  const prompt = await vm.sees(/gonit# /);
  vm.type("hostname; gonit status");
  await vm.sees(/^appliance$/m, prompt);
  const status = await vm.sees(/terminals +running/, prompt);
  vm.type("ip address show eth0");
  const address = await vm.sees(/inet 10\.0\.2\.15\/24/, status);
  await vm.sees(/gonit# /, address);
  vm.type("poweroff");
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /Stopping services +reason="asked for by gonit poweroff"/);
  assert.match(console, /reboot: Power down/);
});
