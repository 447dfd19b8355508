import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Dice } from "./chance.ts";
import { command, service } from "./plans.ts";
import { readExpectation, serviceExpectations } from "./simulate-expectations.ts";
import { commandFaults, programFaults, readFault, systemFaults } from "./simulate-faults.ts";
import { Misread, sentencesOf, shownPhrase } from "./simulate-language.ts";
import { orderVerbs, readOrder } from "./simulate-orders.ts";

const services = [
  service("db", { ready: { kind: "notify" }, tags: ["data"] }),
  service("web", { preStart: [command("/bin/prepare")] }),
  service("job", { type: "task" }),
  service("disk"),
];

const noPlan = () => {
  throw new Error("no plan is to be loaded");
};

const values: Record<string, string> = {
  CODE: "1",
  COUNT: "2",
  ERRNO: "EIO",
  JUMP: "-1h",
  SIGNAL: "TERM",
  TIME: "3s",
};
/** A phrase with something in each of its places. */
const filled = (words: string) => shownPhrase(words).replace(/[A-Z]{4,}/g, (place) => values[place] ?? place);

/** Message, column and correction of a sentence that cannot be read. */
function misread(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (error instanceof Misread) return `${error.column}+${error.length} ${error.message} | ${error.fix}`;
    throw error;
  }
  throw new Error("it was read");
}

test("readFault() reads what fails, with what, and when", () => {
  const fault = readFault("db exits 1 after 3s 2 times", services);
  assert.deepEqual(fault, {
    text: "db exits 1 after 3s 2 times",
    names: ["db"],
    part: 1,
    action: { kind: "ends", code: 1, signal: null },
    when: { after: 3000, times: 2 },
  });
  const killed = readFault("tag:data is killed SEGV at 1m30s", services);
  assert.ok(typeof killed !== "string");
  assert.deepEqual(
    [killed.names, killed.action, killed.when],
    [["db"], { kind: "ends", code: null, signal: 11 }, { at: 90_000 }],
  );
  assert.equal(readFault("few", services), "few");
});

test("readFault() tells a fault of the system from one of a service of that name", () => {
  const full = readFault("disk full at 3s", services);
  const own = readFault("disk exits 1", services);
  assert.ok(typeof full !== "string" && typeof own !== "string");
  assert.deepEqual([full.action.kind, full.names.length], ["disk-full", services.length]);
  assert.deepEqual([own.action.kind, own.names], ["ends", ["disk"]]);
});

test("readFault() reads every phrase of its tables", () => {
  for (const { words } of programFaults) {
    const name = words === "takes TIME" ? "job" : "db";
    assert.ok(typeof readFault(`${name} ${filled(words)}`, services) !== "string", words);
  }
  for (const { words } of commandFaults) assert.ok(readFault(`web pre_start ${filled(words)}`, services), words);
  for (const { words } of systemFaults) assert.ok(readFault(`${filled(words)} at 3s`, services), words);
});

test("the reference page lists every phrase and clause", () => {
  const page = readFileSync("docs/reference/simulate.md", "utf8").replaceAll("`", "");
  const own = (phrases: { words: string }[], name: string) =>
    phrases.map(({ words }) => words).filter((words) => !page.includes(words) && !page.includes(`${name}${words}`));
  assert.deepEqual(own([...programFaults, ...commandFaults, ...systemFaults], "NAME "), []);
  const verbs = orderVerbs.filter((words) => !page.includes(words));
  assert.deepEqual(verbs, []);
  const states = serviceExpectations.map(({ words }) => /^is (\S+)$/.exec(words)?.[1] ?? "");
  assert.deepEqual(
    states.filter((state) => !page.includes(state)),
    [],
  );
});

const mistakes: [sentence: string, shows: string][] = [
  ["db exitss 1", '3+6 "exitss" means nothing here | did you mean exits?'],
  ["bd exits 1", "0+2 there is no service bd | did you mean db?"],
  ["frok fails EAGAIN", "0+4 there is no service frok | did you mean fork?"],
  [
    "lots",
    "0+4 there is no service lots | services are db, web, job, disk; other beginnings are fork, disk, manager, logger, clock, none, few, many",
  ],
  ["db exits 300", '9+3 cannot use "300" as an exit code: it is a number from 0 to 255 | '],
  ["db exits", "8+1 the sentence ends where an exit code is missing | "],
  ["db ignores TREM", '11+4 cannot use "TREM" as a signal: there is no such signal | did you mean TERM?'],
  [
    "db exits 1 within 3s",
    '11+6 "within" does not go with "exits CODE": it can be at TIME, from TIME, until TIME, for TIME, COUNT times, once, after TIME | ',
  ],
  ["db exits 1 at 3s at 4s", '17+2 "at" stands twice | '],
  ["manager crashes", "15+1 the time is missing | say when: manager crashes at 4s"],
  ["db ignores KILL", '3+7 no process can ignore KILL; say "db survives KILL for 5s" | '],
  ["db pre_start exits 1", "3+9 db has no pre_start | "],
  [
    "web is never ready",
    '4+2 web declares no readiness: it is ready as soon as its program runs; give it ready:, or say "hangs in start" | ',
  ],
  ["", "0+1 the sentence ends where the name of a service is missing | "],
];

