/** `gonit analyze boot` in a machine: the kernel's part, the initramfs and the services. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { archive, ask, ext4Disk, systemFiles } from "./gonit-vm.ts";
import { boot } from "./vm.ts";

interface Analysis {
  chain: string[];
  boot: { kernelMs: number; initramfsMs: number | null; initMs: number; servicesMs: number; totalMs: number };
}

const configuration = `
services:
  - {name: first, type: task, command: busybox sleep 1}
  - {name: terminals, depends_on: [first]}
`;

test("analyze boot: kernel, initramfs, init and services, from the machine's own clocks", async (t) => {
  const disk = ext4Disk(t, systemFiles(configuration), { label: "shop" });
  const initrd = archive(t, systemFiles("services: []\n"));
  const vm = boot(t, { initrd, disks: [disk], append: "root=LABEL=shop rw" });
  await vm.sees(/All services are ready/);
  await vm.sees(/gonit# /);
  const uptimeMs = Number((await ask(vm, "cat /proc/uptime")).split(" ")[0]) * 1000;
  const { chain, boot: parts } = JSON.parse(await ask(vm, "gonit analyze boot --json")) as Analysis;
  assert.deepEqual(chain, ["terminals", "first"]);
  const { kernelMs, initramfsMs, initMs, servicesMs, totalMs } = parts;
  assert.ok(kernelMs > 0, JSON.stringify(parts));
  assert.ok(initramfsMs !== null && initramfsMs > 0, JSON.stringify(parts));
  assert.ok(servicesMs >= 1000, JSON.stringify(parts));
  assert.equal(totalMs, kernelMs + initramfsMs + initMs + servicesMs);
  assert.ok(totalMs <= uptimeMs, `${JSON.stringify(parts)} of ${uptimeMs}`);
  const text = await ask(vm, "gonit analyze boot");
  for (const part of ["kernel", "initramfs", "init", "services", "total"])
    assert.match(text, new RegExp(`^${part} +[\\d.]+m?s`, "m"));
  vm.type("gonit poweroff");
  assert.equal((await vm.ended).code, 0);
});
