import assert from "node:assert/strict";
import { test } from "node:test";
import { needs, restart, service, system } from "../../sim/plans.ts";
import { ByHand } from "../../tests/engine/by-hand.ts";
import { Role } from "../contract.ts";
import type { Event } from "./event.ts";
import type { ServicePlan } from "./plan.ts";
import type { Explanation } from "./view.ts";
import { explainPending } from "./view-pending.ts";

/** Time that has passed since everything began. */
const passedMs = 200;

function pending(hand: ByHand): Explanation[] {
  const now = { monotonicMs: hand.nowMs, bootMs: hand.nowMs, wallMs: hand.nowMs };
  return explainPending(hand.state, now);
}

/** As `gonit why` prints it, with the times. */
function told({ name, state, shown, sinceWallMs, because, ...more }: Explanation): string[] {
  assert.equal(state, "");
  return [
    `${name} is ${shown} since ${sinceWallMs}: ${because}`,
    ...more.waitsFor.map((text) => `waits for ${text}`),
    ...more.release.map((text) => `release: ${text}`),
    ...more.causes.map(({ wallMs, event, rule, effect }) => `${wallMs} ${event}: ${rule} -> ${effect}`),
    ...more.lastLines.map((line) => `| ${line}`),
  ];
}

/** A machine with web, which needs db; both run, and end when they are told to. */
function shop(): ByHand {
  const hand = new ByHand(service("db"), service("web", { dependsOn: [needs("db")] }));
  hand.mainStarts("db");
  hand.mainStarts("web");
  hand.nowMs += passedMs;
  return hand;
}

function loaded(services: ServicePlan[], request: number | null, limitMs: number | null = null): Event {
  const plan = system(services, { role: Role.vm });
  return { kind: "plan-loaded", plan, request, only: null, gate: { limitMs } };
}

const stopSystem = { kind: "signal-received", signal: 15, meaning: "stop", exitCode: null, mode: 1 } as const;
const apply = 2 ** 41;

test("explainPending() tells of a shutdown who is still there, until when, and what hastens it", () => {
  const hand = shop();
  hand.event(stopSystem);
  hand.nowMs += passedMs;
  assert.deepEqual(pending(hand).map(told), [
    [
      "shutdown is in progress since 1200: SIGTERM",
      "waits for db: running (pid 100), waits for web to stop, which needs it",
      "waits for web: stopping (pid 100), waits for pid 100 to end",
      "release: the end of all of these, in 26s at the latest: what is left then gets SIGKILL",
      "release: gonit shutdown --force kills them now",
      "release: db: stops by itself after these",
      "release: web: SIGKILL in 9.8s",
      "1200 signal-received: a shutdown stops everything, each service after those that need it -> SIGTERM",
    ],
  ]);
  hand.event({ ...stopSystem, meaning: "force" });
  assert.deepEqual(pending(hand).map(told), [
    [
      "shutdown is killing what is left since 1200: SIGTERM",
      "waits for db: stopping (pid 100), waits for the end of what got SIGKILL",
      "waits for web: stopping (pid 100), waits for the end of what got SIGKILL",
      "release: the end of all of these, in 3s at the latest: what is left then is given up",
      "release: db: the kernel ending it; what outlives SIGKILL by 3s is reported and waited for no more",
      "release: web: the kernel ending it; what outlives SIGKILL by 3s is reported and waited for no more",
      "1400 signal-received: a forced shutdown, or one whose time has run out, kills what is left -> SIGTERM again",
      "1200 signal-received: a shutdown stops everything, each service after those that need it -> SIGTERM",
    ],
  ]);
});

test("explainPending() tells which critical service began a shutdown", () => {
  const hand = new ByHand(
    service("keeper"),
    service("web", { critical: "poweroff", restart: restart({ policy: "no" }) }),
  );
  hand.mainStarts("keeper");
  hand.mainStarts("web");
  hand.mainEnds("web", 3);
  hand.treeEmptied("web");
  assert.deepEqual(pending(hand).map(told), [
    [
      "shutdown is in progress since 1000: critical service web failed: exited 3",
      "waits for keeper: stopping (pid 100), waits for pid 100 to end",
      "release: the end of all of these, in 13s at the latest: what is left then gets SIGKILL",
      "release: gonit shutdown --force kills them now",
      "release: keeper: SIGKILL in 10s",
      "1000 tree-emptied: a shutdown stops everything, each service after those that need it -> critical service web failed: exited 3",
      "1000 tree-emptied web: the end of a critical service ends the system -> poweroff",
    ],
  ]);
});

