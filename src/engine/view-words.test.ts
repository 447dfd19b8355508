import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { engineOf, type Node } from "./engine.ts";
import { blockedText } from "./view-words.ts";

function textOf({ state }: ByHand, name: string): string {
  const engine = engineOf(state);
  return blockedText(engine, engine.byName.get(name) as Node);
}

/** s0 has failed, and each of the others needs the one before. */
function blockedChain(length: number): ByHand {
  const chain = Array.from({ length: length + 1 }, (_, at) =>
    service(`s${at}`, {
      ready: { kind: "notify" },
      restart: restart({ policy: "no" }),
      dependsOn: at === 0 ? [] : [needs(`s${at - 1}`)],
    }),
  );
  const all = new ByHand(...chain);
  all.mainStarts("s0");
  all.mainEnds("s0", 3);
  all.treeEmptied("s0");
  return all;
}

test("blockedText() follows the chain to what can be mended", () => {
  const state = blockedChain(16);
  assert.equal(textOf(state, "s1"), "blocked by s0 (exited 3 before ready)");
  assert.equal(
    textOf(state, "s3"),
    "blocked by s2, which is blocked by s1, which is blocked by s0 (exited 3 before ready)",
  );
  assert.match(textOf(state, "s16"), /^blocked by s15, .* s1, which is blocked by s0 \(exited 3 before ready\)$/);
});

test("blockedText() shows sixteen links of a longer chain", () => {
  const links = textOf(blockedChain(18), "s18").split(", which is ");
  assert.deepEqual([links.length, links.at(-1)], [16, "blocked by s2"]);
});

test("blockedText() tells that nobody ever asked for what is needed", () => {
  const all = new ByHand(
    service("db", { enabled: false }),
    service("web", {
      enabled: false,
      dependsOn: [needs("db")],
      restart: restart({ policy: "always", delayMs: 0 }),
    }),
  );
  all.event({ kind: "processes-adopted", processes: [{ service: "web", ticket: 1, pid: 7, slot: 1 }] });
  all.mainEnds("web", 0);
  all.treeEmptied("web");
  assert.equal(textOf(all, "web"), "blocked by db (stopped: never wanted)");
});
