/** `gonit import` in the real binary: what it prints of each kind runs, what cannot be read is refused, nothing is written. */
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { afterwards, binary, folderFor, start, watch } from "./gonit.ts";

/** Against hanging only. */
const patienceMs = 60_000;

type Files = { [path: string]: string };

function write(folder: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }
}

function gonit(folder: string, ...words: string[]) {
  const run = spawnSync(binary(), words, {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, GONIT_ROLE: "laptop", GONIT_SOCKET: "@gonit-test-nobody" },
    encoding: "utf8",
    timeout: patienceMs,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { code: run.status, stdout: run.stdout, stderr: run.stderr };
}

/** Files of a kind, what is imported, and what is seen when it runs, in any order. */
const kinds: { kind: string; files: Files; words: string[]; sees: RegExp[] }[] = [
  {
    kind: "procfile",
    words: ["Procfile"],
    files: {
      Procfile: 'web: echo "web $GREETING on $PORT"; exec sleep 1000\nrelease: echo "migrated first"\n',
      ".env": "GREETING='hello, you'\nPORT=7000\n",
    },
    sees: [/web hello, you on 7000/, /migrated first/],
  },
  {
    kind: "supervisord",
    words: ["supervisord.conf"],
    files: {
      "supervisord.conf": "[include]\nfiles = conf.d/*.conf\n",
      "conf.d/web.conf":
        '[program:web]\ncommand=/bin/sh -c "echo %(process_num)s is 100%% $A; exec sleep 1000"\n' +
        'process_name=%(program_name)s-%(process_num)d\nnumprocs=2\nenvironment=A="a, b"\n',
    },
    sees: [/web-0 *\| 0 is 100% a, b/, /web-1 *\| 1 is 100% a, b/],
  },
  {
    kind: "compose",
    words: ["compose.yaml"],
    files: {
      "compose.yaml":
        "services:\n  web:\n    command: sh -c 'echo started behind $$(cat done); exec sleep 1000'\n" +
        "    depends_on: {migrate: {condition: service_completed_successfully}, db: {condition: service_healthy}}\n" +
        "  migrate: {command: sh -c 'echo migration > done'}\n" +
        "  db:\n    command: sh -c 'touch up; exec sleep 1000'\n" +
        "    healthcheck: {test: test -e up && echo asked, interval: 1s, start_interval: 100ms}\n",
    },
    sees: [/started behind migration/],
  },
  {
    kind: "systemd",
    words: ["units"],
    files: {
      "units/web.service":
        "[Unit]\nRequires=prepare.service\n[Service]\nEnvironment=WHO=world PRICE=5$\nEnvironmentFile=units.env\n" +
        'ExecStartPre=-/bin/false\nExecStart=/bin/sh -c \'echo "hello $1 for $2"; exec sleep 1000\' sh ${WHO} "$PRICE, ${MORE}"\n' +
        "[Install]\nWantedBy=multi-user.target\n",
      "units/prepare.service": "[Service]\nType=oneshot\nExecStart=/bin/echo one\nExecStart=/bin/echo prepared\n",
      "units/api.socket": `[Socket]\nListenStream=@gonit-import-${process.pid}\nFileDescriptorName=main\n`,
      "units/api.service":
        "[Service]\nExecStart=/bin/sh -c 'echo $$LISTEN_FDS socket $$LISTEN_FDNAMES; exec sleep 1000'\n[Install]\nWantedBy=a.target\n",
      "units/tick.timer": "[Timer]\nOnBootSec=0\n",
      "units/tick.service": "[Service]\nType=oneshot\nExecStart=/bin/echo ticked\n",
      "units.env": "MORE='and more'\n",
    },
    sees: [/hello world for \$PRICE, and more/, /prepare *\| prepared/, /api *\| 1 socket main/, /tick *\| ticked/],
  },
  {
    kind: "process-compose",
    words: ["process-compose.yaml"],
    files: {
      "process-compose.yaml":
        "vars: {WORD: rendered}\nprocesses:\n  db:\n    command: touch up && exec sleep 1000\n" +
        "    readiness_probe: {exec: {command: test -e up}, period_seconds: 1}\n" +
        '  web:\n    command: test -e up && echo "web is {{.WORD}} for $$WHO"; exec sleep 1000\n' +
        '    environment: ["WHO=you"]\n    depends_on: {db: {condition: process_healthy}}\n',
    },
    sees: [/web is rendered for you/],
  },
  {
    kind: "runit",
    words: ["sv"],
    files: {
      "sv/web/run":
        '#!/bin/sh\nexec 2>&1\nWORD=scripts\necho "run by $WORD in $(basename "$(pwd)")"\ntouch ready\nexec sleep 1000\n',
      "sv/web/check": "#!/bin/sh\nexec test -e ready\n",
      "sv/web/log/run": "#!/bin/sh\nexec sed -u 's/^/logged: /'\n",
      "sv/plain/run": "#!/bin/sh\nexec sh -c 'echo plainly; exec sleep 1000'\n",
    },
    sees: [/web-log *\| logged: run by scripts in web/, /plain *\| plainly/],
  },
  {
    kind: "s6",
    words: ["s6-rc.d"],
    files: {
      "s6-rc.d/web/type": "longrun\n",
      "s6-rc.d/web/run": "#!/bin/sh\nexec sh -c 'echo web runs; exec sleep 1000'\n",
      "s6-rc.d/web/dependencies.d/db": "",
      "s6-rc.d/db/type": "longrun\n",
      "s6-rc.d/db/run": "#!/bin/sh\necho db is up\necho >&3\nexec 3>&-\nexec sleep 1000\n",
      "s6-rc.d/db/notification-fd": "3\n",
      "s6-rc.d/db/dependencies.d/init": "",
      "s6-rc.d/init/type": "oneshot\n",
      "s6-rc.d/init/up": 'echo "initialised first"\n',
    },
    sees: [/web runs/, /db is up/, /initialised first/],
  },
  {
    kind: "pebble",
    words: ["layers"],
    files: {
      "layers/001-base.yaml":
        "services:\n  web: {override: replace, command: 'sh -c \"echo $0 $NUMBER; exec sleep 1000\" [ old ]', startup: enabled, environment: {NUMBER: 1}}\n",
      "layers/002-more.yaml": "services:\n  web: {override: merge, environment: {NUMBER: 2}}\n",
    },
    sees: [/old 2/],
  },
];

for (const { kind, files, words, sees } of kinds) {
  test(`what is imported from ${kind} passes check and runs`, async (t) => {
    const started = start(t, (folder) => {
      write(folder, files);
      const before = readdirSync(folder, { recursive: true }).map(String).sort();
      const { code, stdout, stderr } = gonit(folder, "import", ...words);
      assert.equal(code, 0, stderr);
      assert.match(stderr, new RegExp(`imported \\d services? from ${kind}; everything is carried over\n$`));
      assert.deepEqual(readdirSync(folder, { recursive: true }).map(String).sort(), before, "no file is written");
      writeFileSync(join(folder, "config.yml"), stdout);
      assert.match(gonit(folder, "check").stdout, /^the configuration is good/);
      return stdout;
    });
    for (const pattern of sees) await started.sees(pattern);
    const state = JSON.parse(gonit(started.folder, "import", ...words, "--json").stdout) as { services: string[] };
    await started.until("all services are up or done", () =>
      state.services.every((name) => /^(?:running|ready|done)$/.test(started.service(name).shown)),
    );
  });
}

/** `gonit up` in a folder, as one types it. */
function up(t: TestContext, files: Files) {
  const folder = folderFor(t);
  write(folder, files);
  const child = spawn(binary(), ["up", "--socket", join(folder, "control.sock"), "--log-format", "logfmt"], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const watched = watch(child);
  afterwards(t, async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await watched.ended;
  });
  return { folder, ...watched };
}

test("gonit up runs a Procfile where there is no config.yml; the first end takes the others with it", async (t) => {
  const { folder, sees, ended, output } = up(t, {
    Procfile: 'web: echo "web on $PORT"; while ! test -e end; do sleep 0.05; done; exit 3\nworker: exec sleep 1000\n',
  });
  await sees(/web on 5000/);
  await sees(/Started service.*service=worker/);
  writeFileSync(join(folder, "end"), "");
  assert.equal(await ended, 3, output());
});

test("the client finds the Procfile of its folder, beside another one that runs", async (t) => {
  const run = (name: string) => {
    const folder = folderFor(t);
    write(folder, { Procfile: `${name}: exec sleep 1000\n` });
    const env = { PATH: process.env.PATH ?? "", HOME: folder };
    const words = (...some: string[]) =>
      spawnSync(binary(), some, { cwd: folder, env, encoding: "utf8", timeout: patienceMs });
    const child = spawn(binary(), ["up"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
    const watched = watch(child);
    afterwards(t, async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
      await watched.ended;
    });
    return { ...watched, words };
  };
  const [one, two] = [run("one"), run("two")];
  await one.sees(/Started service.*one/);
  await two.sees(/Started service.*two/);
  assert.match(one.words("status").stdout, /^one +running/m);
  assert.match(two.words("status").stdout, /^two +running/m);
});

test("a Procfile with a line that is none is told with its place", async (t) => {
  const { ended, output } = up(t, { Procfile: "web: sleep 1\nworker sleep 1\n" });
  assert.equal(await ended, 2, output());
  assert.match(output(), /Procfile:2:1: cannot read the line: it is no NAME: COMMAND/);
});

test("percent signs and dollars of other managers reach the program as they were meant", async (t) => {
  const started = start(t, (folder) => {
    write(folder, {
      "a.service":
        "[Service]\nExecStart=/bin/sh -c 'echo \"$$1 $1 100%% $${X-unset} [$@]\"; exec sleep 1000' sh '$$' \"${Y}\"\n[Install]\nWantedBy=multi-user.target\n",
    });
    return gonit(folder, "import", "a.service").stdout;
  });
  // $$ is a dollar for systemd, so that the shell sees $1 and ${X-unset}.
  await started.sees(/\$ \$ 100% unset \[\$ ?\]/);
});

interface Refused {
  name: string;
  files: Files;
  words: string[];
  code?: number;
  stderr: RegExp;
}

const refused: Refused[] = [
  { name: "nothing", files: {}, words: [], code: 2, stderr: /^gonit: cannot import nothing: name a file or a folder/ },
  {
    name: "an unknown kind",
    files: {},
    words: ["x", "--from", "supervisor"],
    code: 2,
    stderr: /it is none of procfile, .*; did you mean supervisord\?/,
  },
  {
    name: "a file that is missing",
    files: {},
    words: ["gone.yml"],
    stderr: /cannot read gone\.yml: No such file or directory/,
  },
  {
    name: "a unit that is missing",
    files: {},
    words: ["web@a.service"],
    stderr: /there is no such file, and no web@\.service/,
  },
  {
    name: "an empty folder",
    files: { "a/b": "" },
    words: ["a"],
    stderr: /cannot import a: nothing in it is of a kind that is known\n {2}fix: name a file, or write --from/,
  },
  {
    name: "a folder with several kinds",
    files: { Procfile: "a: b\n", "compose.yaml": "services: {}\n" },
    words: ["."],
    stderr: /cannot choose in \.: it holds Procfile, compose\.yaml\n {2}fix: name one of them/,
  },
  {
    name: "zero bytes",
    files: { Procfile: "a: b\0c\n" },
    words: ["Procfile"],
    stderr: /it is no text, it holds zero bytes/,
  },
  {
    name: "gonit's own configuration",
    files: { "config.yml": "services:\n  - {name: a, command: x}\n" },
    words: ["config.yml"],
    stderr: /it is gonit's own already/,
  },
  {
    name: "YAML that is none, with the place",
    files: { "compose.yaml": "services:\n  a: [\n" },
    words: ["compose.yaml"],
    stderr: /^gonit: compose\.yaml:\d+:\d+: /,
  },
  {
    name: "aliases that expand without end",
    files: {
      "compose.yaml": `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(",")}]\n`)
        .join("")}services: {a: {command: x}}\n`,
    },
    words: ["compose.yaml"],
    stderr: /it has more than 250000 values, those that aliases repeat counted too/,
  },
  {
    name: "units of another type",
    files: { "data.mount": "[Mount]\nWhat=x\n" },
    words: ["data.mount"],
    stderr: /of systemd's units, services, sockets, timers and targets are imported/,
  },
  {
    name: "services that need each other",
    files: { "compose.yaml": "services:\n  a: {command: x, depends_on: [b]}\n  b: {command: x, depends_on: [a]}\n" },
    words: ["compose.yaml"],
    stderr: /a → b → a is a cycle[\s\S]*the configuration cannot be used as it is/,
  },
  {
    name: "several kinds at once",
    files: { Procfile: "a: b\n", "a.service": "[Service]\nExecStart=/bin/a\n" },
    words: ["Procfile", "a.service"],
    stderr: /cannot import procfile and systemd together/,
  },
];

for (const { name, files, words, code = 1, stderr } of refused) {
  test(`refused: ${name}`, (t) => {
    const folder = folderFor(t);
    write(folder, files);
    const run = gonit(folder, "import", ...words);
    assert.match(run.stderr, stderr);
    assert.equal(run.code, code);
  });
}

test("a file that is too large, one that is no file, and one that is not UTF-8 are refused", (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, "Procfile"), Buffer.alloc(5 * 1024 * 1024, "#"));
  assert.match(gonit(folder, "import", "Procfile").stderr, /cannot read Procfile: it is larger than 4 MiB/);
  execFileSync("mkfifo", [join(folder, "web.service")]);
  assert.match(gonit(folder, "import", "web.service").stderr, /cannot read web\.service: it is no regular file/);
  writeFileSync(join(folder, "supervisord.conf"), Buffer.from("[program:a]\ncommand=\xff\n", "latin1"));
  assert.match(
    gonit(folder, "import", "supervisord.conf").stderr,
    /cannot read supervisord\.conf:2:9: the byte 0xff is no UTF-8 \(save it as UTF-8\)/,
  );
});

test("links in a circle, names with escapes and includes of everything end, and move no cursor", (t) => {
  const folder = folderFor(t);
  write(folder, { "sv/web/run": "#!/bin/sh\nexec web\n", "sv/a\nb\x1b[31m/run": "#!/bin/sh\nexec odd\n" });
  symlinkSync("../web", join(folder, "sv/web/again"));
  symlinkSync(".", join(folder, "sv/loop"));
  symlinkSync("loop", join(folder, "sv/loop/loop2"));
  const run = gonit(folder, "import", "--from", "runit", "sv");
  assert.equal(run.code, 0, run.stderr);
  assert.match(run.stdout, /^ {2}- name: a-b-31m$/m);
  assert.doesNotMatch(run.stdout + run.stderr, /\x1b/);
  write(folder, {
    "supervisord.conf":
      "[include]\nfiles = *.conf ../../../../../proc/*/* /dev/* conf.d/../*.conf\n[program:a]\ncommand=x\n",
  });
  const wide = gonit(folder, "import", "supervisord.conf");
  // Whatever lies in /proc cannot be configuration; it is refused, or told, and nothing hangs.
  assert.match(wide.stderr, /cannot read|imported 1 service/);
});

test("--json holds the configuration and the list", (t) => {
  const folder = folderFor(t);
  write(folder, { "compose.yaml": "services:\n  web:\n    command: serve\n    ports: ['80:80']\n" });
  const { code, stdout, stderr } = gonit(folder, "import", "compose.yaml", "--json");
  assert.deepEqual([code, stderr], [0, ""]);
  const found = JSON.parse(stdout);
  assert.deepEqual(
    [found.ok, found.kind, found.services, found.problems, found.notCarriedOver.length],
    [true, "compose", ["web"], [], 1],
  );
  const [note] = found.notCarriedOver;
  assert.deepEqual([note.file, note.line, note.key], ["compose.yaml", 4, "services.web.ports"]);
  assert.ok(note.reason !== "" && note.fix !== "");
  assert.match(found.configuration, /^ {2}- name: web\n {4}command: serve$/m);
  assert.equal(statSync(folder).isDirectory(), true);
});
