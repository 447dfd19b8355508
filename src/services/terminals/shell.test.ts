import assert from "node:assert/strict";
import { test } from "node:test";
import { planShell, type ShellFacts } from "./shell.ts";

function facts(environment: string[], more: Partial<ShellFacts> = {}): ShellFacts {
  const programs = ["/bin/bash", "/bin/sh", "/usr/bin/fish"];
  return {
    environment,
    terminal: "/dev/console",
    uid: 0,
    isProgram: (path) => programs.includes(path),
    isDirectory: () => true,
    ...more,
  };
}

function variables(plan: ReturnType<typeof planShell>): Record<string, string> {
  const pairs = plan?.environment.map((text) => {
    const equals = text.indexOf("=");
    return [text.slice(0, equals), text.slice(equals + 1)];
  });
  return Object.fromEntries(pairs ?? []);
}

test("planShell() takes the user's shell, else bash without start-up files, else sh", () => {
  assert.deepEqual(planShell(facts(["SHELL=/usr/bin/fish"]))?.argv, ["/usr/bin/fish"]);
  assert.deepEqual(planShell(facts(["SHELL=/gone"]))?.argv, ["/bin/bash", "--noprofile", "--norc"]);
  assert.deepEqual(planShell(facts([], { isProgram: (path) => path === "/bin/sh" }))?.argv, ["/bin/sh"]);
  assert.equal(planShell(facts(["SHELL=bash"], { isProgram: () => false })), null);
});

test("planShell() puts gonit's commands first in PATH, once", () => {
  assert.equal(variables(planShell(facts(["PATH=/bin:/system/bin:/x"]))).PATH, "/system/bin:/bin:/x");
  assert.match(variables(planShell(facts([]))).PATH ?? "", /^\/system\/bin:\/usr\/local\/sbin:/);
  const without = facts(["PATH=/bin"], { isDirectory: () => false });
  assert.equal(variables(planShell(without)).PATH, "/bin");
});

test("planShell() passes on what marks the processes of a service, and not what is this service's alone", () => {
  const given = [
    "GONIT_INSTANCE=i",
    "GONIT_SERVICE=terminals",
    "NOTIFY_SOCKET=/x",
    "GONIT_CONSOLE=/dev/console",
    "A=b=c",
  ];
  const passed = variables(planShell(facts(given)));
  assert.equal(passed.GONIT_INSTANCE, "i");
  assert.equal(passed.GONIT_SERVICE, "terminals");
  assert.equal(passed.A, "b=c");
  assert.equal("NOTIFY_SOCKET" in passed || "GONIT_CONSOLE" in passed, false);
});

test("planShell() makes root's variables root's, and leaves a user's", () => {
  const root = variables(planShell(facts(["USER=me", "HOME=/home/me"])));
  assert.deepEqual([root.USER, root.LOGNAME, root.HOME, root.PS1], ["root", "root", "/home/me", "gonit# "]);
  const user = variables(planShell(facts(["USER=me"], { uid: 1000 })));
  assert.deepEqual([user.USER, user.HOME, user.PS1], ["me", "/", "gonit$ "]);
});

test("planShell() starts in HOME where there is one", () => {
  assert.equal(planShell(facts(["HOME=/home/me"]))?.directory, "/home/me");
  assert.equal(planShell(facts(["HOME=/home/me"], { isDirectory: () => false }))?.directory, "/");
});

test("planShell() names the terminal's type where nobody else does", () => {
  assert.equal(variables(planShell(facts(["TERM=xterm-256color"]))).TERM, "xterm-256color");
  assert.equal(variables(planShell(facts(["TERM=dumb"]))).TERM, "vt220");
  assert.equal(variables(planShell(facts([], { terminal: "/dev/tty1" }))).TERM, "linux");
});

test("planShell() names the image's start-up file for interactive shells, unless another is chosen", () => {
  const there = { isProgram: (path: string) => ["/bin/sh", "/etc/gonit/shell.sh"].includes(path) };
  assert.equal(variables(planShell(facts([], there))).ENV, "/etc/gonit/shell.sh");
  assert.equal(variables(planShell(facts(["ENV=/mine"], there))).ENV, "/mine");
  assert.equal(variables(planShell(facts([]))).ENV, undefined);
});
