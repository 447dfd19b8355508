import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServicePlan } from "../src/engine/plan.ts";
import { command, needs, restart, service, stop, system } from "./plans.ts";
import { type Simulation, simulate } from "./simulate.ts";
import { readExpectation } from "./simulate-expectations.ts";
import { type Chance, type Fault, readFault } from "./simulate-faults.ts";
import { folded } from "./simulate-fold.ts";
import { readOrder } from "./simulate-orders.ts";
import { timeText } from "./simulate-time.ts";

interface Words {
  faults?: string[];
  orders?: string[];
  expect?: string[];
  seed?: number;
  forMs?: number;
}

function run(
  services: ServicePlan[],
  { faults = [], orders = [], expect = [], seed = 1, forMs }: Words = {},
): Simulation {
  const read = faults.map((text) => readFault(text, services));
  return simulate({
    plan: system(services),
    seed,
    forMs: forMs ?? null,
    chance: read.find((one): one is Chance => typeof one === "string") ?? "none",
    faults: read.filter((one): one is Fault => typeof one !== "string"),
    orders: orders.map((text) => readOrder(text, services, () => system([...services, service("new")]))),
    expectations: expect.map((text) => readExpectation(text, services)),
  });
}

/** Lines about one service, without times. */
function told({ entries }: Simulation, name: string): string[] {
  return entries
    .filter(({ about }) => about === name)
    .map(({ what, why }) => (why === "" ? what : `${what} (${why})`).replace(/\d+(\.\d+)?m?s\b/g, "#"));
}

/** Expectations that do not hold. */
function broken({ expectations }: Simulation): string[] {
  return expectations.filter(({ holds }) => !holds).map(({ text, because }) => `${text}: ${because}`);
}

const db = service("db", { ready: { kind: "notify" } });
const web = service("web", { dependsOn: [needs("db")] });
const job = service("job", { type: "task" });

test("simulate() starts a system in order, and ends when nothing happens any more", () => {
  const simulation = run([web, db, job]);
  assert.deepEqual(told(simulation, "db"), ["starts", "is ready (READY=1)"]);
  assert.deepEqual(told(simulation, "web"), ["starts (db is ready)"]);
  assert.deepEqual(told(simulation, "job"), ["starts", "exited 0; done"]);
  assert.deepEqual([simulation.end, simulation.state, simulation.broken], ["quiet", "running", null]);
  assert.deepEqual(
    simulation.services.map(({ name, state, restarts }) => `${name} ${state} ${restarts}`),
    ["web running 0", "db ready 0", "job done 0"],
  );
});

test("simulate() gives the same run for the same seed, and another one for another", () => {
  const faults = ["many"];
  const first = run([db, web, job], { faults, seed: 7 });
  assert.deepEqual(run([db, web, job], { faults, seed: 7 }), first);
  assert.notDeepEqual(run([db, web, job], { faults, seed: 8 }).entries, first.entries);
});

test("simulate() finds no fault of gonit's own under faults by chance", () => {
  for (let seed = 1; seed <= 40; seed++) {
    const simulation = run([db, web, job], {
      faults: [seed % 2 === 0 ? "many" : "few"],
      orders: ["shutdown at 2m"],
      seed,
    });
    assert.equal(simulation.broken, null, `seed ${seed}`);
    assert.equal(simulation.end, "down", `seed ${seed}`);
  }
});

