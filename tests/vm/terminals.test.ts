/* Virtual terminals of a machine: typed on with its keyboard, their screens read through /dev/vcs*. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { archive, ask, systemFiles } from "./gonit-vm.ts";
import { boot, type Vm } from "./vm.ts";

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
