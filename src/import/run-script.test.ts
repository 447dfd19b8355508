import assert from "node:assert/strict";
import { test } from "node:test";
import { logFolder, readScript, scriptCommand } from "./run-script.ts";

const head = "#!/bin/sh\n# A remark.\nexec 2>&1\n";

test("readScript() takes the program out of a script that does nothing else", () => {
  const texts: [text: string, command: string, more?: object][] = [
    ["exec serve --port 80\n", "serve --port 80"],
    ["exec chpst -u www:web serve\n", "serve", { user: "www", group: "web" }],
    [
      "cd /srv/www\nset -eu\nexec s6-setuidgid www \\\n  serve \\\n  --now\n",
      "serve --now",
      { user: "www", directory: "/srv/www" },
    ],
    ['exec serve "$PORT" 2>&1\n', 'exec serve "$PORT"', { isShell: true }],
  ];
  for (const [text, command, more] of texts) {
    const usual = { command, isShell: false, user: null, group: null, directory: null };
    assert.deepEqual(readScript(head + text), { ...usual, ...more });
  }
  const chain = "#!/command/execlineb -P\nfdmove -c 2 1\ns6-setuidgid www\nserve -a\n";
  assert.deepEqual(readScript(chain)?.command, "serve -a");
});

test("readScript() leaves alone what does more", () => {
  const texts = [
    "exec chpst -e env serve\n",
    "A=1\nexec serve\n",
    "serve\n",
    "exec 2>&1\n",
    "exec > log\n",
    "if x; then\n  exec a\nfi\nexec b\n",
    "exec chpst -u www -o 5 serve\n",
  ];
  for (const text of texts) assert.equal(readScript(`#!/bin/sh\n${text}`), null, text);
  for (const text of [
    "#!/usr/bin/env python3\nexec serve\n",
    "exec serve\n",
    "",
    "#!/command/execlineb -P\nif { a }\nb\n",
  ])
    assert.equal(readScript(text), null, text);
});

test("scriptCommand() goes without what s6-overlay brings", () => {
  assert.equal(scriptCommand("#!/command/with-contenv bash\n", "./run"), "bash ./run");
  assert.equal(scriptCommand("#!/usr/bin/with-contenv sh\n", "a/run"), "sh a/run");
  assert.equal(scriptCommand("#!/bin/sh\n", "./run"), "./run");
});

test("logFolder() finds where lines are kept", () => {
  assert.equal(logFolder("#!/bin/sh\nexec svlogd -tt /var/log/web\n"), "/var/log/web");
  assert.equal(logFolder("#!/bin/sh\nexec svlogd ./main\n"), "./main");
  assert.equal(
    logFolder("#!/command/execlineb -P\ns6-setuidgid log s6-log -b n20 s100 T /var/log/web\n"),
    "/var/log/web",
  );
  assert.equal(logFolder("#!/bin/sh\nexec logutil-service /var/log/web\n"), "/var/log/web");
  assert.equal(logFolder("#!/bin/sh\nexec logger -t web\n"), null);
  assert.equal(logFolder('#!/bin/sh\nexec svlogd "$DIR"\n'), null);
});
