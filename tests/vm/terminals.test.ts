/* Virtual terminals of a machine: typed on with its keyboard, their screens read through /dev/vcs*. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { archive, ask, systemFiles } from "./gonit-vm.ts";
import { boot, type Vm } from "./vm.ts";

test("a program that a session left behind hears nothing of the next one, and the line is root's again", async (t) => {
  const files = systemFiles("services: [{name: terminals}]\n", {
    "bin/spy":
      "#!/bin/sh\ntrap '' HUP\necho ready > /tmp/spy\nbusybox cat /dev/ttyS0 >> /tmp/heard\necho over > /tmp/spy\n",
  });
  const vm = boot(t, { initrd: archive(t, files) });
  await vm.sees(/gonit# /);
  await ask(vm, "busybox chown 1000 /dev/ttyS0; busybox chmod 666 /dev/ttyS0");
  const from = vm.console().length;
  // In a session of its own, so that nothing but its descriptor ties it to the line. It would hear the word exit as well.
  vm.type("busybox setsid spy & until busybox grep -q ready /tmp/spy; do busybox sleep 0.1; done; exit");
  const at = await vm.sees(/gonit status shows/, from);
  await vm.sees(/gonit# /, at);
  assert.match(await ask(vm, "busybox cat /tmp/spy; busybox wc -c < /tmp/heard"), /^over\n0\n$/);
  assert.match(await ask(vm, "busybox stat -c '%u %a' /dev/ttyS0"), /^0 600$/m);
});

/** Presses keys by QEMU's names for them. */
async function press(vm: Vm, ...keys: string[]): Promise<void> {
  for (const key of keys) await vm.monitor(`sendkey ${key}`);
}

/** Asks on the serial console until a virtual terminal's screen shows this. */
async function shows(vm: Vm, pattern: RegExp): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const screen = await ask(vm, "fold -w 80 /dev/vcs1; sleep 0.1; echo");
    if (pattern.test(screen)) return screen;
  }
  throw new Error(`the screen never showed ${pattern}`);
}

test("a virtual terminal greets, takes keys, lets Ctrl-C through, and comes back after a log-out", async (t) => {
  const configuration = `
title: Screens
terminals: [{device: /dev/tty1}, {device: /dev/ttyS0}]
services: [{name: terminals}]
`;
  const vm = boot(t, { initrd: archive(t, systemFiles(configuration)), more: ["-vga", "std"] });
  await vm.sees(/gonit# /);
  const links = "for name in fold sleep tty cat; do ln -s busybox /bin/$name; done";
  await ask(vm, links);
  await shows(vm, /^Screens \(tty1\)/m);
  await press(vm, "t", "t", "y", "ret");
  await shows(vm, /gonit# tty\s+\/dev\/tty1\s/);
  await press(vm, "c", "a", "t", "ret", "h", "i", "ret");
  await shows(vm, /hi\s+hi\s/);
  await press(vm, "ctrl-c");
  await shows(vm, /hi\s+\^C\s*gonit# *$/m);
  await press(vm, "e", "x", "i", "t", "ret");
  const screen = await shows(vm, /exit\s[\s\S]*Screens \(/);
  assert.match(screen, /gonit# /);
});
