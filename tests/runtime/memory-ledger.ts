/**
 * The host calls that turns and recovery use, kept in memory as the ledger and init's table keep them: what was stored
 * outlives the manager, what was not held is gone with it. The manager can be made to die before or after any call.
 */
import type { Host, RecoveryRecord } from "../../src/contract.ts";

const ENOENT = 2;
const ENOSPC = 28;
const EFBIG = 27;
const EBADF = 9;
const recordHeader = 8;

/** Thrown at the call at which the manager is to die; nothing of it goes on from there. */
export class Killed extends Error {}

type Calls = Pick<
  Host,
  | "journalAppend"
  | "journalStepped"
  | "journalEffect"
  | "journalDone"
  | "snapshotWrite"
  | "memory"
  | "write"
  | "hold"
  | "close"
  | "readFd"
  | "releaseHeld"
  | "encodeUtf8"
  | "decodeUtf8"
  | "errnoText"
  | "now"
  | "startedMs"
  | "environment"
  | "readFile"
  | "random"
  | "testHook"
>;

export class MemoryLedger {
  snapshot = "";
  journal: string[] = [];
  processing = -1;
  done = 0;
  effects = 0;
  nowMs = 0;
  nextRandom: () => number = () => 0;
  /** Calls until the manager dies; Infinity: it does not. Half of a call is before it, half behind it. */
  halvesLeft = Number.POSITIVE_INFINITY;
  /** Calls of this turn that were carried out, with what is worth knowing of their result. */
  calls: string[] = [];
  /** The call behind which the manager dies, once. */
  diesBehind = "";
  private readonly journalBytes: number;
  private used = 0;
  private readonly table = new Map<string, number>();
  private readonly open = new Map<number, { bytes: Uint8Array }>();
  private nextFd = 3;

  constructor(options: { journalBytes: number }) {
    this.journalBytes = options.journalBytes;
  }

  /** Puts itself in the place of the host. */
  install(): void {
    const calls = this.hostCalls();
    const wrapped = Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [
        name,
        (...args: unknown[]) => {
          this.half();
          const result = (call as (...args: unknown[]) => unknown)(...args);
          this.calls.push(result === -ENOSPC ? `${name} full` : name);
          this.half();
          if (name === this.diesBehind && result !== -ENOSPC) throw new Killed();
          return result;
        },
      ]),
    );
    (globalThis as { host?: unknown }).host = wrapped;
  }

  private half(): void {
    if (this.halvesLeft-- <= 0) throw new Killed();
  }

  get freeBytes(): number {
    return this.journalBytes - this.used;
  }

  /** Whether what this turn was about is stored: as a record, or as a snapshot of what came of it. */
  isStored(): boolean {
    const stepped = this.calls.indexOf("journalStepped");
    return this.calls.includes("journalAppend") || (stepped >= 0 && this.calls.indexOf("snapshotWrite", stepped) > 0);
  }

  /** The manager is gone, with every descriptor that init does not hold. */
  managerDied(): void {
    this.halvesLeft = Number.POSITIVE_INFINITY;
    this.diesBehind = "";
    const held = new Set(this.table.values());
    for (const fd of this.open.keys()) if (!held.has(fd)) this.open.delete(fd);
  }

  held(): { name: string; fd: number }[] {
    return [...this.table].map(([name, fd]) => ({ name, fd }));
  }

  /** What a held file says. */
  heldBytes(name: string): Uint8Array {
    return this.open.get(this.table.get(name) ?? -1)?.bytes ?? new Uint8Array(0);
  }

  replaceHeld(name: string, bytes: Uint8Array): void {
    this.open.set(this.table.get(name) ?? -1, { bytes });
  }

  recovery(): RecoveryRecord {
    const { snapshot, journal, processing, done, effects } = this;
    return { snapshot, journal: journal.slice(), processing, done, effects, lastRung: 0, damage: [] };
  }

  private hostCalls(): Calls {
    return {
      journalAppend: (record) => this.append(record),
      journalStepped: () => {
        this.processing = -1;
      },
      journalEffect: (count) => {
        this.effects = count;
      },
      journalDone: () => {
        this.done = this.journal.length;
      },
      snapshotWrite: (text) => {
        if (text === "") return -EFBIG;
        this.snapshot = text;
        this.journal = [];
        this.processing = -1;
        this.done = this.effects = this.used = 0;
        return 0;
      },
      startedMs: () => 0,
      environment: () => [],
      readFile: () => -ENOENT,
      memory: () => {
        this.open.set(this.nextFd, { bytes: new Uint8Array(0) });
        return this.nextFd++;
      },
      // At most a few bytes a call, as a write may.
      write: (fd, data) => {
        const file = this.open.get(fd);
        if (file === undefined) return -EBADF;
        const part = Buffer.from(data as Uint8Array).subarray(0, 3000);
        file.bytes = Buffer.concat([file.bytes, part]);
        return part.length;
      },
      hold: (name, fd) => {
        // init has a descriptor of its own, of the same file.
        const own = this.nextFd++;
        this.open.set(own, this.open.get(fd) ?? { bytes: new Uint8Array(0) });
        this.table.set(name, own);
        return 0;
      },
      close: (fd) => {
        this.open.delete(fd);
        return 0;
      },
      readFd: (fd) => this.open.get(fd)?.bytes ?? -EBADF,
      releaseHeld: (name) => {
        this.table.delete(name);
        return 0;
      },
      encodeUtf8: (text) => Buffer.from(text),
      decodeUtf8: (bytes) => Buffer.from(bytes).toString(),
      errnoText: (errno) => `error ${errno}`,
      now: () => ({ monotonicMs: this.nowMs + 0.7, bootMs: this.nowMs + 0.2, wallMs: 1_700_000_000_000 + this.nowMs }),
      random: () => this.nextRandom(),
      testHook: () => false,
    };
  }

  private append(record: string): number {
    const whole = recordHeader + ((Buffer.byteLength(record) + 7) & ~7);
    if (this.used + whole > this.journalBytes) return -ENOSPC;
    if (this.done === this.journal.length) this.effects = 0;
    this.processing = this.journal.length;
    this.journal.push(record);
    this.used += whole;
    return 0;
  }
}
