import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseConsoles } from "./consoles.ts";

const machine = { own: null, isMachine: true, active: "tty0 ttyS0", isTerminal: () => true };

test("chooseConsoles() takes the little system's own console and no other", () => {
  assert.deepEqual(chooseConsoles({ ...machine, own: "/dev/console" }), ["/dev/console"]);
});

test("chooseConsoles() takes none when the own console is no terminal", () => {
  assert.deepEqual(chooseConsoles({ ...machine, own: "/dev/console", isTerminal: () => false }), []);
});

test("chooseConsoles() leaves the host's consoles alone where gonit is not the machine's init", () => {
  assert.deepEqual(chooseConsoles({ ...machine, isMachine: false }), []);
});

test("chooseConsoles() takes all active consoles of a machine, tty0 as the first of the screens", () => {
  assert.deepEqual(chooseConsoles(machine), ["/dev/tty1", "/dev/ttyS0"]);
});

test("chooseConsoles() leaves out what is no terminal, comes twice, or is no name", () => {
  const facts = {
    ...machine,
    active: "ttyS0 hvc0\nttyS0 ../null",
    isTerminal: (path: string) => path === "/dev/ttyS0",
  };
  assert.deepEqual(chooseConsoles(facts), ["/dev/ttyS0"]);
  assert.deepEqual(chooseConsoles({ ...machine, active: "" }), []);
});