test("readFault() shows where a sentence cannot be read, why, and what could be meant", () => {
  for (const [sentence, shows] of mistakes)
    assert.equal(
      misread(() => readFault(sentence, services)),
      shows,
    );
});

test("readOrder() reads requests with their names and time", () => {
  assert.deepEqual(readOrder("force stop web db at 10s", services, noPlan), {
    text: "force stop web db at 10s",
    atMs: 10_000,
    what: { request: { verb: "stop", names: ["web", "db"], force: true } },
  });
  const killed = readOrder("kill HUP web at 0s", services, noPlan);
  assert.deepEqual(killed.what, { request: { verb: "kill", names: ["web"], signal: 1, scope: "process" } });
  assert.match(
    misread(() => readOrder("restart web", services, noPlan)),
    /^11\+1 the time is missing \| say when: restart web at 10s$/,
  );
  assert.match(
    misread(() => readOrder("stop at 3s", services, noPlan)),
    /name at least one service/,
  );
  assert.match(
    misread(() => readOrder("shutdown web at 3s", services, noPlan)),
    /^9\+3 "web" means nothing here/,
  );
});

test("readOrder() loads the file of an apply", () => {
  const paths: string[] = [];
  const order = readOrder("apply new.yml at 5s", services, (path) => {
    paths.push(path);
    return { services: [] } as never;
  });
  assert.deepEqual([paths, order.atMs, "plan" in order.what], [["new.yml"], 5000, true]);
});

test("readExpectation() refuses what it does not know", () => {
  assert.match(
    misread(() => readExpectation("web is redy", services)),
    /^7\+4 "redy" means nothing here \| did you mean ready\?$/,
  );
  assert.match(
    misread(() => readExpectation("web starts after bd is ready", services)),
    /^17\+2 there is no service bd \| did you mean db\?$/,
  );
  assert.match(
    misread(() => readExpectation("shutdown soon", services)),
    /"soon" means nothing here/,
  );
  assert.equal(readExpectation("web is ready at 2m", services).untilMs, 120_000);
});

test("sentencesOf() parts at semicolons, and keeps an option without a sentence to be told of", () => {
  assert.deepEqual(sentencesOf("a b; c;"), ["a b", "c"]);
  assert.deepEqual(sentencesOf(" "), [""]);
});

test("whatever is written is read, or told as misread with a place within the sentence", () => {
  const phrases = [...programFaults, ...commandFaults, ...systemFaults, ...serviceExpectations].map(
    ({ words }) => words,
  );
  const others = [
    "db",
    "web",
    "all",
    "nosuch",
    "3s",
    "3x",
    "1",
    "300",
    "TERM",
    "EIO",
    "-1h",
    "at",
    "within",
    "times",
    ";",
    "[",
    "é",
  ];
  const words = [...new Set(phrases.flatMap((phrase) => shownPhrase(phrase).split(" "))), ...others];
  const dice = new Dice(1);
  let read = 0;
  for (let round = 0; round < 4000; round++) {
    const start = dice.percent(80) ? [dice.pick(["db", "web", "job", "system", "disk"])] : [];
    const whole = dice.percent(50) ? [filled(dice.pick(phrases))] : [];
    const more = Array.from({ length: dice.below(whole.length > 0 ? 3 : 5) }, () => dice.pick(words));
    const text = [...start, ...whole, ...more].join(" ");
    for (const reads of [readFault, readExpectation, (one: string) => readOrder(one, services, noPlan)]) {
      try {
        reads(text, services);
        read++;
      } catch (error) {
        assert.ok(error instanceof Misread, `${text}: ${error}`);
        assert.ok(error.column + error.length <= text.length + 1 && error.message !== "", text);
      }
    }
  }
  assert.ok(read > 200, `only ${read} were read`);
});
