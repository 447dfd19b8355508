/**
 * A virtual machine for a test: booted from a kernel and an initramfs or disk, watched by its serial console, typed to,
 * asked through QEMU's monitor, and gone with the test whatever happens.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { cpioArchive } from "../../scripts/image/cpio.ts";
import { Tree } from "../../scripts/image/tree.ts";
import { type MachineEnd, startMachine } from "../../scripts/vm/machine.ts";
import type { Accelerator, MachineSetting } from "../../scripts/vm/qemu-arguments.ts";

/** Guards against hanging only; emulated machines on a slow host need up to a minute for what takes seconds here. */
const patienceMs = 120_000;

export interface VmResult extends MachineEnd {
  /** All that the console printed, without carriage returns and terminal sequences. */
  console: string;
}

export interface Vm {
  /** QEMU's process number. */
  pid: number;
  /** What the console has printed so far, without carriage returns and terminal sequences. */
  console(): string;
  /**
   * Resolves when the console matches, with the place after the match; looks from the place `from` on. Rejects, with the
   * console's text, when the machine ends before or nothing comes for long.
   */
  sees(pattern: RegExp, from?: number): Promise<number>;
  /** Types a line on the console and its end. */
  type(line: string): void;
  /** Types bytes as they are. */
  send(text: string): void;
  /** Performs a line of QEMU's human monitor, such as `system_powerdown`, `sendkey ctrl-alt-delete`; what it printed. */
  monitor(line: string): Promise<string>;
  /** A power failure: SIGKILL to this machine's QEMU. */
  kill(): void;
  /** The machine's end. Rejects with the console's text when it does not come. */
  ended: Promise<VmResult>;
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run these tests with npm test`);
  return value;
}

export function kernel(): string {
  return fromEnvironment("GONIT_KERNEL");
}

/** The folder lib/modules/RELEASE of the kernel. */
export function kernelModules(): string {
  return fromEnvironment("GONIT_KERNEL_MODULES");
}

/** A program of tests/children/, which are all static. */
export function child(name: string): string {
  return join(fromEnvironment("GONIT_CHILDREN"), name);
}

/** A folder that is removed with the test. */
export function folderFor(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "gonit-vm-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an initramfs with these files (mode 0755) into the test's folder; its path. */
export function initramfs(test: TestContext, files: Record<string, string | Buffer>): string {
  const tree = new Tree();
  for (const [path, content] of Object.entries(files)) tree.file(path, content, 0o755);
  for (const path of ["dev", "proc", "sys", "run", "tmp"]) tree.folder(path);
  const path = join(folderFor(test), "initramfs.cpio");
  writeFileSync(path, cpioArchive(tree.entries(), 0));
  return path;
}

/** An initramfs whose /init is the program of tests/children/ that does what is typed on the console. */
export function testInitramfs(test: TestContext, files: Record<string, string | Buffer> = {}): string {
  return initramfs(test, { init: readFileSync(child("vm-init")), ...files });
}

function withoutSequences(text: string): string {
  return text.replace(/\x1b\[[0-9;?=]*[A-Za-z]|\x1b[()][A-Z0-9]|\r/g, "");
}

/**
 * What takes a quarter of the kernel's time under emulation and is no part of these tests; it is all there where a test
 * brings the kernel of an image, and in those of `npm run vm`.
 */
const quickly = "mitigations=off nokaslr cryptomgr.notests";

/** Boots a machine. Without a kernel or a disk of its own that boots it gets the kernel of the tests. */
export function boot(test: TestContext, setting: MachineSetting): Vm {
  const bootsItself = setting.uefi !== undefined || (setting.disks !== undefined && setting.append === undefined);
  const full: MachineSetting = bootsItself ? setting : { kernel: kernel(), ...setting };
  const words = setting.kernel === undefined ? `quiet ${quickly}` : "quiet";
  if (full.kernel !== undefined) full.append = `panic=-1 ${words} ${setting.append ?? ""}`.trim();
  const machine = startMachine({ statusPort: true, ...full }, (process.env.GONIT_ACCELERATOR ?? "tcg") as Accelerator);
  let raw = "";
  let over = false;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watcher of watchers) watcher();
  };
  machine.output.on("data", (bytes: Buffer) => {
    raw += bytes.toString("latin1");
    wake();
  });
  const console = (): string => withoutSequences(Buffer.from(raw, "latin1").toString());
  const ending = machine.ended.then((end) => {
    over = true;
    wake();
    return { ...end, console: console() };
  });
  test.after(async () => {
    machine.kill();
    await ending;
  });
  const patiently = <T>(what: string, work: (resolve: (value: T) => void, reject: (error: Error) => void) => void) =>
    new Promise<T>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${what}: ${why}; the console:\n${console()}`));
      const timer = setTimeout(() => fail(`not within ${patienceMs / 1000} s`), patienceMs);
      work(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error) => {
          clearTimeout(timer);
          fail(error.message);
        },
      );
    });
  const sees = (pattern: RegExp, from = 0): Promise<number> =>
    patiently(`waiting for ${pattern}`, (resolve, reject) => {
      const look = (): void => {
        const found = pattern.exec(console().slice(from));
        if (found === null && !over) return;
        watchers.delete(look);
        if (found !== null) resolve(from + found.index + found[0].length);
        else ending.then(({ code, messages }) => reject(new Error(`the machine ended with ${code} ${messages}`)));
      };
      watchers.add(look);
      look();
    });
  let waited: Promise<VmResult> | undefined;
  return {
    pid: machine.pid,
    console,
    sees,
    type: (line) => machine.input.write(`${line}\n`),
    send: (text) => machine.input.write(text),
    monitor: (line) => machine.monitor.line(line),
    kill: machine.kill,
    get ended() {
      waited ??= patiently("waiting for the machine's end", (resolve) => ending.then(resolve));
      return waited;
    },
  };
}
