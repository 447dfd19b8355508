/** `gonit why` of services, of a shutdown, an apply and requests, as docs/why.md shows it. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { clientBeside } from "./client-beside.ts";
import { blocksOf } from "./doc-blocks.ts";
import { children, type Started, start } from "./gonit.ts";

const blocks = blocksOf("docs/why.md");

const system = blocks("system").replace("ignores-sigterm", join(children, "ignores-sigterm"));
/** The same, whose end comes soon. */
const quickSystem = system.replace("timeout: 20s", "timeout: 100ms");

async function running(context: TestContext, text: string): Promise<Started> {
  const gonit = start(context, text);
  await gonit.sees(/msg="Service failed".*service=db/);
  await gonit.sees(/msg="Started service".*service=web/);
  await gonit.sees(/msg="Started service".*service=slow/);
  // It may have run for a moment before db failed.
  await gonit.until("api is blocked", () => gonit.service("api").shown === "blocked");
  return gonit;
}

/** Times and process numbers are others each time. */
function steady(text: string): string {
  return text.replaceAll(/pid \d+/g, "pid N").replaceAll(/\b\d+m?s\b/g, "Ns");
}

/** What is told before the history. */
function told(gonit: Started, name: string): string {
  const { stdout } = gonit.client("why", name);
  return steady(`$ gonit why ${name}\n${stdout.split(/^ {2}(?:history|last output)/m)[0]}`);
}

test("why: what docs/why.md shows is what is told, and a shutdown that waits says for whom", async (context) => {
  const gonit = await running(context, system);
  assert.equal(told(gonit, "db"), steady(blocks("failed")));
  assert.match(gonit.client("why", "db").stdout, /\n {2}last output\n {4}\| no space left on device\n$/);
  assert.equal(told(gonit, "api"), steady(blocks("blocked")));
  assert.equal(told(gonit, "web"), steady(blocks("starting")));
  const none = gonit.client("why", "shutdown");
  assert.equal(none.code, 4);
  assert.match(none.stderr, /cannot tell why: no shutdown goes on/);
  const shutdown = clientBeside(gonit, "shutdown");
  await gonit.until("only slow is left", () => {
    const { waitsFor } = JSON.parse(gonit.client("why", "shutdown", "--json").stdout);
    return waitsFor.length === 1 && waitsFor[0].startsWith("slow: ");
  });
  assert.equal(told(gonit, "shutdown"), steady(blocks("shutdown")));
  assert.match(gonit.client("why").stdout, /^shutdown is .*[\s\S]*\n\nrequest \d+ is waiting: shutdown for/);
  assert.equal(gonit.client("shutdown", "--force").code, 0);
  assert.equal((await shutdown).code, 0);
});

test("why: an apply on trial and a request that waits are explained, by number too", async (context) => {
  const gonit = await running(context, quickSystem);
  assert.equal(gonit.client("why").stdout, "nothing is under way\n");
  const waiting = clientBeside(gonit, "wait", "web", "--for", "ready");
  await gonit.until("it waits", () => gonit.client("why").stdout !== "nothing is under way\n");
  const [request] = JSON.parse(gonit.client("why", "--json").stdout);
  assert.equal(request.shown, "waiting: wait web for ready");
  assert.deepEqual(
    steady(request.waitsFor[0]),
    "web to be ready: starting (pid N), waits for a line of output with listening",
  );
  assert.match(gonit.client("why", request.name).stdout, new RegExp(`^request ${request.name} is waiting: wait web`));
  const more = `${quickSystem}  - {name: late, command: sleep 1000, ready: {file: late}}\n`;
  writeFileSync(join(gonit.folder, "config.yml"), more);
  const apply = clientBeside(gonit, "apply");
  const isTold = /waits for late to be up: starting \(pid N\), waits for \S+late to exist.*\n {2}release /;
  await gonit.until("the apply is explained", () => isTold.test(told(gonit, "apply")));
  writeFileSync(join(gonit.folder, "late"), "");
  assert.equal((await apply).code, 0);
  assert.equal(gonit.client("stop", "web").code, 0);
  assert.equal((await waiting).code, 1);
});
