/* A machine whose process 1 is gonit, from an initramfs: it boots, and each way of ending it ends it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { inParallel } from "../../scripts/run.ts";
import { archive, ask, bootInitramfs, systemFiles } from "./gonit-vm.ts";
import { boot, kernelModules, type Vm } from "./vm.ts";

const origin = readFileSync("examples/origin/config.yml", "utf8");

async function endsOrderly(vm: Vm, kernelWord: string): Promise<void> {
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /Stopping services/);
  assert.match(console, /Stopped service +code=0 service=terminals/);
  assert.match(console, new RegExp(`reboot: ${kernelWord}`));
  assert.doesNotMatch(console, /Kernel panic/);
}

test("the origin's configuration boots to a shell on the console; the kernel's file systems are there", async (t) => {
  const vm = boot(t, {
    initrd: archive(t, systemFiles(`hostname: shop\n${origin}`)),
    // Words that nobody knows, which the kernel hands to process 1 as arguments and variables.
    append: "splash fruit=apple gonit.unknown=1",
  });
  await vm.sees(/Control is handed over to gonit +pid=1 role=vm/);
  await vm.sees(/All services are ready +boot=\d+\.\d+s services=2/);
  await vm.sees(/gonit# /);
  const mounts = await ask(vm, "cat /proc/mounts");
  for (const point of ["/proc", "/sys", "/dev", "/dev/pts", "/dev/shm", "/run", "/tmp", "/sys/fs/cgroup"]) {
    assert.ok(mounts.includes(` ${point} `), `${point} is not mounted:\n${mounts}`);
  }
  assert.match(mounts, /cgroup2 .*nsdelegate,memory_recursiveprot/);
  assert.match(await ask(vm, "cat /etc/machine-id"), /^[0-9a-f]{32}\n$/);
  assert.equal(await ask(vm, "cat /proc/sys/kernel/hostname"), "shop\n");
  assert.match(await ask(vm, "gonit status"), /terminals +running/);
  // Each service has a cgroup of its own.
  assert.match(await ask(vm, "cat /proc/self/cgroup"), /^0::\/gonit\.main\.terminals$/m);
  // A log-out hangs the line up; the console goes on, and the next shell comes.
  const from = vm.console().length;
  vm.type("exit");
  // The prompt that heard it may not have been on the console yet: the next one comes after the greeting.
  const greeted = await vm.sees(/gonit status shows/, from);
  await vm.sees(/gonit# /, greeted);
  vm.type("gonit restart networking");
  await vm.sees(/Started service +pid=\d+ service=networking/, from);
  vm.type("gonit poweroff");
  await endsOrderly(vm, "Power down");
});

test("gonit reboot, gonit halt, the signals of process 1, ctrl-alt-del and the power button end a machine", async (t) => {
  const reboots = async (end: (vm: Vm) => unknown, word: string): Promise<void> => {
    const vm = await shell(t);
    await end(vm);
    await endsOrderly(vm, word);
  };
  const halts = async (): Promise<void> => {
    const vm = await shell(t);
    vm.type("kill -37 1");
    await vm.sees(/reboot: System halted/);
    vm.kill();
  };
  const ways = [
    () => reboots((vm) => vm.type("gonit reboot"), "Restarting system"),
    () => reboots((vm) => vm.monitor("sendkey ctrl-alt-delete"), "Restarting system"),
    () => reboots((vm) => vm.type("kill -PWR 1"), "Power down"),
    () => reboots((vm) => vm.type("kill -TERM 1"), "Power down"),
    () => reboots((vm) => vm.type("kill -38 1"), "Power down"),
    () => reboots((vm) => vm.type("kill -39 1"), "Restarting system"),
    halts,
  ];
  // An emulated machine takes one processor.
  await inParallel(ways, availableParallelism(), (way) => way());
});

test("a console that takes no output (flow control) holds nothing up", async (t) => {
  const vm = await shell(t);
  vm.send("\x13");
  await vm.monitor("sendkey ctrl-alt-delete");
  const { code, console } = await vm.ended;
  assert.equal(code, 0);
  assert.match(console, /reboot: Restarting system/);
});

async function shell(t: TestContext): Promise<Vm> {
  const vm = await bootInitramfs(t, origin);
  await vm.sees(/gonit# /);
  return vm;
}

function moduleFile(path: string): Buffer {
  return readFileSync(join(kernelModules(), "kernel", path));
}

test("the power button is heard when the modules that make it are loaded", async (t) => {
  const vm = await bootInitramfs(t, `modules: [/lib/button.ko, /lib/evdev.ko]\n${origin}`, {
    "lib/button.ko": moduleFile("drivers/acpi/button.ko"),
    "lib/evdev.ko": moduleFile("drivers/input/evdev.ko"),
  });
  await vm.sees(/gonit# /);
  await vm.monitor("system_powerdown");
  await endsOrderly(vm, "Power down");
});
