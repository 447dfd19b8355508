import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, problemsOf, serviceOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";

const command = "command: sleep 1";

test("a service with a command alone gets every default of the laptop", () => {
  assert.deepEqual(serviceOf(command), {
    name: "a",
    description: "",
    enabled: true,
    tags: [],
    labels: {},
    type: "service",
    runs: 1,
    schedule: null,
    command: { argv: ["sleep", "1"], builtin: null },
    preStart: [],
    pidFile: "",
    postStop: [],
    directory: "/app",
    user: "",
    group: "",
    groups: null,
    health: null,
    watchdogMs: null,
    umask: 0o22,
    directories: null,
    limits: null,
    sandbox: null,
    watch: [],
    sockets: [],
    tty: null,
    stdin: "",
    stdinFrom: "",
    inheritEnvironment: "all",
    environment: Object.create(null),
    environmentFiles: [],
    environmentProblem: null,
    dependsOn: [],
    after: [],
    conflicts: [],
    ready: { kind: "started" },
    restart: {
      policy: "on-failure",
      delayMs: 500,
      factor: 2,
      delayMsMax: 30_000,
      jitter: 0.1,
      resetAfterMs: 60_000,
      limit: null,
      onLimit: "fail",
      success: [0],
    },
    critical: "no",
    startTimeoutMs: 90_000,
    runTimeoutMs: null,
    stop: { signal: 15, command: null, timeoutMs: 10_000, kill: "tree" },
    reload: { kind: "restart" },
    logs: {
      to: "console",
      path: "",
      stderr: "separate",
      prefix: true,
      maxSizeBytes: 10_485_760,
      keep: 3,
      syncMs: 5000,
      format: "text",
      lineLimitBytes: 65_536,
      rateBytes: 0,
    },
    definedAt: "config.yml:2",
  });
});

test("the role decides on directory, inheritance, logs and what critical: true does", () => {
  const text = `services: [{name: a, critical: true, ${command}}]`;
  const files = { "/etc/gonit/config.yml": text };
  const [vm] = planOf(files, { role: Role.vm }).services;
  const [container] = planOf(files, { role: Role.container }).services;
  const [laptop] = planOf(text).services;
  assert.deepEqual([vm?.directory, vm?.inheritEnvironment, vm?.critical], ["/", "none", "reboot"]);
  assert.deepEqual([vm?.logs.to, vm?.logs.path, vm?.logs.stderr], ["file", "/system/services/a/logs/a.log", "merge"]);
  assert.deepEqual([container?.directory, container?.inheritEnvironment, container?.critical], ["/", "all", "exit"]);
  assert.deepEqual([container?.logs.to, container?.logs.stderr], ["console", "separate"]);
  assert.deepEqual([laptop?.directory, laptop?.inheritEnvironment, laptop?.critical], ["/app", "all", "exit"]);
  assert.deepEqual(planOf(files, { role: Role.vm }).watchConfig, "notify");
  assert.deepEqual(planOf(text).watchConfig, "apply");
});

test("all simple keys reach the plan", () => {
  const service = serviceOf(`${command}
description: The thing
enabled: false
tags: [web, 2]
labels: {version: 1.10, ok: yes, empty: ""}
directory: data
user: 1000
group: app
groups: [audio, 20]
umask: 0077
inherit_environment: [PATH, TERM]
critical: poweroff
timeout: {start: 2m, run: 1h}
stop: {signal: INT, timeout: 3, kill: group, command: [a, b]}
reload: HUP
pre_start: ["mkdir -p x", [touch, "x y"]]
post_stop: [rm x]`);
  assert.equal(service.description, "The thing");
  assert.equal(service.enabled, false);
  assert.deepEqual(service.tags, ["web", "2"]);
  assert.deepEqual({ ...service.labels }, { version: "1.10", ok: "yes", empty: "" });
  assert.deepEqual(
    [service.directory, service.user, service.group, service.groups],
    ["/app/data", "1000", "app", ["audio", "20"]],
  );
  assert.equal(service.umask, 0o77);
  assert.deepEqual(service.inheritEnvironment, ["PATH", "TERM"]);
  assert.equal(service.critical, "poweroff");
  assert.deepEqual([service.startTimeoutMs, service.runTimeoutMs], [120_000, 3_600_000]);
  assert.deepEqual(service.stop, {
    signal: 2,
    command: { argv: ["a", "b"], builtin: null },
    timeoutMs: 3000,
    kill: "group",
  });
  assert.deepEqual(service.reload, { kind: "signal", signal: 1 });
  assert.deepEqual(
    service.preStart.map(({ argv }) => argv),
    [
      ["mkdir", "-p", "x"],
      ["touch", "x y"],
    ],
  );
  assert.deepEqual(
    service.postStop.map(({ argv }) => argv),
    [["rm", "x"]],
  );
});

