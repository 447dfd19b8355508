/* One service's output as another one's input. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { start } from "./gonit.ts";

test("no byte is lost between two services while each of them, and the manager, dies again and again", async (context) => {
  const lines = 1000;
  const gonit = start(
    context,
    (folder) => `defaults: {restart: {policy: always, delay: 1ms, max_delay: 1ms}}
services:
  - name: writer
    shell: true
    command: |
      read at 2>/dev/null <${folder}/at || at=0
      while [ $at -lt ${lines} ]; do
        at=$((at+1)); echo $at >${folder}/at.new; mv ${folder}/at.new ${folder}/at; echo line $at
        [ $((at % 150)) -ne 0 ] || exit 1
      done
      echo the end >&2; exec sleep 1000
  - name: reader
    shell: true
    stdin: {from: writer}
    command: |
      count=0
      while read line; do echo "$line" >>${folder}/read; count=$((count+1)); [ $count -lt 220 ] || exit 1; done
`,
    { endsRoles: true },
  );
  const read = () => {
    try {
      return readFileSync(join(gonit.folder, "read"), "utf8");
    } catch {
      return "";
    }
  };
  await gonit.until("a part has arrived", () => read().includes("line 300\n"));
  process.kill(gonit.role("manager"), "SIGKILL");
  await gonit.until("all has arrived", () => read().includes(`line ${lines}\n`));
  assert.equal(read(), Array.from({ length: lines }, (_, at) => `line ${at + 1}\n`).join(""));
  await gonit.sees(/^writer \| the end$/m);
});

test("what a task writes ends with it, and goes on when it runs again", async (context) => {
  const gonit = start(
    context,
    `services:
  - {name: list, type: task, shell: true, command: "until [ -e go ]; do sleep 0.02; done; rm go; seq 3"}
  - {name: sum, type: task, shell: true, command: "awk '{ s += $1 } END { print \\"sum\\", s }'", stdin: {from: list}}
  - {name: keeper, command: sleep 1000}
`,
  );
  await gonit.until("both run", () => gonit.service("sum").pid !== null && gonit.service("list").pid !== null);
  writeFileSync(join(gonit.folder, "go"), "");
  await gonit.until("both are done", () => gonit.service("sum").state === "done");
  await gonit.sees(/^sum \| sum 6$/m);
  writeFileSync(join(gonit.folder, "go"), "");
  assert.equal(gonit.client("restart", "list", "sum").code, 0);
  await gonit.until("it was added up again", () => gonit.output().match(/^sum \| sum 6$/gm)?.length === 2);
});
