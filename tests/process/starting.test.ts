/** Starts that fail or hang, each for another reason: told by its step and cause, no loop, well again once it is mended. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { descriptorsOf } from "./aftermath.ts";
import { start } from "./gonit.ts";

/** A service that cannot be started, what is told about it, and what mends it. */
interface Mistake {
  name: string;
  keys: string;
  reason: RegExp;
  mend: (folder: string) => void;
}

const script = "#!/bin/sh\nexec sleep 1000\n";

function writeProgram(path: string, text = script, mode = 0o755): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

const mistakes: Mistake[] = [
  {
    name: "missing",
    keys: "command: ./missing",
    reason: /cannot run \.\/missing: No such file or directory/,
    mend: (folder) => writeProgram(join(folder, "missing")),
  },
  {
    name: "unknown",
    keys: "command: gonit-has-no-such-program, environment: {PATH: FOLDER/bin}",
    reason: /cannot run gonit-has-no-such-program: not found in PATH \(.*\/bin\)/,
    mend: (folder) => {
      mkdirSync(join(folder, "bin"));
      spawnSync("ln", ["-s", "/bin/sleep", join(folder, "sleep")]);
      writeProgram(join(folder, "bin/gonit-has-no-such-program"), "#!/bin/sh\nexec /bin/sleep 1000\n");
    },
  },
  {
    name: "plain",
    keys: "command: ./plain",
    reason: /cannot run \.\/plain: it is not executable \(chmod \+x .*plain\)/,
    mend: (folder) => chmodSync(join(folder, "plain"), 0o755),
  },
  {
    name: "folder",
    keys: "command: ./folder",
    reason: /cannot run \.\/folder: it is a directory/,
    mend: (folder) => {
      spawnSync("rmdir", [join(folder, "folder")]);
      writeProgram(join(folder, "folder"));
    },
  },
  {
    name: "interpreter",
    keys: "command: ./interpreter",
    reason: /cannot run \.\/interpreter: its interpreter \/nonexistent\/sh is missing/,
    mend: (folder) => writeProgram(join(folder, "interpreter")),
  },
  {
    name: "crlf",
    keys: "command: ./crlf",
    reason: /cannot run \.\/crlf: its first line ends in CR LF, so that its interpreter is "\/bin\/sh\\r"/,
    mend: (folder) => writeProgram(join(folder, "crlf")),
  },
  {
    name: "garbage",
    keys: "command: ./garbage",
    reason:
      /cannot run \.\/garbage: Exec format error: it is no program for this machine, nor a script that begins with #!/,
    mend: (folder) => writeProgram(join(folder, "garbage")),
  },
  {
    name: "nodir",
    keys: "command: sleep 1000, directory: FOLDER/nodir",
    reason: /cannot enter the directory .*\/nodir: No such file or directory/,
    mend: (folder) => mkdirSync(join(folder, "nodir")),
  },
  {
    name: "noenv",
    keys: "command: sleep 1000, env_file: missing.env",
    reason: /cannot read .*missing\.env: No such file or directory/,
    mend: (folder) => writeFileSync(join(folder, "missing.env"), "A=1\n"),
  },
  {
    name: "badenv",
    keys: "command: sleep 1000, env_file: bad.env",
    reason: /bad\.env:1:1.*/,
    mend: (folder) => writeFileSync(join(folder, "bad.env"), "A=1\n"),
  },
  {
    name: "noinput",
    keys: "command: sleep 1000, stdin: {file: input}",
    reason: /cannot open its standard input .*input: No such file or directory/,
    mend: (folder) => writeFileSync(join(folder, "input"), ""),
  },
  {
    name: "nouser",
    keys: "command: sleep 1000, user: gonit-has-no-such-user",
    reason: /there is no user gonit-has-no-such-user/,
    mend: () => {},
  },
];

function prepare(folder: string): void {
  writeProgram(join(folder, "plain"), script, 0o644);
  mkdirSync(join(folder, "folder"));
  writeProgram(join(folder, "interpreter"), "#!/nonexistent/sh -e\n");
  writeProgram(join(folder, "crlf"), "#!/bin/sh\r\nexec sleep 1000\r\n");
  writeProgram(join(folder, "garbage"), "\x01\x02\x03no program\n");
  writeFileSync(join(folder, "bad.env"), "what is this\n");
}

/** Started by hand, when the folder has what the test needs. */
function disabled(services: string[]): string {
  return `services:\n${services.map((keys) => `  - {enabled: false, ${keys}}`).join("\n")}\n  - {name: keeper, command: sleep 1000}\n`;
}

test("a start that cannot succeed fails once, says step and cause everywhere, and succeeds when it is mended", async (context) => {
  const gonit = start(context, (folder) =>
    disabled(mistakes.map(({ name, keys }) => `name: ${name}, ${keys.replaceAll("FOLDER", folder)}`)),
  );
  await gonit.sees(/msg="Started service".*service=keeper/);
  prepare(gonit.folder);
  for (const { name, reason } of mistakes) {
    const run = gonit.client("start", name);
    assert.equal(run.code, 1, name);
    assert.match(run.stdout + run.stderr, reason, name);
    const view = gonit.service(name);
    assert.deepEqual([view.state, view.restarts], ["failed", 0], name);
    assert.match(view.shown, reason);
    const why = gonit.client("why", name);
    assert.match(why.stdout, reason);
    assert.match(why.stdout, new RegExp(`release +mend the cause, then gonit start ${name}`));
  }
  for (const { name, mend } of mistakes) {
    mend(gonit.folder);
    if (name === "nouser") continue;
    const run = gonit.client("start", name);
    assert.equal(run.code, 0, run.stdout + run.stderr);
    assert.equal(gonit.service(name).state, "ready");
  }
  await gonit.sees(/msg="Started service".*service=noinput/);
  // None was tried again by itself meanwhile: each twice but for the one that cannot be mended here, and keeper.
  assert.equal(gonit.output().match(/msg="Starting service"/g)?.length, 2 * mistakes.length);
});

test("failed starts leave no descriptor behind, in manager and init", async (context) => {
  const gonit = start(context, (folder) =>
    disabled(mistakes.map(({ name, keys }) => `name: ${name}, ready: notify, ${keys.replaceAll("FOLDER", folder)}`)),
  );
  await gonit.sees(/msg="Started service".*service=keeper/);
  prepare(gonit.folder);
  const round = () => {
    for (const { name } of mistakes) assert.equal(gonit.client("start", name).code, 1);
    return ["manager", "init"].map((role) => descriptorsOf(gonit.role(role as "init")));
  };
  // The first round makes what is kept: log pipes, notify sockets.
  const first = round();
  round();
  assert.deepEqual(round(), first);
});