test("restart in its short and its long form", () => {
  assert.equal(serviceOf(`${command}\nrestart: no`).restart.policy, "no");
  const { restart } = serviceOf(`${command}
restart: {policy: always, delay: 1m, backoff: 1.5, jitter: 20%, reset_after: 5m, limit: 3 in 10s, success: [0, 143]}`);
  assert.deepEqual(restart, {
    policy: "always",
    delayMs: 60_000,
    factor: 1.5,
    delayMsMax: 60_000,
    jitter: 0.2,
    resetAfterMs: 300_000,
    limit: { count: 3, windowMs: 10_000 },
    onLimit: "fail",
    success: [0, 143],
  });
});

test("a critical service has a limit of restarts unless it says off", () => {
  assert.deepEqual(serviceOf(`${command}\ncritical: exit`).restart.limit, { count: 5, windowMs: 60_000 });
  assert.equal(serviceOf(`${command}\ncritical: exit\nrestart: {limit: off}`).restart.limit, null);
});

test("runs is the short form of type and restart", () => {
  const shown = (keys: string) => {
    const { type, runs, restart } = serviceOf(`${command}\n${keys}`);
    return [type, runs, restart.policy];
  };
  assert.deepEqual(shown("runs: forever"), ["service", 1, "always"]);
  assert.deepEqual(shown("runs: once"), ["task", 1, "on-failure"]);
  assert.deepEqual(shown("runs: 3"), ["task", 3, "on-failure"]);
  assert.deepEqual(shown("runs: 3\nrestart: no"), ["task", 3, "no"]);
  assert.deepEqual(shown("runs: forever\nrestart: {delay: 1s}"), ["service", 1, "always"]);
  assert.deepEqual(shown("type: task\nruns: 2"), ["task", 2, "on-failure"]);
});

test("runs beside a contradicting type or restart is an error that shows both", () => {
  const problem = (keys: string) =>
    problemsOf(`services:\n  - name: a\n    ${command}\n    ${keys.replace("\n", "\n    ")}\n`).split("\n")[0];
  assert.match(
    problem("runs: forever\ntype: task") ?? "",
    /config\.yml:5:5: services\.a\.type: cannot have type: task beside runs: forever/,
  );
  assert.match(problem("runs: once\ntype: service") ?? "", /cannot have type: service beside runs: once/);
  assert.match(problem("runs: 2\nrestart: always") ?? "", /cannot have restart: always beside runs: 2/);
  assert.match(
    problem("restart: {policy: no}\nruns: forever") ?? "",
    /config\.yml:4:15: .*cannot have restart: no beside runs: forever/,
  );
  assert.match(problem("runs: 0") ?? "", /it is neither forever nor once nor a number from 1/);
});

test("runs of defaults gives way to what a service says itself", () => {
  const plan = planOf(`defaults: {runs: forever, command: x}
services: [{name: a}, {name: b, restart: no}, {name: c, type: task}, {name: d, runs: once}]`);
  assert.deepEqual(
    plan.services.map(({ type, restart }) => `${type} ${restart.policy}`),
    ["service always", "service no", "task on-failure", "task on-failure"],
  );
});

test("the directory of logs is the system's where it names one", () => {
  const plan = planOf(`logs: {directory: logs, max_total: 100M}\nservices: [{name: a, ${command}, logs: file}]`);
  assert.equal(plan.services[0]?.logs.path, "/app/logs/a.log");
  assert.deepEqual(plan.logs, { directory: "/app/logs", maxTotalBytes: 104_857_600 });
});

