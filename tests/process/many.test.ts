import assert from "node:assert/strict";
import { test } from "node:test";
import { children, isAlive, memoryOf, start } from "./gonit.ts";

test("1,000 services start, are shown, and stop", async (context) => {
  const services = Array.from(
    { length: 1000 },
    (_, at) => `  - {name: s${at}, command: "${children}/sleeps", logs: none}`,
  );
  const gonit = start(context, `services:\n${services.join("\n")}\n`, { endsRoles: true });
  await gonit.sees(/msg="Started service".*service=s999\b/);
  await gonit.until("all run", () => gonit.status().services.every((service) => service.state === "ready"));
  const pids = gonit.status().services.map((service) => service.pid ?? 0);
  assert.equal(new Set(pids).size, 1000);
  const memory = ["init", "manager", "logger"].map((name) => memoryOf(gonit.role(name as "init")));
  context.diagnostic(`PSS of init, manager, logger in KiB: ${memory.map(({ pssKib }) => pssKib).join(", ")}`);
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.until("the next manager answers", () => gonit.client("status", "s500").code === 0);
  assert.deepEqual(
    gonit.status().services.map((service) => service.pid),
    pids,
  );
  assert.equal(gonit.client("shutdown").code, 0);
  assert.equal(await gonit.ended, 0);
  assert.equal(pids.some(isAlive), false);
});

test("10,000 orphans at once are reaped", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: maker, command: "${children}/orphan-maker 10000", restart: no, type: task}
  - {name: other, command: sleep 1000}
`,
  );
  await gonit.until("the maker is done", () => gonit.service("maker").state === "done");
  const { readFileSync } = await import("node:fs");
  await gonit.until("no orphan is left", () => {
    const init = gonit.role("init");
    return readFileSync(`/proc/${init}/task/${init}/children`, "utf8").trim().split(" ").length <= 3;
  });
  assert.equal(gonit.service("other").state, "ready");
});
