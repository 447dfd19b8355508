/** `gonit config` loads to the same plan for every key there is, alone and together; a new key without a sample fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { load } from "../../tests/config/memory-files.ts";
import { assertProperty } from "../../tests/properties.ts";
import { Role } from "../contract.ts";
import type { Plan } from "../engine/plan.ts";
import { configText } from "./config-output.ts";
import { serviceEntries } from "./service-keys.ts";
import { systemEntries } from "./system-keys.ts";

type Samples = Record<string, unknown[]>;

const needed = [{ name: "dep", wait: "started", required: false, restart: false }];
const times = { interval: "2s", timeout: "4s" };

/** Settings of each key of a service. Some need others beside them: those stand in `beside`. */
const serviceSamples: Samples = {
  description: ["text: with $$ and #", "yes"],
  enabled: [true, false],
  tags: [[], ["a", "1.10"]],
  labels: [{ team: "x", "a.b": "null" }],
  type: ["service", "task", "group"],
  runs: ["once", "forever", 3],
  command: ["x -a 'b c'", ["x", "$$HOME", ""]],
  shell: [true],
  pre_start: [["p one"], [["p", "$$1"], ["q"]]],
  post_stop: [["after"]],
  directory: ["/srv", "rel/x"],
  user: ["app", "1000"],
  group: ["app", "7"],
  groups: [[], ["a", "0"]],
  umask: ["077"],
  environment: [{ A: "1.10", B: "x $$ y" }],
  env_file: ["a.env", [{ path: "none.env", required: false }]],
  inherit_environment: ["all", "none", ["PATH"]],
  depends_on: [["dep"], needed, [{ name: "t", wait: "done" }]],
  before: [["other"]],
  after: [["dep"]],
  conflicts: [["other"]],
  ready: [
    "notify",
    "exit",
    { fd: 5 },
    { log: "/a|b/" },
    { exec: "probe -x", ...times },
    { http: { url: "http://localhost:80/x?y", status: [200, 204], headers: { A: "b" } }, ...times },
    { tcp: "[::1]:80" },
    { unix: "/run/x" },
    { file: "made" },
  ],
  restart: [
    "no",
    "always",
    {
      policy: "on-failure",
      delay: "1s",
      backoff: 3,
      max_delay: "9s",
      jitter: "5%",
      reset_after: "2m",
      limit: "3 in 10s",
      success: [0, 143],
    },
  ],
  critical: [true, "reboot", "rescue"],
  timeout: [{ start: "5s", run: "1h" }, { run: "off" }],
  stop: ["SIGINT", { signal: "HUP", timeout: "3s", kill: "group" }, { command: "stop it" }],
  reload: ["HUP", "restart", { command: "reload it" }],
  logs: [
    "none",
    "console",
    "x.log",
    { to: "y.log", stderr: "separate", max_size: "64K", keep: 7, sync: "1s", format: "json", line_limit: "2K" },
  ],
  health: [
    {
      tcp: "localhost:80",
      interval: "5s",
      start_interval: "1s",
      timeout: "2s",
      failures: 2,
      start_period: "1m",
      action: "none",
    },
    { exec: "ask" },
  ],
  watchdog: ["30s"],
  pid_file: ["/run/a.pid"],
  schedule: ["every 5m", "at boot+1m", "30 3 * * 1-5"],
  timezone: ["Europe/Berlin"],
  jitter: ["10s"],
  missed: ["run", "skip"],
  overlap: ["queue", "replace"],
  tty: [true, "pty", "/dev/ttyS0"],
  stdin: [{ file: "/x" }, { from: "dep" }, "tty"],
  limits: [
    {
      memory: "64M",
      memory_high: "32M",
      cpu: 0.5,
      cpu_weight: 10,
      io_weight: 20,
      pids: 30,
      files: 100,
      core: "unlimited",
      nice: -5,
      oom_score_adj: 100,
    },
  ],
  sandbox: [
    {
      namespaces: ["mount", "pid"],
      read_only: true,
      writable: ["/b"],
      private_tmp: true,
      capabilities: ["CAP_CHOWN"],
      no_new_privileges: true,
      seccomp: "default",
    },
  ],
  directories: [{ run: "a", state: ["b/c"], cache: [{ name: "d", mode: "0700" }], logs: "e" }],
  sockets: [[{ name: "http", listen: "127.0.0.1:80" }]],
  watch: [["/etc/a"]],
  replicas: [3],
};

/** What a key needs of others to be taken. */
const beside: Record<string, object> = {
  schedule: { type: "task" },
  timezone: { type: "task", schedule: "30 3 * * *" },
  jitter: { type: "task", schedule: "30 3 * * *" },
  missed: { type: "task", schedule: "30 3 * * *" },
  overlap: { type: "task", schedule: "30 3 * * *" },
  pid_file: { ready: "exit" },
  shell: { command: "x | y" },
};

