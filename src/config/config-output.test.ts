import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { load, planOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import type { Plan } from "../engine/plan.ts";
import { configText } from "./config-output.ts";
import { planText } from "./plan-text.ts";

/** Without where it was read from. */
function comparable(plan: Plan): unknown {
  const services = plan.services.map(({ definedAt: _definedAt, ...service }) => service);
  return JSON.parse(JSON.stringify({ ...plan, sources: [], services }));
}

function reload(plan: Plan): Plan {
  const path = "/elsewhere/out.yml";
  const result = load(
    { [path]: configText(plan), "/app/a.env": "FROM_FILE='f $x'\n" },
    { role: plan.role, path, environment: [] },
  );
  if ("problems" in result) throw new Error(`${result.problems.join("\n")}\n${configText(plan)}`);
  return result.plan;
}

const anyText = fc.oneof(
  fc.string({ maxLength: 8 }).map((text) => text.replaceAll("\0", "")),
  fc.string({ unit: fc.constantFrom(..."ab${}:#'\"\\- \n\té\u2028\u0085\x7f"), maxLength: 8 }),
  fc.constantFrom("yes", "null", "1.10", "~", "true", "- a", "---", "0640", "${HOME}", "$$", " a ", ""),
);
const filled = anyText.filter((text) => text !== "");
const ms = fc.integer({ min: 10, max: 10_000_000 });
const durationText = ms.map((value) => `${value}ms`);
const argv = fc.tuple(filled, fc.array(anyText, { maxLength: 3 })).map(([program, rest]) => [program, ...rest]);
const command = argv.map((words) => words.map((word) => word.replaceAll("$", "$$$$")));
const value = anyText.map((text) => text.replaceAll("$", "$$$$"));
const map = fc.dictionary(fc.string({ unit: fc.constantFrom(..."aB_.-:# é"), minLength: 1, maxLength: 5 }), value, {
  maxKeys: 3,
});

/** One service as the JSON that YAML is, too. */
const service = fc.record(
  {
    description: value,
    enabled: fc.boolean(),
    tags: fc.array(
      filled.map((text) => text.replaceAll("$", "$$$$")),
      { maxLength: 2 },
    ),
    labels: map,
    runs: fc.oneof(fc.constantFrom("once", "forever"), fc.integer({ min: 1, max: 9 })),
    command,
    pre_start: fc.array(command, { maxLength: 2 }),
    post_stop: fc.array(command, { maxLength: 2 }),
    directory: fc.constantFrom("/x", "rel/y", "../z"),
    user: fc.constantFrom("app", "1000"),
    groups: fc.constantFrom([], ["a", "0"]),
    umask: fc.constantFrom("077", "0002"),
    environment: map,
    env_file: fc.constantFrom("a.env", [{ path: "a.env", required: false }]),
    inherit_environment: fc.constantFrom("all", "none", [], ["PATH"]),
    depends_on: fc.constantFrom([], ["dep"], [{ name: "dep", wait: "started", required: false, restart: false }]),
    after: fc.constantFrom([], ["dep"]),
    before: fc.constantFrom([], ["other"]),
    conflicts: fc.constantFrom([], ["other"]),
    ready: fc.oneof(
      fc.constantFrom(
        "started",
        "notify",
        "exit",
        { fd: 3 },
        { log: "a $ b" },
        { log: "/a|b/" },
        { tcp: "[::1]:80" },
        { tcp: "localhost:1" },
      ),
      fc.record({ unix: fc.constantFrom("/x", "@y", "z"), interval: durationText, timeout: durationText }),
      fc.record({ exec: command, interval: durationText }, { requiredKeys: ["exec"] }),
      fc.record({ file: fc.constantFrom("/x", "y") }),
    ),
    restart: fc.record(
      {
        delay: durationText,
        backoff: fc.constantFrom(1, 1.5, 3),
        max_delay: durationText,
        jitter: fc.constantFrom("5%", 0),
        reset_after: durationText,
        limit: fc.constantFrom("off", "3 in 10s"),
        success: fc.constantFrom(0, [0, 143]),
      },
      { requiredKeys: [] },
    ),
    directories: fc.constantFrom("a", ["a/b", { name: "c", mode: "0700" }]).map((run) => ({ run, state: "x" })),
    sandbox: fc.record(
      {
        namespaces: fc.constantFrom([], ["pid", "net"]),
        private_network: fc.boolean(),
        private_tmp: fc.boolean(),
        read_only: fc.constantFrom(true, false, ["/a", "b"]),
        root: fc.constantFrom("/srv", "jail"),
        capabilities: fc.constantFrom([], ["CAP_CHOWN", "bpf"]),
        no_new_privileges: fc.boolean(),
        seccomp: fc.constantFrom("default", "no-network"),
      },
      { requiredKeys: [] },
    ),
    limits: fc.record(
      {
        memory: fc.constantFrom("1M", 5000),
        cpu: fc.constantFrom(0.5, 2),
        core: fc.constantFrom("unlimited", 0),
        nice: fc.integer({ min: -20, max: 19 }),
      },
      { requiredKeys: [] },
    ),
    critical: fc.constantFrom(true, false, "exit", "reboot", "rescue"),
    timeout: fc.record({ start: durationText, run: fc.oneof(fc.constant("off"), durationText) }, { requiredKeys: [] }),
    stop: fc.oneof(
      fc.constantFrom("INT", "RTMIN+3", 9),
      fc.record(
        {
          signal: fc.constant("HUP"),
          command,
          timeout: durationText,
          kill: fc.constantFrom("tree", "group", "process"),
        },
        { requiredKeys: [] },
      ),
    ),
    reload: fc.oneof(fc.constantFrom("HUP", "restart"), fc.record({ command })),
    logs: fc.oneof(
      fc.constantFrom("none", "console", "file", "x.log"),
      fc.record(
        {
          to: fc.constant("./l"),
          stderr: fc.constantFrom("merge", "separate"),
          prefix: fc.boolean(),
          max_size: fc.constantFrom("64K", 5000),
          keep: fc.nat(5),
          sync: durationText,
          format: fc.constantFrom("text", "json", "raw"),
          line_limit: fc.constantFrom("1K"),
        },
        { requiredKeys: [] },
      ),
    ),
  },
  { requiredKeys: ["command"] },
);

const noRequired: { requiredKeys: [] } = { requiredKeys: [] };
const addresses = fc.constantFrom("192.0.2.1", ["2001:db8::1", "10.0.0.1"]);
const interfaces = fc.dictionary(
  fc.constantFrom("eth0", "eth1", "1.5"),
  fc.oneof(
    fc.constant("dhcp"),
    fc.record(
      {
        dhcp: fc.boolean(),
        addresses: fc.constantFrom("10.0.0.9/8", ["fd00::9/64", "192.0.2.9/24"]),
        gateway: fc.constantFrom("10.0.0.1", ["10.0.0.1", "fe80::1"]),
        dns: addresses,
        mtu: fc.constantFrom(1400, 9000),
        optional: fc.boolean(),
      },
      noRequired,
    ),
  ),
);
const terminal = fc.record(
  {
    device: fc.constantFrom("/dev/ttyS0", "tty1"),
    speed: fc.constantFrom(9600, 115200),
    login: fc.constantFrom("login", "shell", "autologin root"),
    message: value,
  },
  { requiredKeys: ["device"] },
);

const system = fc.record(
  {
    version: value,
    title: value,
    hostname: fc.constant("h.x"),
    networking: fc.record({ interfaces, dns: addresses, search: fc.constantFrom("a.b", ["x", "y.z"]) }, noRequired),
    terminals: fc.array(terminal, { maxLength: 2 }),
    shutdown: fc.constant({ timeout: "1m" }),
    logs: fc.constantFrom({}, { directory: "logs", max_total: "1G" }),
    watch_config: fc.constantFrom("off", "notify", "apply"),
    environment: map,
  },
  { requiredKeys: [] },
);

/** JSON is YAML but for some characters. */
function escaped(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

test("configText() loads to the same plan", () => {
  fc.assert(
    fc.property(system, service, fc.constantFrom(Role.vm, Role.container, Role.laptop), (top, one, role) => {
      const services = [
        { name: "a", ...one },
        { name: "dep", command: "x" },
        { name: "other", command: "x" },
        { name: "g", type: "group" },
        { name: "networking" },
      ];
      const text = escaped(JSON.stringify({ ...top, services }));
      const plan = planOf(
        { "/app/config.yml": text, "/app/a.env": "FROM_FILE='f $x'\n" },
        { role, path: "/app/config.yml" },
      );
      assert.deepEqual(comparable(reload(plan)), comparable(plan), configText(plan));
    }),
    { numRuns: 400 },
  );
});

test("planText() is what JSON.stringify() writes", () => {
  fc.assert(
    fc.property(system, fc.array(service, { maxLength: 3 }), (top, list) => {
      const services = [
        ...list.map((one, index) => ({ ...one, name: `s${index}` })),
        { name: "dep", command: "x" },
        { name: "other", command: "x" },
      ];
      const text = escaped(JSON.stringify({ ...top, services }));
      const plan = planOf({ "/app/config.yml": text, "/app/a.env": "" });
      assert.equal(planText(plan), JSON.stringify(plan));
    }),
    { numRuns: 100 },
  );
  const empty = planOf("services: []");
  assert.equal(planText(empty), JSON.stringify(empty));
});

test("configText() writes short texts plainly and quotes what another reader would misread", () => {
  const plan = planOf(
    "version: 1.10\ntitle: yes\nservices: [{name: a, command: 'x \"$$HOME\" $1', environment: {N: no}}]",
  );
  const text = configText(plan);
  assert.match(text, /^version: "1\.10"\ntitle: "yes"\n/);
  assert.match(text, /command: \[x, "\$HOME", "\$1"\]/);
  assert.match(text, /environment: \{"N": "no"\}/);
});

test("configText() writes a long text on its line, whatever its length", () => {
  const long = "word ".repeat(60).trim();
  const plan = planOf(`services: [{name: a, command: x, description: "${long}"}]`);
  assert.match(configText(plan), new RegExp(`^ {4}description: ${long}$`, "m"));
  assert.equal(planOf(configText(plan)).services[0]?.description, long);
});
