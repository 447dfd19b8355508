/* `npm run vm` as a program: what its exit code tells, and that the machine never outlives it. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { kernel, testInitramfs } from "./vm.ts";

interface Runner {
  child: ChildProcess;
  sees(pattern: RegExp): Promise<void>;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
}

function run(t: TestContext, initrd: string, ...words: string[]): Runner {
  const all = ["scripts/setup.mjs", "vm", "--kernel", kernel(), "--append", "quiet", ...words, initrd];
  const child = spawn(process.execPath, all, { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  let look = (): void => undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (bytes: Buffer) => {
      output += bytes.toString();
      look();
    });
  }
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, output }));
  });
  const sees = (pattern: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (pattern.test(output)) resolve();
      };
      look();
      ended.then(() => reject(new Error(`it ended before ${pattern}:\n${output}`)));
    });
  return { child, sees, ended };
}

/** Process number of the QEMU that this process has started. */
function machineOf(parent: number | undefined): number {
  for (const name of readdirSync("/proc").filter((one) => /^\d+$/.test(one))) {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      if (Number(stat.slice(stat.lastIndexOf(")")).split(" ")[2]) === parent) return Number(name);
    } catch {
      /* It has ended since. */
    }
  }
  throw new Error(`process ${parent} has no child`);
}

/** Resolves when a process has ended; one that waits to be reaped has. */
async function goneSoon(pid: number): Promise<void> {
  const stat = (): string => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "utf8");
    } catch {
      return "(gone) X";
    }
  };
  for (let turns = 0; !/\) [ZX]/.test(stat()); turns++) {
    assert.ok(turns < 6000, `process ${pid} is still there`);
    await new Promise((wake) => setTimeout(wake, 10));
  }
}

test("exit code 0 after a power-off, what is typed on standard input reaches the guest", async (t) => {
  const runner = run(t, testInitramfs(t));
  await runner.sees(/vm-init is ready/);
  runner.child.stdin?.write("echo all is well\npoweroff\n");
  const { code, output } = await runner.ended;
  assert.equal(code, 0, output);
  assert.match(output, /^all is well\r?$/m);
});

test("--status: the guest's number; 125 when QEMU cannot start, with its words", async (t) => {
  const initrd = testInitramfs(t);
  const runner = run(t, initrd, "--status");
  await runner.sees(/vm-init is ready/);
  runner.child.stdin?.write("status 5\n");
  assert.equal((await runner.ended).code, 5);
  const failed = await run(t, initrd, "--kernel", "/nonexistent/kernel").ended;
  assert.equal(failed.code, 125, failed.output);
  assert.match(failed.output, /cannot start the machine: .*nonexistent/);
});

test("--timeout: 124; a signal to the runner: 128 + its number; both end the machine", async (t) => {
  const initrd = testInitramfs(t);
  assert.equal((await run(t, initrd, "--timeout", "1s").ended).code, 124);
  const runner = run(t, initrd);
  await runner.sees(/vm-init is ready/);
  const machine = machineOf(runner.child.pid);
  runner.child.kill("SIGTERM");
  assert.equal((await runner.ended).code, 143);
  assert.ok(!existsSync(`/proc/${machine}`));
});

test("the kernel ends the machine when the runner is killed", async (t) => {
  const runner = run(t, testInitramfs(t));
  await runner.sees(/vm-init is ready/);
  const machine = machineOf(runner.child.pid);
  runner.child.kill("SIGKILL");
  assert.equal((await runner.ended).signal, "SIGKILL");
  await goneSoon(machine);
});