test("a group has no process, and needs no command", () => {
  assert.equal(serviceOf("type: group").command, null);
});

test("a service without a command runs its program, else the built-in of its name, else it is an error", () => {
  const files = {
    "/etc/gonit/config.yml": "services: [{name: web}, {name: networking}, {name: terminals}]",
    "/system/services/web/bin/web": "",
  };
  const plan = planOf(files, { role: Role.vm });
  assert.deepEqual(
    plan.services.map(({ command }) => command),
    [
      { argv: ["/system/services/web/bin/web"], builtin: null },
      {
        argv: ["networking"],
        builtin: "networking",
        settings: { interfaces: [], automatic: true, hostname: "", dns: [], search: [] },
      },
      { argv: ["terminals"], builtin: "terminals", settings: { terminals: null, isMachine: true } },
    ],
  );
  assert.deepEqual(planOf("services: [{name: networking}]").services[0]?.command, {
    argv: ["networking"],
    builtin: "networking",
  });
  assert.match(
    problemsOf("services: [{name: web}]"),
    /cannot run the service web: it has no command, and there is no \/system\/services\/web\/bin\/web/,
  );
});

test("shell: true leaves texts of commands to /bin/sh, untouched", () => {
  const service = serviceOf(`shell: true
command: 'echo "$GLOBAL $$ \${NOPE:-dflt}" | cat'
pre_start: ["a && b", [c, d]]
ready: {exec: "test -e x || exit 1"}`);
  assert.deepEqual(service.command?.argv, ["/bin/sh", "-c", 'echo "$GLOBAL $$ ${NOPE:-dflt}" | cat']);
  assert.deepEqual(
    service.preStart.map(({ argv }) => argv),
    [
      ["/bin/sh", "-c", "a && b"],
      ["c", "d"],
    ],
  );
  assert.ok(service.ready.kind === "exec");
  assert.deepEqual(service.ready.command.argv, ["/bin/sh", "-c", "test -e x || exit 1"]);
  assert.match(problemsOf("services: [{name: a, shell: true, command: [x]}]"), /cannot give a list to a shell/);
});

test("a relative program is found beside its file where the service does not start there", () => {
  const text =
    "services: [{name: a, command: ./run.sh x}, {name: b, directory: /srv, command: ./run.sh}, {name: c, command: run.sh}]";
  const commands = (role: number) =>
    planOf({ "/etc/gonit/config.yml": text }, { role, path: "/etc/gonit/config.yml" }).services.map(
      ({ command }) => command?.argv[0],
    );
  assert.deepEqual(commands(Role.container), ["/etc/gonit/run.sh", "./run.sh", "run.sh"]);
  assert.deepEqual(commands(Role.laptop), ["./run.sh", "./run.sh", "run.sh"]);
});

test("wrong kinds and values of keys are told at their place", () => {
  const problem = (keys: string) => problemsOf(`services:\n  - name: a\n    ${command}\n    ${keys}\n`).split("\n");
  const texts: [string, string, string][] = [
    ["enabled: yes", 'services.a.enabled: cannot use "yes" as true or false: it is neither', "write true"],
    ['enabled: "true"', "it is a text, because of the quotes", "write true"],
    ["tags: web", "services.a.tags: cannot use a text as tags", "write [web]"],
    ["environment: [A=1]", "cannot use a list as variables", "write NAME: VALUE, each on a line of its own"],
    [
      "environment: {x=y: 4}",
      'cannot use the name "x=y": it holds =',
      "write the name before the colon and the value behind it",
    ],
    ['environment: {"": 3}', 'cannot use the name "": it is empty', ""],
    [
      "environment: {A: [1]}",
      "services.a.environment.A: cannot use a list as the text of a variable",
      "put the text in quotes",
    ],
    ["user:", "it is null, and there is nothing", "leave the key out"],
    ["user: ''", 'cannot use "" as a user: it is empty', ""],
    ["timeout: 30s", "cannot use a text as time limits", "write timeout: {start: 30s}, or {run: 1h}"],
    ["timeout: {run: 0}", "it would end before it begins", "write off for no limit"],
    ["stop: SIGTRM", "there is no such signal", "did you mean TERM?"],
    ["stop: {sginal: INT}", 'cannot use the key "sginal": a way to stop has no such key', "did you mean signal?"],
    ["reload: {}", "it has neither a signal nor a command", "write one of the two"],
    ["restart: {limit: 5}", "it has no number and time", "write a number and a time, such as 5 in 1m, or off"],
    ["restart: {success: [256]}", 'services.a.restart.success.0: cannot use "256" as an exit code', ""],
    ["restart: {backoff: 0.5}", "it is not a number from 1 to 100", ""],
    ["umask: 888", "8 is no octal digit", "write it as for chmod, such as 0640"],
    ["type: oneshot", "it is none of service, task, group", ""],
    ["pre_start: x", "cannot use a text as commands", "write [x]"],
    ["depends_on: [{wait: ready}]", "cannot use a dependency without name", "add name: …"],
    ["depends_on: [{name: a, wait: helthy}]", "it is none of started, ready, healthy, done", "did you mean healthy?"],
    ["inherit_environment: some", "it is none of all, none", ""],
    ["critical: maybe", "it is none of true, false, exit, reboot, poweroff, rescue", ""],
  ];
  for (const [keys, message, fix] of texts) {
    const [first = "", ...rest] = problem(keys);
    assert.ok(first.startsWith("config.yml:4:") && first.includes(message), `${keys}: ${first}`);
    assert.ok(fix === "" || rest.join("\n").includes(fix), `${keys}: ${rest.join("\n")}`);
  }
});