/** A fault, what the service then does, and what it is told to be because of. */
const effects: [fault: string, shows: RegExp][] = [
  ["db exits 1 at 3s", /^exited 1; starts again in # \(fault: db exits 1 at #\)$/],
  ["db exits 1 after 3s", /^exited 1; starts again in # \(fault: db exits 1 after #\)$/],
  ["db crashes at 3s", /^ended by SIGSEGV; starts again/],
  ["db dies at 3s", /^ended by SIGKILL; starts again/],
  ["db runs out of memory at 3s", /^ended by SIGKILL: out of memory; starts again/],
  [
    "db out of memory after 3s",
    /^ended by SIGKILL: out of memory; starts again in # \(fault: db out of memory after #\)$/,
  ],
  ["db is killed TERM at 3s", /^ended by SIGTERM; starts again/],
  ["db exec fails ENOENT", /^cannot run \/bin\/db: No such file or directory; failed: no new try can mend this/],
  ["db fork fails EAGAIN for 5s", /^no process could be started now: Resource temporarily unavailable; starts again/],
  ["fork fails ENOMEM for 5s", /^no process could be started now: Out of memory; starts again/],
  ["db directory fails EACCES", /^cannot enter the directory \/: Permission denied; failed/],
  ["db user fails ENOENT", /^there is no user .*; failed/],
  ["db hangs in start", /^its program did not begin within #: is stopped/],
  ["db is never ready", /^not ready within #: is stopped; starts again in # \(fault: db is never ready\)$/],
  ["db takes 2m to start", /^not ready within #: is stopped/],
  ["db has disk full at 3s for 5s", /^exited 1; starts again in # \(fault: db has disk full/],
  ["disk full at 3s", /^exited 1; starts again in # \(fault: disk full at #\)/],
  ["db exits 1 once", /^exited 1 before ready; starts again in # \(fault: db exits 1 once\)$/],
];

test("each fault shows in what the service does, with the fault as the reason", () => {
  for (const [fault, shows] of effects) {
    const lines = told(run([db], { faults: [fault], forMs: 120_000 }), "db");
    assert.ok(
      lines.some((line) => shows.test(line)),
      `${fault}:\n${lines.join("\n")}`,
    );
  }
});

test("faults of stopping show when the service is stopped", () => {
  const orders = ["stop db at 5s"];
  const one = service("db", { stop: stop({ timeoutMs: 2000 }) });
  const stopped = (fault: string) => told(run([one], { faults: [fault], orders }), "db").join("\n");
  assert.match(
    stopped("db ignores TERM"),
    /is stopped \(stop was asked for\)\ngets SIGKILL.* \(it did not end within #; fault: db ignores TERM\)/,
  );
  assert.match(stopped("db hangs in stop"), /gets SIGKILL/);
  assert.match(stopped("db takes 10s to stop"), /gets SIGKILL/);
  assert.doesNotMatch(stopped("db takes 1s to stop"), /SIGKILL/);
  assert.match(stopped("db leaves 2 processes"), /has left 2 processes behind/);
  assert.match(
    told(run([one], { orders: ["force stop db at 5s"] }), "db").join("\n"),
    /is killed at once; ended by SIGKILL/,
  );
  const stuck = run([one], { faults: ["db ignores TERM", "db survives KILL for 8s"], orders });
  assert.match(told(stuck, "db").join("\n"), /cannot be killed: pid \d+ outlives SIGKILL/);
});

test("faults of commands, and of what ends by itself", () => {
  const prepared = service("db", { preStart: [command("/bin/prepare")] });
  const failed = told(run([prepared], { faults: ["db pre_start exits 3 once"] }), "db");
  assert.match(failed[2] ?? "", /^pre_start \/bin\/prepare: exited 3; starts again/);
  const hanging = told(run([prepared], { faults: ["db pre_start hangs"], forMs: 100_000 }), "db");
  assert.ok(hanging.some((line) => line.startsWith("pre_start not over within #: is stopped")));
  const slow = run([job], {
    faults: ["job takes 20s"],
    expect: ["job is done within 19s", "job is done within 20.5s"],
  });
  assert.deepEqual(broken(slow), ["job is done within 19s: it is first at 20.001s"]);
});

test("a stop command that hangs has told the service nothing", () => {
  const one = service("db", {
    stop: stop({ timeoutMs: 2000, command: command("/bin/ctl stop") }),
    postStop: [command("/bin/clean")],
  });
  const orders = ["stop db at 5s"];
  const hanging = told(run([one], { orders, faults: ["db stop_command hangs", "db post_stop exits 1"] }), "db");
  assert.deepEqual(hanging.slice(1), [
    "is stopped (stop was asked for)",
    "runs its stop command (/bin/ctl stop)",
    "gets SIGKILL; ended by SIGKILL (it did not end within #)",
    "runs post_stop (/bin/clean)",
    "post_stop failed (exited 1; fault: db post_stop exits 1)",
  ]);
  assert.doesNotMatch(told(run([one], { orders }), "db").join("\n"), /SIGKILL/);
});

test("a daemon that forks is up as long as its child, a group as long as its members", () => {
  const forker = service("forker", { ready: { kind: "exit" } });
  const group = service("group", { type: "group", dependsOn: [needs("forker")] });
  const simulation = run([forker, group], {
    faults: ["forker dies at 5s"],
    expect: ["group is down at 5s", "group is up at 10s"],
  });
  assert.deepEqual(broken(simulation), []);
  assert.deepEqual(told(simulation, "forker").slice(1, 3), [
    "is ready (its program ended with success)",
    "ended; starts again in #",
  ]);
  assert.deepEqual(told(simulation, "group"), [
    "is complete",
    "is stopped; waits for forker (forker, which it needs, is gone)",
    "is complete",
  ]);
});

test("a rule of gonit's own that does not hold is told, with the time", () => {
  // The fault is planted: the configuration's reader lets no service be without a command.
  const { broken: found } = run([db, service("bad", { command: null, dependsOn: [needs("db")] })]);
  assert.match(found?.message ?? "", /^assert: bad has no command$/);
  assert.ok((found?.atMs ?? 0) > 0);
});

test("a fault that comes N times is over after them", () => {
  const simulation = run([job, web, db], {
    faults: ["job exits 1 2 times"],
    expect: ["job restarts 2 times", "job is done"],
  });
  assert.deepEqual(broken(simulation), []);
});

test("a crash of the manager or the logger, or a jump of the clock, touches no service", () => {
  const faults = ["manager crashes at 4s", "logger crashes at 5s", "clock jumps -1h at 6s"];
  const simulation = run([db, web], {
    faults,
    expect: ["db never restarts", "web stays running", "system is running"],
  });
  assert.deepEqual(broken(simulation), []);
  assert.deepEqual(told(simulation, "clock"), ["jumps 1h back"]);
  assert.equal(told(simulation, "manager").length, 1);
});

test("simulate() says when a fault finds nothing that it could end", () => {
  const lines = told(run([db, job], { faults: ["job exits 1 at 3s"] }), "fault");
  assert.deepEqual(lines, ["job exits 1 at # (nothing of it runs at this time)"]);
  const over = run([job], { faults: ["job exits 1 at 3s"], orders: ["start job at 4s"] });
  assert.equal(over.end, "down");
  assert.deepEqual(told(over, "fault"), ["job exits 1 at # (never comes: the system is down)"]);
  assert.deepEqual(told(over, "request"), ["start job at # (never comes: the system is down)"]);
});

test("orders are carried out, and their outcome stands beside them", () => {
  const orders = ["restart db at 5s", "apply new.yml at 8s", "kill HUP web at 9s", "start nosuch at 10s"];
  assert.throws(() => run([db, web], { orders }), /there is no service nosuch/);
  const simulation = run([db, web], { orders: orders.slice(0, 3) });
  assert.match(told(simulation, "request")[0] ?? "", /^restart db \(done after #\)$/);
  assert.deepEqual(told(simulation, "new"), ["is new", "starts"]);
  assert.deepEqual(told(simulation, "db").slice(2), [
    "is stopped; exited 0 (to be restarted)",
    "starts again",
    "is ready (READY=1)",
  ]);
  assert.match(told(simulation, "web")[1] ?? "", /db, which it needs, is to be stopped/);
});

test("expectations are judged by what was, each with the reason when it does not hold", () => {
  const simulation = run([db, web, job], {
    faults: ["db exits 1 after 5s once"],
    orders: ["stop web at 30s"],
    expect: [
      "db is ready within 1s",
      "web starts after db is ready",
      "db starts before web",
      "web is stopped at 40s",
      "db restarts once",
      "web is never failed",
      "all is up within 2s",
      "system is never degraded",
      "web stays ready",
      "db never restarts",
      "job is failed",
      "web is ready within 1ms",
      "db starts after web is ready",
    ],
  });
  assert.deepEqual(
    broken(simulation).map((line) => line.replace(/\d+(\.\d+)?m?s\b/g, "#")),
    [
      "system is never degraded: it is degraded at #",
      "web stays ready: it is stopping at #",
      "db never restarts: it restarts once",
      "job is failed: it is done at the end",
      "web is ready within #: it is first at #",
      "db starts after web is ready: db started at #, web was ready at #",
    ],
  );
});

test("an expectation about the shutdown has one at the end", () => {
  const expect = ["shutdown within 1s", "web stops before db stops", "system exits 0"];
  assert.deepEqual(broken(run([db, web], { expect })), []);
  const slow = run([db, web], { expect, faults: ["web takes 3s to stop"] });
  assert.match(broken(slow)[0] ?? "", /^shutdown within 1s: it took 3\.\d+s$/);
});

test("the summary counts restarts and the time without the service", () => {
  const simulation = run([db], { faults: ["db exits 1 after 5s once"] });
  const [summary] = simulation.services;
  assert.equal(summary?.restarts, 1);
  assert.ok((summary?.outageMs ?? 0) > 500 && (summary?.outageMs ?? 0) < 1500, `${summary?.outageMs}`);
  assert.equal(summary?.isOut, false);
  const gone = run([service("db", { restart: restart({ policy: "no" }) }), service("web")], {
    faults: ["db exits 1 after 5s"],
    forMs: 20_000,
  });
  assert.deepEqual([gone.services[0]?.isOut, gone.services[0]?.state], [true, "failed"]);
});

test("folded() tells three rounds and counts the rest, until something new happens", () => {
  const { entries } = run([service("a")], { faults: ["a exits 1 after 1s for 2m"], forMs: 180_000 });
  const { entries: shown, cut } = folded(entries);
  const lines = shown.filter(({ about }) => about === "a").map(({ what }) => what);
  assert.equal(cut, 0);
  assert.ok(entries.length > 2 * lines.length - 4, `${entries.length} ${lines.length}`);
  assert.match(lines.find((line) => line.startsWith("the same")) ?? "", /^the same \d+ more times, until \d/);
  assert.equal(lines.filter((line) => line.startsWith("exited 1")).length, 3);
});

test("a system that floods is cut short in the text", () => {
  const services = Array.from({ length: 300 }, (_, at) => service(`s${at}`, { type: "task" }));
  const { entries } = run(services);
  const { entries: shown, cut } = folded(entries);
  assert.deepEqual([entries.length, shown.length, cut], [603, 500, 103]);
});

test("timeText() is short and exact where it matters", () => {
  const texts = [0, 1, 999, 1000, 1250, 59_999, 60_000, 63_500, 600_000, 3_600_000, 3_723_000].map(timeText);
  assert.deepEqual(texts, ["0s", "1ms", "999ms", "1s", "1.25s", "59.999s", "1m", "1m03.5s", "10m", "1h", "1h02m03s"]);
});
