/*
 * Boots of a virtual machine by turns: a static program that says hello as process 1, and gonit as process 1 with services
 * that say it. Times from the kernel's hand-over (its line `Run /init as init process`) and from the start of QEMU, seen
 * from outside on the serial console. Medians; an emulated machine is slow, so it is the difference that counts.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const gonit = readFileSync(process.env.GONIT_BINARY ?? "dist/gonit");
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
  totalMs: number;
  sinceHandOverMs: number;
}

/** Boots until the words have come so many times. */
async function measure(initrd: string, times: number): Promise<Times> {
  const beganMs = performance.now();
  const machine = startMachine({ kernel, initrd, append: "panic=-1" }, accelerator);
  const timer = setTimeout(machine.kill, limitMs);
  let text = "";
  let handOverMs = Number.NaN;
  let endMs = Number.NaN;
  machine.output.on("data", (bytes: Buffer) => {
    text += bytes.toString();
    if (Number.isNaN(handOverMs) && text.includes("Run /init as init process")) handOverMs = performance.now();
    if (Number.isNaN(endMs) && text.split("hello from user space").length > times) {
      endMs = performance.now();
      machine.kill();
    }
  });
  await machine.ended;
  clearTimeout(timer);
  if (Number.isNaN(endMs)) throw new Error(`the machine said hello less than ${times} times:\n${text}`);
  return { totalMs: endMs - beganMs, sinceHandOverMs: endMs - handOverMs };
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

function show(title: string, times: Times[]): void {
  const total = median(times.map((one) => one.totalMs));
  const since = median(times.map((one) => one.sinceHandOverMs));
  console.log(`${title.padEnd(36)} ${since.toFixed(0).padStart(6)} ms ${total.toFixed(0).padStart(8)} ms`);
}

const lines = Array.from({ length: services }, (_, at) => `  - {name: s${at}, command: /bin/hello, logs: console}`);
const images = {
  hello: archive("hello", { init: hello }),
  gonit: archive("gonit", {
    init: gonit,
    "bin/hello": hello,
    "system/config.yml": `services:\n${lines.join("\n")}\n`,
  }),
};
const results: { hello: Times[]; gonit: Times[] } = { hello: [], gonit: [] };
try {
  for (let round = 0; round < rounds; round++) {
    results.hello.push(await measure(images.hello, 1));
    results.gonit.push(await measure(images.gonit, services));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${rounds} boots each, ${accelerator}${" ".repeat(14)}since the hand-over    whole`);
show("a static program as process 1", results.hello);
show(`gonit with ${services} services, all started`, results.gonit);