test("explainPending() tells of an apply what it waits for, whether it is taken back, and the last words of what failed", () => {
  const hand = shop();
  const web = service("web", { dependsOn: [needs("db")], environment: { A: "1" } });
  const fresh = service("new", { ready: { kind: "notify" }, restart: restart({ policy: "no" }) });
  hand.event(loaded([service("db"), web, fresh], apply, 5000));
  hand.nowMs += passedMs;
  assert.deepEqual(pending(hand).map(told), [
    [
      "apply is on trial since 1200: a client asked for it",
      "waits for web to be up again: stopping (pid 100), waits for pid 100 to end",
      "waits for new to be up: starting, waits for its program to begin",
      "release: these coming about; in 4.8s at the latest; one that fails, or fails three times in a row, has the configuration before put back",
      "release: web: SIGKILL in 9.8s, or gonit stop --force web",
      "release: new: failed start in 90s at the latest",
      "1200 plan-loaded new: a service that is new in the plan is started when it is enabled -> enabled",
      "1200 plan-loaded web: a service whose definition changed is stopped and started with the new one -> environment (A) changed",
    ],
  ]);
  hand.mainEnds("web", 0);
  hand.treeEmptied("web");
  hand.mainStarts("web");
  hand.mainStarts("new");
  assert.deepEqual(pending(hand).map(told), [
    [
      "apply is on trial since 1200: a client asked for it",
      "waits for new to be up: starting (pid 100), waits for READY=1 on its notify socket",
      "release: these coming about; in 4.8s at the latest; one that fails, or fails three times in a row, has the configuration before put back",
      "release: new: failed start in 90s at the latest",
      "1200 plan-loaded new: a service that is new in the plan is started when it is enabled -> enabled",
      "1200 plan-loaded web: a service whose definition changed is stopped and started with the new one -> environment (A) changed",
    ],
  ]);
  hand.mainEnds("new", 1, { lastLines: ["no such table"] });
  hand.treeEmptied("new");
  assert.deepEqual(pending(hand).map(told), [
    [
      "apply is being taken back since 1200: new failed: exited 1 before ready",
      "waits for web to be up again: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about; then it ends as failed",
      "release: web: SIGKILL in 10s, or gonit stop --force web",
      "1400 tree-emptied web: a service whose definition changed is stopped and started with the new one -> the apply was taken back",
      "1400 tree-emptied new: an apply whose services do not come up is taken back: the configuration before it is put in its place -> failed: exited 1 before ready",
      "1200 plan-loaded new: a service that is new in the plan is started when it is enabled -> enabled",
      "1200 plan-loaded web: a service whose definition changed is stopped and started with the new one -> environment (A) changed",
      "| no such table",
    ],
  ]);
  pending(hand)[0]?.lastLines.push("not the engine's");
  assert.deepEqual(pending(hand)[0]?.lastLines, ["no such table"]);
});

test("explainPending() tells of an apply that all is up, and for how long it has to stay so", () => {
  const hand = shop();
  hand.event(loaded([service("db"), service("web", { dependsOn: [needs("db")] }), service("new")], null));
  hand.nowMs += passedMs;
  hand.mainStarts("new");
  hand.nowMs += passedMs;
  assert.deepEqual(pending(hand).map(told), [
    [
      "apply is on trial since 1200: nobody waits for its answer",
      "waits for all of it to stay up for 800ms more",
      "release: these coming about; one that fails, or fails three times in a row, has the configuration before put back",
      "1200 plan-loaded new: a service that is new in the plan is started when it is enabled -> enabled",
    ],
  ]);
});

test("explainPending() tells of each request what it waits for, and until when", () => {
  const hand = new ByHand(
    service("db", { ready: { kind: "notify" } }),
    service("job", { type: "task", enabled: false }),
    service("off", { enabled: false }),
  );
  hand.mainStarts("db");
  hand.request({ verb: "start", names: ["db", "off"] }, 3000);
  hand.mainStarts("off");
  hand.request({ verb: "run-task", names: ["job"] });
  hand.request({ verb: "wait", names: ["db"], until: "ready" });
  hand.request({ verb: "wait", names: ["db"], until: "healthy" });
  hand.request({ verb: "wait", names: ["job"], until: "done" });
  hand.request({ verb: "wait", names: ["off"], until: "stopped" });
  hand.request({ verb: "reload", names: ["db"] });
  hand.nowMs += passedMs;
  assert.deepEqual(pending(hand).map(told), [
    [
      "1099511627777 is waiting: start db off since 1000: a client asked for it",
      "waits for db to be up: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about, or its time limit in 2.8s; what it asked for goes on then",
      "release: db: SIGKILL in 9.8s, or gonit stop --force db",
    ],
    [
      "1099511627778 is waiting: run-task job since 1000: a client asked for it",
      "waits for job to have run: starting, waits for its program to begin",
      "release: these coming about",
      "release: job: failed start in 90s at the latest",
    ],
    [
      "1099511627779 is waiting: wait db for ready since 1000: a client asked for it",
      "waits for db to be ready: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about",
      "release: db: SIGKILL in 9.8s, or gonit stop --force db",
    ],
    [
      "1099511627780 is waiting: wait db for healthy since 1000: a client asked for it",
      "waits for db to be healthy: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about",
      "release: db: SIGKILL in 9.8s, or gonit stop --force db",
    ],
    [
      "1099511627781 is waiting: wait job for done since 1000: a client asked for it",
      "waits for job to be done: starting, waits for its program to begin",
      "release: these coming about",
      "release: job: failed start in 90s at the latest",
    ],
    [
      "1099511627782 is waiting: wait off for stopped since 1000: a client asked for it",
      "waits for off to be stopped: running (pid 100)",
      "release: these coming about",
    ],
    [
      "1099511627783 is waiting: reload db since 1000: a client asked for it",
      "waits for db to be up again: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about",
      "release: db: SIGKILL in 9.8s, or gonit stop --force db",
    ],
  ]);
});

