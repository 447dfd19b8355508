import assert from "node:assert/strict";
import { test } from "node:test";
import { planLogin } from "./login.ts";
import type { ShellFacts } from "./shell.ts";

function facts(programs: string[]): ShellFacts {
  return {
    environment: ["GONIT_INSTANCE=i", "HOME=/root", "LANG=C"],
    terminal: "/dev/ttyS0",
    uid: 0,
    isProgram: (path) => programs.includes(path),
    isDirectory: () => true,
  };
}

const all = facts(["/bin/sh", "/bin/login", "/bin/busybox"]);

test("planLogin() gives a shell, login, or login for a user", () => {
  const argv = (login: "shell" | "login" | "autologin", user = "") => {
    const plan = planLogin({ login, user }, all);
    return "argv" in plan ? [plan.argv, plan.isLogin] : plan;
  };
  assert.deepEqual(argv("shell"), [["/bin/sh"], false]);
  assert.deepEqual(argv("login"), [["/bin/login", "-p"], true]);
  assert.deepEqual(argv("autologin", "me"), [["/bin/login", "-p", "-f", "me"], true]);
});

test("planLogin() takes busybox's login where there is no other, and says what is missing", () => {
  const plan = planLogin({ login: "login", user: "" }, facts(["/bin/busybox"]));
  assert.deepEqual("argv" in plan && plan.argv, ["/bin/busybox", "login", "-p"]);
  assert.match(JSON.stringify(planLogin({ login: "login", user: "" }, facts(["/bin/sh"]))), /no program login/);
  assert.match(JSON.stringify(planLogin({ login: "shell", user: "" }, facts([]))), /no shell/);
});

test("planLogin() keeps the marks of the service's processes, and leaves to the account what is the account's", () => {
  const plan = planLogin({ login: "login", user: "" }, all);
  const environment = "environment" in plan ? plan.environment : [];
  assert.ok(environment.includes("GONIT_INSTANCE=i") && environment.includes("TERM=vt220"));
  assert.ok(!environment.some((text) => /^(HOME|USER|LOGNAME|SHELL|PS1)=/.test(text)));
});
