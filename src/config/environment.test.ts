import assert from "node:assert/strict";
import { test } from "node:test";
import { load, memoryFiles, planOf, problemsOf } from "../../tests/config/memory-files.ts";
import { Role } from "../contract.ts";
import { readEnvironmentFiles } from "./environment-files.ts";

const main = "/app/config.yml";

// docker/compose#8097
test("texts of variables stay what was written", () => {
  const plan = planOf(
    "services: [{name: a, command: x, environment: {EULA: yes, MIX: On, K: y, N: no, T: true, F: 1.10, E: 1e3, O: 010, H: 1:30}}]",
  );
  assert.deepEqual(
    { ...plan.services[0]?.environment },
    { EULA: "yes", MIX: "On", K: "y", N: "no", T: "true", F: "1.10", E: "1e3", O: "010", H: "1:30" },
  );
  assert.match(
    problemsOf("services: [{name: a, command: x, environment: {Z: ~}}]"),
    /services\.a\.environment\.Z: cannot use ~ here: it is null/,
  );
});

// just-containers/s6-overlay#466
test("any legal name of a variable is passed", () => {
  const plan = planOf('services: [{name: a, command: x, environment: {solon.port: "1", "a-b": "2", __proto__: 3}}]');
  assert.deepEqual(Object.entries(plan.services[0]?.environment ?? {}), [
    ["solon.port", "1"],
    ["a-b", "2"],
    ["__proto__", "3"],
  ]);
});

test("${NAME} comes from gonit's environment, then the top-level env_file, then the top-level environment", () => {
  const text = `env_file: top.env
environment: {B: from environment, C: "\${OWN} \${A}"}
services: [{name: a, command: "x \${A} \${B} \${C} \${OWN}", user: "\${OWN}", umask: "\${MODE:-077}", enabled: "\${ON:-false}", description: "$$\${A}"}]`;
  const files = { [main]: text, "/app/top.env": "A='from file'\nB=file\nOWN2=x\n" };
  const [a] = planOf(files, { environment: ["OWN=own", "A=own", "B=own"] }).services;
  assert.deepEqual(a?.command?.argv, ["x", "from file", "from environment", "own from file", "own"]);
  assert.deepEqual([a?.user, a?.umask, a?.enabled, a?.description], ["own", 0o77, false, "$from file"]);
});

test("a service's variables: top level, then its files, then its own", () => {
  const files = {
    [main]:
      "environment: {A: top, B: top, C: top}\nservices: [{name: a, command: x, env_file: [one.env, {path: two.env, required: false}, {path: nope.env, required: false}], environment: {C: own}}]",
    "/app/one.env": "B=one\nC=one\nD=one\n",
    "/app/two.env": "D=two\n",
  };
  const plan = planOf(files);
  const [a] = plan.services;
  assert.deepEqual({ ...a?.environment }, { A: "top", B: "one", C: "own", D: "two" });
  assert.equal(a?.environmentProblem, null);
  assert.deepEqual(
    a?.environmentFiles.map(({ path, required }) => [path, required]),
    [
      ["/app/one.env", true],
      ["/app/two.env", false],
      ["/app/nope.env", false],
    ],
  );
  assert.deepEqual(
    plan.sources.map(({ path }) => path),
    [main, "/app/one.env", "/app/two.env"],
  );
});

test("a file that a service needs and that cannot be read stops this service's start, and no other", () => {
  const files = {
    [main]:
      "services:\n  - {name: a, command: x, env_file: nope.env, environment: {A: 1}}\n  - {name: b, command: x, env_file: bad.env}\n  - {name: c, command: x}",
    "/app/bad.env": "A=1\nBAD LINE\r\n",
  };
  const result = load(files);
  assert.ok("plan" in result);
  const [a, b, c] = result.plan.services;
  assert.equal(a?.environmentProblem, "cannot read nope.env: No such file or directory");
  assert.equal(
    b?.environmentProblem,
    "cannot read bad.env:2:1: the line is no assignment (write NAME=VALUE, or # before a remark)",
  );
  assert.equal(c?.environmentProblem, null);
  assert.deepEqual(result.warnings, [
    "config.yml:2: a will not start: cannot read nope.env: No such file or directory",
    "config.yml:3: b will not start: cannot read bad.env:2:1: the line is no assignment (write NAME=VALUE, or # before a remark)",
  ]);
});

