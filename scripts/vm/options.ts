/* The words after `npm run vm --`. */
import { Failure } from "../run.ts";
import type { Forward } from "./qemu-arguments.ts";

export interface VmOptions {
  /** A file, the name of one of the formats in dist/image, or nothing: the first of them that boots. */
  image?: string;
  kernel?: string;
  /** Added to the kernel command line that the image asks for. */
  append: string;
  forwards: Forward[];
  memory: number;
  processors: number;
  snapshot: boolean;
  /** A disk that boots by itself is started by a BIOS instead of UEFI firmware. */
  bios: boolean;
  status: boolean;
  timeoutMs?: number;
}

export const VM_USAGE = `npm run vm -- [OPTION ...] [IMAGE]

Boots an image of dist/image (see npm run image) in QEMU, its console on this terminal. IMAGE is one of its formats
(initramfs ext4 erofs qcow2 disk) or a file; without it the first that boots.

  --append WORDS        adds to the kernel command line
  --bios                starts the format disk by a BIOS instead of UEFI firmware
  --forward HOST:GUEST  connects TCP port HOST of 127.0.0.1 to the guest's port GUEST; may be given several times
  --kernel FILE         another kernel than the image's
  --memory MIB          256
  --processors N        1
  --snapshot            changes to disks are thrown away at the end
  --status              exit with the number that the guest wrote to port 0xf4 (0 to 127)
  --timeout DURATION    ends the machine after this time (30s, 5m; a bare number is seconds)

Ctrl-] then q ends the machine; Ctrl-] twice sends one.
Exit code: 0 after a power-off; 124 when --timeout ended it; 125 when it could not start; 128 + N for signal N.`;

/** MiB. With less QEMU ends at once, or the kernel does not come up, and nobody says why. */
const MEMORY_MIN = 96;

function wholeNumber(option: string, text: string, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= max) return number;
  throw new Failure(`cannot use ${option} ${text}: write a whole number from 1 to ${max}`);
}

function readForward(text: string): Forward {
  const [, host, guest] = /^(\d+):(\d+)$/.exec(text) ?? [];
  if (host === undefined || guest === undefined) {
    throw new Failure(`cannot use --forward ${text}: write HOST:GUEST, two TCP ports, such as 8080:80`);
  }
  return { host: wholeNumber("--forward", host, 65535), guest: wholeNumber("--forward", guest, 65535) };
}

const UNIT_MS: { [unit: string]: number } = { ms: 1, "": 1000, s: 1000, m: 60_000, h: 3_600_000 };

function readDuration(text: string): number {
  const [, number, unit = ""] = /^(\d+)(ms|s|m|h|)$/.exec(text) ?? [];
  const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN);
  if (ms > 0 && ms < 2 ** 31) return ms;
  throw new Failure(`cannot use --timeout ${text}: write a duration such as 30s or 5m`);
}

type Reader = (options: VmOptions, text: string) => void;

const WITH_VALUE: { [option: string]: Reader } = {
  "--append": (options, text) => {
    options.append = `${options.append} ${text}`.trim();
  },
  "--forward": (options, text) => {
    options.forwards.push(readForward(text));
  },
  "--kernel": (options, text) => {
    options.kernel = text;
  },
  "--memory": (options, text) => {
    options.memory = wholeNumber("--memory", text, 1_048_576);
    if (options.memory < MEMORY_MIN)
      throw new Failure(`--memory ${text}: no kernel boots in less than ${MEMORY_MIN} MiB`);
  },
  "--processors": (options, text) => {
    options.processors = wholeNumber("--processors", text, 255);
  },
  "--timeout": (options, text) => {
    options.timeoutMs = readDuration(text);
  },
};

/** Reads the words; a Failure names the first that is wrong. `--option=value` is `--option value`. */
export function readVmOptions(words: readonly string[]): VmOptions {
  const options: VmOptions = {
    append: "",
    forwards: [],
    memory: 256,
    processors: 1,
    snapshot: false,
    bios: false,
    status: false,
  };
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const [name = "", ...parts] = word.startsWith("--") ? word.split("=") : [word];
    const reader = WITH_VALUE[name];
    if (reader !== undefined) {
      const value = parts.length > 0 ? parts.join("=") : rest.shift();
      if (value === undefined) throw new Failure(`${name} needs a value\n\n${VM_USAGE}`);
      reader(options, value);
    } else if (word === "--snapshot") options.snapshot = true;
    else if (word === "--bios") options.bios = true;
    else if (word === "--status") options.status = true;
    else if (word.startsWith("-") || options.image !== undefined) {
      throw new Failure(`${word} is not understood\n\n${VM_USAGE}`);
    } else options.image = word;
  }
  return options;
}
