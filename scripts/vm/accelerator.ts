/*
 * Whether machines may run under KVM. That /dev/kvm opens proves nothing: where this machine is itself a guest, QEMU can
 * start under KVM and the guest still stand still. So a probe boots the kernel in question without a root: when it gets as
 * far as missing that within 5 s, KVM works. Else, and on every doubt, QEMU emulates (TCG).
 */
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startMachine } from "./machine.ts";
import type { Accelerator } from "./qemu-arguments.ts";

const PROBE_LIMIT_MS = 5000;
const MARKER = /Unable to mount root fs|No working init found/;

function mayOpenKvm(): boolean {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Boots the kernel under KVM until it misses its root, for 5 s at most. */
async function probe(kernel: string): Promise<boolean> {
  const machine = startMachine({ kernel, append: "panic=-1" }, "kvm");
  const timer = setTimeout(() => machine.kill(), PROBE_LIMIT_MS);
  let text = "";
  let seen = false;
  machine.output.on("data", (bytes: Buffer) => {
    text += bytes.toString();
    if (!seen && MARKER.test(text)) {
      seen = true;
      machine.kill();
    }
  });
  await machine.ended;
  clearTimeout(timer);
  return seen;
}

/** The accelerator for machines that boot `kernel`. A failed probe takes 5 s, so its result is kept until the next boot. */
export async function chooseAccelerator(kernel: string | undefined, cache: string): Promise<Accelerator> {
  if (kernel === undefined || !mayOpenKvm()) return "tcg";
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const record = join(cache, "kvm-probe");
  const known = existsSync(record) ? readFileSync(record, "utf8").split(" ") : [];
  if (known[0] === boot) return known[1] === "kvm" ? "kvm" : "tcg";
  const accelerator = (await probe(kernel)) ? "kvm" : "tcg";
  mkdirSync(cache, { recursive: true });
  writeFileSync(record, `${boot} ${accelerator}`);
  return accelerator;
}
