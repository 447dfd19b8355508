import assert from "node:assert/strict";
import { test } from "node:test";
import { load, planOf, problemsOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import { enabledLayerText } from "../engine/enabled-layer.ts";

const main = "/app/config.yml";

test("config.d is laid over the file in name order; maps merge within, all else is replaced", () => {
  const plan = planOf({
    [main]: `title: one
services:
  - {name: a, command: x, environment: {A: 1, B: 2}, tags: [t], stop: SIGINT, ready: {fd: 3}}
`,
    "/app/config.d/20.yml": "services: [{name: a, environment: {B: 4}, tags: [u], stop: {timeout: 1s}}]",
    "/app/config.d/10.yaml":
      "title: two\nservices: [{name: a, environment: {B: 3, C: 3}, ready: notify}, {name: b, command: y}]",
    "/app/config.d/readme.txt": "not: [yaml",
    "/app/config.d/.hidden.yml": "title: hidden",
  });
  const [a, b] = plan.services;
  assert.equal(plan.title, "two");
  assert.deepEqual({ ...a?.environment }, { A: "1", B: "4", C: "3" });
  assert.deepEqual([a?.tags, a?.stop.signal, a?.stop.timeoutMs, a?.ready.kind], [["u"], 2, 1000, "notify"]);
  assert.deepEqual([b?.name, b?.definedAt], ["b", "config.d/10.yaml:2"]);
  assert.deepEqual(
    plan.sources.map(({ path }) => path),
    [main, "/app/config.d/10.yaml", "/app/config.d/20.yml"],
  );
  assert.match(plan.sources[0]?.hash ?? "", /^[0-9a-f]{64}$/);
});

test("null deletes what an earlier layer or defaults set, and is an error where there is nothing", () => {
  const files = {
    [main]:
      "defaults: {user: app, stop: {timeout: 1s}}\nservices: [{name: a, command: x, labels: {l: 1}, group: g, environment: {A: 1}}, {name: b, command: x, user: ~}]",
    "/app/config.d/1.yml": "services: [{name: a, labels: ~, group: null, environment: {A: ~}, stop: {timeout: ~}}]",
  };
  const [a, b] = planOf(files).services;
  assert.deepEqual(
    [a?.user, a?.group, { ...a?.labels }, { ...a?.environment }, a?.stop.timeoutMs],
    ["app", "", {}, {}, 10_000],
  );
  assert.equal(b?.user, "");
  const wrong = problemsOf({
    [main]: "services: [{name: a, command: x}]",
    "/app/config.d/1.yml": "services: [{name: a, group: ~, labels: {x: ~}}]",
  });
  assert.match(wrong, /config\.d\/1\.yml:1:29: services\.a\.group: cannot use ~ here: it is null/);
  assert.match(wrong, /config\.d\/1\.yml:1:44: services\.a\.labels\.x: cannot use ~ here: it is null/);
});

test("defaults are merged below every service, those of later files over earlier ones", () => {
  const plan = planOf({
    [main]:
      "defaults: {user: one, environment: {A: 1}, depends_on: [log]}\nservices: [{name: log, command: x}, {name: a, command: x, environment: {B: 2}, user: own}]",
    "/app/config.d/1.yml": "defaults: {user: two, umask: 077}",
  });
  const [log, a] = plan.services;
  assert.deepEqual([log?.user, log?.umask, log?.dependsOn], ["two", 0o77, []]);
  assert.deepEqual(
    [a?.user, { ...a?.environment }, a?.dependsOn.map(({ name }) => name)],
    ["own", { A: "1", B: "2" }, ["log"]],
  );
});

test("an include is read before the file that names it, once, relative to that file", () => {
  const plan = planOf({
    [main]: "include: [base/one.yml, base/two.yml]\ntitle: main\nservices: [{name: a, user: m}]",
    "/app/base/one.yml": "include: common.yml\ntitle: one\nservices: [{name: a, directory: data, env_file: a.env}]",
    "/app/base/two.yml": "include: ./common.yml\nversion: 2",
    "/app/base/common.yml": "services: [{name: a, command: x, user: c, logs: a.log}]",
    "/app/base/a.env": "E=1\n",
  });
  const [a] = plan.services;
  assert.deepEqual(
    [plan.title, plan.version, a?.user, a?.directory, a?.logs.path],
    ["main", "2", "m", "/app/base/data", "/app/base/a.log"],
  );
  assert.deepEqual({ ...a?.environment }, { E: "1" });
  assert.deepEqual(
    plan.sources.map(({ path }) => path),
    [main, "/app/base/one.yml", "/app/base/common.yml", "/app/base/two.yml", "/app/base/a.env"],
  );
});

test("an include that includes itself, or that is missing, is an error at the include", () => {
  const circle = problemsOf({ [main]: "include: a.yml\nservices: []", "/app/a.yml": "include: [config.yml]" });
  assert.match(
    circle,
    /a\.yml:1:11: include\.0: cannot include config\.yml: it includes itself \(config\.yml → a\.yml → config\.yml\)/,
  );
  assert.match(
    problemsOf("include: nope.yml\nservices: []"),
    /config\.yml:1:10: include: cannot read nope\.yml: No such file or directory/,
  );
});

test("a service's own file holds its keys, and may bring a new service; a laptop does not look at it", () => {
  const files = {
    "/system/config.yml": "services: [{name: web, command: x}]",
    "/system/services/web/config.yml": "user: www\nlogs: web.log",
    "/system/services/new/config.yml": "command: y\ndepends_on: [web]",
    "/system/services/empty/bin/empty": "",
  };
  const [web, added] = planOf(files, { role: Role.vm }).services;
  assert.deepEqual([web?.user, web?.logs.path], ["www", "/system/services/web/web.log"]);
  assert.deepEqual(
    [added?.name, added?.command?.argv, added?.definedAt],
    ["new", ["y"], "/system/services/new/config.yml:1"],
  );
  assert.equal(planOf(files, { path: "/system/config.yml" }).services.length, 1);
  const wrong = problemsOf({ ...files, "/system/services/web/config.yml": "name: other\nusr: x" }, { role: Role.vm });
  assert.match(wrong, /services\.web\.name: cannot use the name "other" here: the file belongs to the service web/);
  assert.match(wrong, /services\.web\.usr: cannot use the key "usr"/);
});

test("two services of one name in one file are an error with both places", () => {
  const text = "services:\n  - {name: a, command: x}\n  - {name: b, command: x}\n  - {name: a, command: y}\n";
  assert.match(
    problemsOf(text),
    /config\.yml:4:12: services\.a\.name: cannot have two services a in one file: it stands at config\.yml:2 already[\s\S]*first \(config\.yml:2:12\)/,
  );
});

test("services written as a map are told how to be a list", () => {
  assert.match(
    problemsOf("services:\n  web: {command: x}\n"),
    /cannot use a map as the list of services\n.*\n.*\n {2}fix: .*\n {4}services:\n {6}- name: web/,
  );
});

test("the file is found by role, .yaml as well, and both are an error", () => {
  const text = "services: []";
  const found = (files: Record<string, string>, role: number, workingDirectory = "/home/a/b") => {
    const result = load(files, { role, workingDirectory });
    return "plan" in result ? result.plan.sources[0]?.path : result.problems[0]?.split("\n")[0];
  };
  assert.equal(found({ "/system/config.yml": text, "/etc/gonit/config.yml": text }, Role.vm), "/system/config.yml");
  assert.equal(found({ "/etc/gonit/config.yaml": text }, Role.vm), "/etc/gonit/config.yaml");
  assert.equal(
    found({ "/system/config.yml": text, "/etc/gonit/config.yml": text }, Role.container),
    "/etc/gonit/config.yml",
  );
  assert.equal(found({ "/home/a/b/config.yml": text }, Role.container), "/home/a/b/config.yml");
  assert.equal(found({ "/home/config.yml": text }, Role.laptop), "/home/config.yml");
  assert.equal(found({ "/config.yml": text }, Role.laptop), "/config.yml");
  assert.match(
    found({ "/etc/gonit/config.yml": text }, Role.laptop) ?? "",
    /cannot find a configuration: looked for \/home\/a\/b\/config\.yml and in the folders above/,
  );
  assert.match(
    found({ "/home/a/b/x": "" }, Role.vm) ?? "",
    /looked for \/system\/config\.yml, \/etc\/gonit\/config\.yml/,
  );
  assert.match(
    found({ "/home/config.yml": text, "/home/config.yaml": text }, Role.laptop) ?? "",
    /cannot choose between \/home\/config\.yml and \/home\/config\.yaml/,
  );
});

test("a file that cannot be used as a whole says why", () => {
  const problem = (content: string | Uint8Array) => problemsOf({ [main]: content }).split("\n")[0];
  assert.equal(problem(""), "config.yml: cannot use the file: it is empty");
  assert.equal(problem("# only a remark\n"), "config.yml: cannot use the file: it is empty");
  assert.equal(
    problem(Uint8Array.from([0x61, 0x3a, 0x20, 0x0a, 0xff])),
    "config.yml:2:1: cannot read the file: the byte 0xff is no UTF-8",
  );
  assert.equal(
    problem(Uint8Array.from([0x7f, 0x45, 0x4c, 0x46, 0, 1])),
    "config.yml: cannot read the file: it is no text, it holds zero bytes",
  );
  assert.equal(problem("x".repeat(8 * 1024 * 1024 + 1)), "config.yml: cannot read the file: it is larger than 8 MiB");
  assert.match(problem("[a, b]") ?? "", /cannot use a list as a configuration/);
  assert.match(
    problemsOf({ [main]: Uint8Array.from([0xff, 0xfe, 0x61, 0]) }),
    /it looks like UTF-16: save it as UTF-8/,
  );
  assert.match(problemsOf({}, { path: "nope.yml" }), /^nope\.yml: cannot read the file: No such file or directory/);
});

// docker/compose#5220
test("one byte order mark does not eat the first key, two are an error", () => {
  const mark = "\ufeff";
  const text = "title: x\nservices: [{name: a, command: x, env_file: e.env}]";
  const plan = planOf({ [main]: mark + text, "/app/e.env": `${mark}FIRST=1\nSECOND=2\n` });
  assert.equal(plan.title, "x");
  assert.deepEqual({ ...plan.services[0]?.environment }, { FIRST: "1", SECOND: "2" });
  assert.match(
    problemsOf(mark + mark + text),
    /^config\.yml:1:1: cannot read the file: it begins with two byte order marks/,
  );
  const doubled = planOf({ [main]: text, "/app/e.env": `${mark}${mark}FIRST=1\n` });
  assert.match(
    doubled.services[0]?.environmentProblem ?? "",
    /cannot read e\.env:1:1: it begins with two byte order marks/,
  );
});

test("lines may end with CRLF", () => {
  const plan = planOf(
    'title: "a b"\r\nservices:\r\n  - name: a\r\n    command: x y\r\n    environment:\r\n      A: plain\r\n',
  );
  assert.equal(plan.title, "a b");
  assert.deepEqual(plan.services[0]?.command?.argv, ["x", "y"]);
  assert.deepEqual({ ...plan.services[0]?.environment }, { A: "plain" });
});

test("files that are all commented out in config.d are no problem", () => {
  assert.equal(planOf({ [main]: "services: []", "/app/config.d/1.yml": "# nothing\n" }).services.length, 0);
});

test("what gonit enable was told is the last layer of all, and brings back no service that is gone", () => {
  const files = {
    "/etc/gonit/config.yml": "services:\n  - {name: a, command: x}\n  - {name: b, command: x}\n",
    "/etc/gonit/config.d/gonit-enabled.yml": enabledLayerText(
      new Map([
        ["a", false],
        ["b", true],
        ["gone", true],
      ]),
    ),
    "/etc/gonit/config.d/more.yml": "services: [{name: b, enabled: false}]",
    "/system/services/a/config.yml": "enabled: true",
  };
  const { services } = planOf(files, { role: Role.container, path: "/etc/gonit/config.yml" });
  assert.deepEqual(
    services.map(({ name, enabled }) => [name, enabled]),
    [
      ["a", false],
      ["b", true],
    ],
  );
});
