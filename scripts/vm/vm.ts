/* `npm run vm`: boots an image in QEMU, with its console on this terminal. */
import { join } from "node:path";
import { freshImages } from "../image/fresh-images.ts";
import { FORMATS } from "../image/manifest.ts";
import { preparePrograms } from "../programs.ts";
import type { Tools } from "../run.ts";
import { chooseAccelerator } from "./accelerator.ts";
import { bootSetting } from "./boot-setting.ts";
import { type Machine, type MachineEnd, startMachine } from "./machine.ts";
import { readVmOptions, VM_USAGE, type VmOptions } from "./options.ts";
import { connectTerminal } from "./terminal.ts";

const EXIT_TIMEOUT = 124;
const EXIT_NOT_STARTED = 125;
const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;

/** Runs a machine that was started to its end; the exit code. */
async function attend(machine: Machine, options: VmOptions): Promise<number> {
  let reason: number | undefined;
  const stop = (code: number): void => {
    reason ??= code;
    machine.kill();
  };
  const handlers = Object.entries(SIGNALS).map(([name, number]) => [name, () => stop(128 + number)] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(() => stop(EXIT_TIMEOUT), options.timeoutMs);
  const disconnect = connectTerminal(machine, () => stop(0));
  try {
    return exitCode(await machine.ended, reason);
  } finally {
    clearTimeout(timer);
    disconnect();
    for (const [name, handler] of handlers) process.off(name, handler);
  }
}

function exitCode(end: MachineEnd, reason: number | undefined): number {
  if (reason !== undefined) return reason;
  if (!end.started) {
    console.error(`error: cannot start the machine: ${end.messages || "QEMU ended at once"}`);
    if (/Could not set up host forwarding rule/.test(end.messages)) {
      console.error("Another program may listen on that port of this machine: choose another one for --forward.");
    }
    return EXIT_NOT_STARTED;
  }
  if (end.messages !== "") console.error(end.messages);
  if (end.signal !== null) {
    console.error(`error: QEMU was ended by ${end.signal}`);
    return 1;
  }
  return end.guestStatus ?? end.code ?? 1;
}

/** Whether it is an image of dist/image that is to boot, not a file. */
function namesStandardImage({ image }: VmOptions): boolean {
  return image === undefined || (FORMATS as readonly string[]).includes(image);
}

export async function vmCommand(tools: Tools, words: string[]): Promise<number> {
  if (words.includes("--help")) {
    console.log(VM_USAGE);
    return 0;
  }
  const options = readVmOptions(words);
  await preparePrograms(tools, ["vm"]);
  if (namesStandardImage(options)) await freshImages(tools);
  const { setting, remove } = await bootSetting(tools, options);
  try {
    const accelerator = await chooseAccelerator(setting.kernel, join(tools.root, ".cache"));
    tools.unlock();
    return await attend(startMachine(setting, accelerator), options);
  } finally {
    remove();
  }
}