const systemSamples: Samples = {
  version: [1.1, "a b"],
  title: ["Shop: 1"],
  description: ["text"],
  hostname: ["h.x"],
  include: ["base.yml"],
  environment: [{ A: "1" }],
  env_file: ["a.env"],
  defaults: [{ restart: "no", stop: { timeout: "3s" }, environment: { D: "1" } }],
  services: [[]],
  logs: [{ directory: "l", max_total: "1G" }],
  shutdown: [{ timeout: "1m" }],
  watch_config: ["off", "notify", "apply"],
  mounts: [[{ source: "tmpfs", target: "/t", type: "tmpfs", options: ["size=1M"], required: false }]],
  modules: [["a", { name: "b", options: "c=1" }]],
  watchdog: ["30s"],
  sysctl: [{ "vm.swappiness": 10 }],
  networking: [
    {
      interfaces: { eth0: { addresses: "10.0.0.9/8", gateway: "10.0.0.1", mtu: 1400 } },
      dns: "10.0.0.1",
      search: "a.b",
    },
  ],
  terminals: [[{ device: "/dev/ttyS0", speed: 9600, login: "shell", message: "hi" }]],
  image: [{ size: "64M" }],
};

const others = [
  { name: "dep", command: "x" },
  { name: "other", command: "x" },
  { name: "t", type: "task", command: "x", timeout: { run: "1m" } },
];
const files = { "/app/a.env": "FROM_FILE='f $x'\n", "/app/base.yml": "title: base\n" };
const roles = [Role.vm, Role.container, Role.laptop];

/** Why it took the last configuration not. */
let refusal = "";

/** null: gonit does not take it, as where keys contradict each other. */
function planOf(top: object, own: object, role: number): { plan: Plan; text: string } | null {
  const configuration = { services: [{ name: "a", command: "x", ...own }, ...others], ...top };
  const result = load(
    { "/app/config.yml": JSON.stringify(configuration), ...files },
    { role, path: "/app/config.yml" },
  );
  if ("plan" in result) return { plan: result.plan, text: configText(result.plan, result.image) };
  refusal = result.problems.join("\n");
  return null;
}

function comparable(plan: Plan): unknown {
  const services = plan.services.map(({ definedAt: _definedAt, ...service }) => service);
  return JSON.parse(JSON.stringify({ ...plan, sources: [], services }));
}

function assertRoundTrip(found: { plan: Plan; text: string }): void {
  const path = "/elsewhere/out.yml";
  const again = load({ [path]: found.text, ...files }, { role: found.plan.role, path, environment: [] });
  assert.ok("plan" in again, "problems" in again ? `${again.problems.join("\n")}\n${found.text}` : "");
  assert.deepEqual(comparable(again.plan), comparable(found.plan), found.text);
}

function working(entries: Record<string, { type: string }>): string[] {
  return Object.keys(entries).filter((key) => entries[key]?.type !== "unknown");
}

/** A group has no command, and the samples of `command` come as they are. */
function ownOf(key: string, setting: unknown): object {
  const own = { ...beside[key], [key]: setting };
  if (setting === "tty") return { ...own, tty: true };
  return setting === "group" ? { ...own, command: undefined } : own;
}

test("every key that works has a sample", () => {
  assert.deepEqual(
    Object.keys(serviceSamples).sort(),
    working(serviceEntries)
      .filter((key) => key !== "name")
      .sort(),
  );
  assert.deepEqual(Object.keys(systemSamples).sort(), working(systemEntries).sort());
});

test("configText() loads to the same plan for each key alone, in each role", () => {
  for (const role of roles) {
    for (const [key, settings] of Object.entries(serviceSamples)) {
      for (const setting of settings) {
        const found = planOf({}, ownOf(key, setting), role);
        assert.ok(found !== null, `${key}: ${JSON.stringify(setting)} is not taken: ${refusal}`);
        assertRoundTrip(found);
      }
    }
    for (const [key, settings] of Object.entries(systemSamples)) {
      for (const setting of settings) {
        const found = planOf({ [key]: setting }, {}, role);
        assert.ok(found !== null, `${key}: ${JSON.stringify(setting)} is not taken: ${refusal}`);
        assertRoundTrip(found);
      }
    }
  }
});

/** Some keys, each with one of its samples. */
function some(samples: Samples, max: number): fc.Arbitrary<object> {
  const one = fc
    .constantFrom(...Object.keys(samples))
    .chain((key) => fc.constantFrom(...(samples[key] as unknown[])).map((setting) => ownOf(key, setting)));
  return fc.array(one, { maxLength: max }).map((list) => Object.assign({}, ...list));
}

test("configText() loads to the same plan for keys that stand together", () => {
  let taken = 0;
  let tried = 0;
  const { services: _services, ...top } = systemSamples;
  assertProperty(
    fc.property(some(top, 4), some(serviceSamples, 6), fc.constantFrom(...roles), (file, own, role) => {
      tried++;
      const found = planOf(file, own, role);
      if (found === null) return;
      taken++;
      assertRoundTrip(found);
    }),
    { runs: 500 },
  );
  console.log(`figures: configurations and what config makes of them: ${taken} of ${tried} taken by gonit`);
  assert.ok(taken > tried / 3, `${taken} of ${tried} were taken`);
});