test("explainPending() tells of each thing under way by itself: requests, an apply without a gate, a shutdown", () => {
  const hand = shop();
  hand.request({ verb: "restart", names: ["db"] });
  hand.request({ verb: "stop", names: ["web"], force: false });
  const asked = [
    [
      "1099511627777 is waiting: restart db since 1200: a client asked for it",
      "waits for db to be up again: running (pid 100), waits for web to stop, which needs it",
      "release: these coming about",
      "release: db: stops by itself after these",
    ],
    [
      "1099511627778 is waiting: stop web since 1200: a client asked for it",
      "waits for web to be stopped: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about",
      "release: web: SIGKILL in 10s, or gonit stop --force web",
    ],
  ];
  assert.deepEqual(pending(hand).map(told), asked);
  hand.apply(service("db"));
  assert.deepEqual(pending(hand).map(told), [
    ...asked,
    [
      "1099511627779 is waiting: apply since 1200: a client asked for it",
      "waits for web to be stopped and forgotten: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about",
      "release: web: SIGKILL in 10s, or gonit stop --force web",
    ],
  ]);
  hand.request({ verb: "shutdown", mode: 1, exitCode: null, force: false, reason: "asked for" });
  assert.deepEqual(pending(hand).map(told), [
    [
      "shutdown is in progress since 1200: asked for",
      "waits for db: running (pid 100), waits for web to stop, which needs it",
      "waits for web: stopping (pid 100), waits for pid 100 to end",
      "release: the end of all of these, in 26s at the latest: what is left then gets SIGKILL",
      "release: gonit shutdown --force kills them now",
      "release: db: stops by itself after these",
      "release: web: SIGKILL in 10s",
      "1200 request-received: a shutdown stops everything, each service after those that need it -> asked for",
    ],
    [
      "1099511627778 is waiting: stop web since 1200: a client asked for it",
      "waits for web to be stopped: stopping (pid 100), waits for pid 100 to end",
      "release: these coming about",
      "release: web: SIGKILL in 10s",
    ],
    [
      "1099511627780 is waiting: shutdown since 1200: a client asked for it",
      "waits for the end of the system: gonit why shutdown",
      "release: these coming about",
    ],
  ]);
});

test("explainPending() tells eight releases, and how many more there are", () => {
  const releases = (count: number): string[] => {
    const many = Array.from({ length: count }, (_, at) => service(`s${at}`));
    const hand = new ByHand(...many);
    for (const { name } of many) hand.mainStarts(name);
    hand.request({ verb: "stop", names: ["*"], force: false });
    const [, ...each] = pending(hand)[0]?.release ?? [];
    return each;
  };
  const eight = releases(8);
  assert.equal(eight[7], "s7: SIGKILL in 10s, or gonit stop --force s7");
  assert.equal(eight.length, 8);
  assert.deepEqual(releases(10), [...eight, "and 2 more"]);
});

test("explainPending() tells what an apply removes, and which other one was refused meanwhile", () => {
  const hand = shop();
  hand.event(loaded([service("db"), service("new", { ready: { kind: "notify" } })], apply));
  hand.event(loaded([service("db")], apply + 1));
  const causes = pending(hand)[0]?.causes.map(({ rule, effect }) => `${rule}: ${effect}`) ?? [];
  assert.match(causes[0] ?? "", /: another apply goes on for 0ms: it waits for web, new$/);
  assert.match(causes.at(-1) ?? "", /: no longer in the configuration$/);
});

test("explainPending() tells of a reload by a command", () => {
  const reload: ServicePlan["reload"] = { kind: "command", command: { argv: ["reload"], builtin: null } };
  const hand = new ByHand(service("db", { reload }));
  hand.mainStarts("db");
  hand.request({ verb: "reload", names: ["db"] });
  assert.deepEqual(pending(hand)[0]?.waitsFor, [
    "db to have reloaded: reloading (pid 100), waits for the end of the reload",
  ]);
});