test("an env_file has a byte order mark, CRLF and 1 MiB at most", () => {
  const at = (text: string) => {
    const result = load({ [main]: "services: [{name: a, command: x, env_file: a.env}]", "/app/a.env": text });
    assert.ok("plan" in result);
    const [{ environment, environmentProblem } = { environment: {}, environmentProblem: "" }] = result.plan.services;
    return environmentProblem ?? { ...environment };
  };
  const mebibyte = 1024 * 1024;
  assert.deepEqual(at("\ufeffA=1\r\nB='x y'\r\n"), { A: "1", B: "x y" });
  assert.deepEqual(at(`A=1\n#${"x".repeat(mebibyte - 6)}\n`), { A: "1" });
  assert.equal(at(`A=1\n#${"x".repeat(mebibyte - 5)}\n`), "cannot read a.env: it is larger than 1 MiB");
});

test("a file read again at the start does not win over what the configuration sets", () => {
  const files = { [main]: "services: [{name: a, command: x, env_file: a.env, environment: {A: own}}]" };
  const [a] = planOf(files).services;
  const answer = (text: string) => readEnvironmentFiles(a?.environmentFiles ?? [], memoryFiles({ "/app/a.env": text }));
  assert.deepEqual(JSON.parse(JSON.stringify(answer("A=file\nB=file\n"))), { environment: { B: "file" } });
  assert.deepEqual(answer("B='"), {
    problem:
      "cannot read /app/a.env:1:3: the single quote is not closed (close it, or write \\' for the character itself)",
  });
});

test("a laptop reads .env beside the configuration when no top-level env_file is given", () => {
  const text = 'services: [{name: a, command: "x ${V:-unset}"}]';
  const files = { [main]: text, "/app/.env": "V=dot\n", "/app/other.env": "W=1\n" };
  const argv = (options: object, files: Record<string, string>) => planOf(files, options).services[0]?.command?.argv[1];
  assert.equal(argv({}, files), "dot");
  assert.equal(argv({ workingDirectory: "/app/deeper" }, files), "dot");
  assert.equal(argv({ role: Role.container, path: main }, files), "unset");
  assert.equal(argv({}, { ...files, [main]: `env_file: other.env\n${text}` }), "unset");
  assert.equal(argv({}, { [main]: text }), "unset");
});

test("what the whole needs and cannot have is told at its place", () => {
  assert.match(
    problemsOf({ [main]: "env_file: nope.env\nservices: []" }),
    /^config\.yml:1:11: env_file: cannot read nope\.env: No such file/,
  );
  assert.match(
    problemsOf({ [main]: "env_file: [a.env]\nservices: []", "/app/a.env": "A=$B\n" }),
    /^config\.yml:1:12: env_file\.0: cannot read a\.env:1:3: a shell would replace/,
  );
  assert.match(
    problemsOf("environment: {A: '${NOPE}'}\nservices: []"),
    /^config\.yml:1:18: environment\.A: cannot use "\$\{NOPE\}": the variable NOPE is not set/,
  );
  assert.match(
    problemsOf({ [main]: "services: []", "/app/.env": "A B" }),
    /^\.env:1:1: cannot read the file: the line is no assignment/,
  );
});

// F1bonacc1/process-compose#120, Supervisor/supervisor#291
test("nothing but ${NAME} and $$ is replaced", () => {
  const [a] = planOf(
    `services: [{name: a, command: [x, "$A %s %% %(here)s $(id)"], environment: {S: "x1%2BTV%s%%d%(here)s"}}]`,
  ).services;
  assert.deepEqual(a?.command?.argv, ["x", "$A %s %% %(here)s $(id)"]);
  assert.equal(a?.environment.S, "x1%2BTV%s%%d%(here)s");
});
