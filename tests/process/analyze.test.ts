/** `gonit analyze` of a running system. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { elementsOf } from "../xml.ts";
import { start } from "./gonit.ts";

interface Analysis {
  totalMs: number;
  chain: string[];
  boot?: { kernelMs: number | null; initMs: number; servicesMs: number; totalMs: number; unknown: string[] };
  services: {
    name: string;
    state: string;
    waitedMs: number | null;
    spawnMs: number | null;
    untilReadyMs: number | null;
    readyAtMs: number | null;
  }[];
}

test("analyze: who held up the start, and how long each step took", async (context) => {
  const gonit = start(
    context,
    `
services:
  - {name: quick, command: sleep 1000}
  - {name: slow, command: sh -c "sleep 0.4; touch there; exec sleep 1000", ready: {file: there, interval: 20ms}}
  - {name: web, command: sleep 1000, depends_on: [quick, slow]}
  - {name: broken, command: /nonexistent, restart: no}
  - {name: never, command: sleep 1000, enabled: false}
`,
  );
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  await gonit.sees(/msg="Service failed".*service=broken/);
  const analyze = (...words: string[]) => JSON.parse(gonit.client("analyze", "--json", ...words).stdout) as Analysis;
  const { chain, services, totalMs, boot } = analyze();
  assert.deepEqual(chain, ["web", "slow"]);
  assert.equal(boot, undefined);
  assert.deepEqual(
    services.map(({ name }) => name),
    ["quick", "slow", "web", "broken"],
  );
  const [quick, slow, web, broken] = services;
  assert.ok((slow?.untilReadyMs ?? 0) >= 380, JSON.stringify(slow));
  assert.ok((web?.waitedMs ?? 0) >= (slow?.untilReadyMs ?? 0), JSON.stringify(services));
  assert.equal(web?.readyAtMs, totalMs);
  assert.ok((quick?.readyAtMs ?? 0) < (slow?.readyAtMs ?? 0));
  assert.deepEqual([broken?.state, broken?.readyAtMs], ["failed", null]);
  assert.equal(gonit.client("restart", "quick").code, 0);
  assert.equal(analyze().services.find(({ name }) => name === "quick")?.readyAtMs, quick?.readyAtMs);
  const last = analyze("--last").services.find(({ name }) => name === "quick")?.readyAtMs ?? 0;
  assert.ok(last > totalMs, `${last}`);
  const text = gonit.client("analyze").stdout;
  assert.match(text, /^web was the last to be ready, [\d.]+m?s after gonit began$/m);
  assert.match(text, /^ {2}web +took .*\n {2}slow +took /m);
  assert.ok(elementsOf(gonit.client("analyze", "--format", "svg").stdout).length > 20);
});

test("analyze boot outside of a machine says what it cannot know", async (context) => {
  const gonit = start(context, "services:\n  - {name: web, command: sleep 1000}\n");
  await gonit.until("web runs", () => gonit.service("web").state === "ready");
  const { boot } = JSON.parse(gonit.client("analyze", "boot", "--json").stdout) as Analysis;
  assert.equal(boot?.kernelMs, null);
  assert.equal(boot?.totalMs, (boot?.initMs ?? 0) + (boot?.servicesMs ?? 0));
  const text = gonit.client("analyze", "boot").stdout;
  assert.match(
    text,
    /^not known: the kernel and what came before gonit: it is not the init of this machine \(role laptop\)$/m,
  );
  assert.doesNotMatch(text, /^kernel/m);
  assert.equal(gonit.client("analyze", "shutdown").code, 2);
});