test("commands that are empty or of a wrong kind are errors", () => {
  for (const text of ["''", "[]", "['']", "'  '", "{a: b}", "[[a]]", "[a, ~]"]) {
    assert.match(problemsOf(`services: [{name: a, command: ${text}}]`), /services\.a\.command.*: cannot/, text);
  }
});

test("names of services are checked", () => {
  for (const name of ["a b", "a/b", "..", "", "é", "x@1", "a".repeat(101)]) {
    assert.match(problemsOf(`services: [{name: "${name}", ${command}}]`), /as a service's name/, name);
  }
  assert.equal(planOf(`services: [{name: Web-1.x_y, ${command}}]`).services[0]?.name, "Web-1.x_y");
  assert.match(problemsOf(`services: [{${command}}]`), /cannot use a service without name/);
});

test("keys that begin with x- are free, at every level", () => {
  const text = `x-common: &c {restart: no}\nservices: [{name: a, ${command}, x-note: [1], <<: *c, stop: {x-y: 1}}]`;
  assert.equal(planOf(text).services[0]?.restart.policy, "no");
});

test("every key that is not carried out yet is refused, never ignored", () => {
  for (const key of ["web"]) {
    assert.match(problemsOf(`${key}: x\nservices: []`), new RegExp(`${key}: .*not supported yet`));
  }
  assert.match(problemsOf("watch_config: always\nservices: []"), /it is none of off, notify, apply/);
  assert.equal(planOf("watch_config: notify\nservices: []").watchConfig, "notify");
  assert.equal(planOf("watch_config: off\nservices: []").watchConfig, "off");
});

test("the keys of the whole reach the plan, and version stays its source text", () => {
  const plan = planOf(
    "version: 1.10\ntitle: Shop\ndescription: x\nhostname: shop-1.local\nshutdown: {timeout: 1m}\nservices: []",
  );
  assert.deepEqual([plan.version, plan.title, plan.description, plan.hostname], ["1.10", "Shop", "x", "shop-1.local"]);
  assert.equal(plan.shutdownTimeoutMs, 60_000);
  assert.match(problemsOf("hostname: a_b\nservices: []"), /as a host name/);
});

test("more services than the ledger has places for are refused", () => {
  const services = Array.from({ length: 2100 }, (_, index) => `  - {name: s${index}, ${command}}`).join("\n");
  assert.match(problemsOf(`services:\n${services}\n`), /cannot keep 4200 logs: 4091 are the most[\s\S]*stderr: merge/);
});

test("more groups than a process is given are refused", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1).join(", ");
  assert.equal(serviceOf(`${command}\ngroups: [${numbers(128)}]`).groups?.length, 128);
  assert.match(problemsOf(`services: [{name: a, ${command}, groups: [${numbers(129)}]}]`), /at most 128/);
});
