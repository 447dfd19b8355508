/*
 * Boots of a virtual machine by turns: a static program that says hello as process 1, and gonit as process 1 with services
 * that say it, by the plan that the image builder would have stored. First by the guest's own clock while QEMU counts
 * instructions (-icount, one a nanosecond): that is the work done, the same on every host. Then by the clock on the wall,
 * from the start of QEMU to the last hello. There an emulator also pays for each piece of code that runs for the first
 * time, some 20 microseconds, which is most of the difference; a processor does not.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpioArchive } from "../scripts/image/cpio.ts";
import { Tree } from "../scripts/image/tree.ts";
import { startMachine } from "../scripts/vm/machine.ts";
import type { Accelerator } from "../scripts/vm/qemu-arguments.ts";

const rounds = Number(process.env.BENCH_ROUNDS ?? 20);
const services = 10;
const kernel = process.env.GONIT_KERNEL ?? "";
const accelerator = (process.env.GONIT_ACCELERATOR ?? "tcg") as Accelerator;
const hello = readFileSync(join(process.env.GONIT_BENCH ?? ".cache/bench", "hello"));
const binary = process.env.GONIT_BINARY ?? "dist/gonit";
const folder = mkdtempSync(join(tmpdir(), "gonit-boot-"));
const limitMs = 120_000;

function archive(name: string, files: Record<string, Buffer | string>): string {
  const tree = new Tree();
  for (const [path, content] of Object.entries(files)) tree.file(path, content, 0o755);
  for (const path of ["dev", "proc", "sys", "run", "tmp"]) tree.folder(path);
  const path = join(folder, `${name}.cpio`);
  writeFileSync(path, cpioArchive(tree.entries(), 0));
  return path;
}

interface Times {
  /** From QEMU's start to the last hello. */
  wallMs: number;
  /** What the guest's clock said at the last hello. */
  guestMs: number;
}

/** Boots until the words have come so many times. */
async function measure(initrd: string, times: number, more: string[] = []): Promise<Times> {
  const beganMs = performance.now();
  const machine = startMachine({ kernel, initrd, append: "panic=-1 quiet", more }, accelerator);
  const timer = setTimeout(machine.kill, limitMs);
  let text = "";
  let endMs = Number.NaN;
  machine.output.on("data", (bytes: Buffer) => {
    text += bytes.toString();
    if (Number.isNaN(endMs) && helloTimes(text).length >= times) {
      endMs = performance.now();
      machine.kill();
    }
  });
  await machine.ended;
  clearTimeout(timer);
  if (Number.isNaN(endMs)) throw new Error(`the machine said hello less than ${times} times:\n${text}`);
  return { wallMs: endMs - beganMs, guestMs: Math.max(...helloTimes(text)) };
}

/** Milliseconds, from whole lines. */
function helloTimes(text: string): number[] {
  return [...text.matchAll(/hello from user space at (\d+\.\d+) s\r?\n/g)].map(([, seconds]) => Number(seconds) * 1000);
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function show(title: string, helloMs: number, gonitMs: number): void {
  const ratio = (gonitMs / helloMs).toFixed(3);
  console.log(`${title.padEnd(40)} ${helloMs.toFixed(0).padStart(6)} ms ${gonitMs.toFixed(0).padStart(6)} ms ${ratio}`);
}

/** As the image builder does it. */
function storedPlan(configuration: string): Buffer {
  const root = join(folder, "root");
  mkdirSync(join(root, "system"), { recursive: true });
  writeFileSync(join(root, "system/config.yml"), configuration);
  return execFileSync(binary, ["config", "--root", root, "--stored"]);
}

const lines = Array.from({ length: services }, (_, at) => `  - {name: s${at}, command: /bin/hello, logs: console}`);
const configuration = `services:\n${lines.join("\n")}\n`;
const counting = ["-icount", "shift=0,sleep=off"];
try {
  const images = {
    hello: archive("hello", { init: hello }),
    gonit: archive("gonit", {
      init: readFileSync(binary),
      "bin/hello": hello,
      "system/config.yml": configuration,
      "system/config.plan": storedPlan(configuration),
    }),
  };
  console.log(`${"".padEnd(40)}     hello     gonit with ${services} services`);
  if (accelerator === "tcg") {
    const [one, ours] = [await measure(images.hello, 1, counting), await measure(images.gonit, services, counting)];
    show("instructions, one a nanosecond", one.guestMs, ours.guestMs);
  }
  const wall: { hello: number[]; gonit: number[] } = { hello: [], gonit: [] };
  for (let round = 0; round < rounds; round++) {
    wall.hello.push((await measure(images.hello, 1)).wallMs);
    wall.gonit.push((await measure(images.gonit, services)).wallMs);
  }
  show(`${rounds} boots by turns on ${accelerator}, median`, median(wall.hello), median(wall.gonit));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
