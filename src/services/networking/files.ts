/** The files of the service: leases, resolv.conf, and its status for `gonit networking status`. */

import { type NetworkingStatus, networkingStatusPath } from "../../control/networking-status.ts";
import { variable } from "../service-life.ts";
import { textOf } from "../text-file.ts";
import { type Clocks, type KeptLeases, leaseFileText, readLeaseFile } from "./lease-file.ts";
import { readSetupRecord, type SetupRecord, setupRecordText } from "./setup-record.ts";

const leaseFileBytes = 262_144;
const resolvPath = "/etc/resolv.conf";

export class ServiceFiles {
  private readonly socket = variable("GONIT_SOCKET") ?? "";
  private readonly boot = textOf("/proc/sys/kernel/random/boot_id");
  private lastResolv = "";
  private lastStatus = "";
  private lastSetups = "";
  private readonly told = new Set<string>();

  /** Where leases are looked for and kept, best first: over a restart of the machine, else of the service. */
  private leasePaths(): string[] {
    const state = variable("STATE_DIRECTORY") ?? "/var/lib/gonit/networking";
    const beside = networkingStatusPath(this.socket);
    return [`${state}/leases.json`, ...(beside === null ? [] : [beside.replace(/\.json$/, "-leases.json")])];
  }

  readLeases(): KeptLeases {
    for (const path of this.leasePaths()) {
      const bytes = host.readFile(path, leaseFileBytes);
      if (typeof bytes !== "number") return readLeaseFile(host.decodeUtf8(bytes), this.clocks());
    }
    return new Map();
  }

  writeLeases(leases: KeptLeases): void {
    const text = leaseFileText(leases, this.clocks());
    for (const path of this.leasePaths()) {
      host.makeDirectory(path.slice(0, path.lastIndexOf("/")), 0o755, -1, -1);
      if (host.writeFile(path, text, 0o600) === 0) return;
    }
  }

  readSetups(): SetupRecord {
    const path = this.setupPath();
    const bytes = path === null ? -1 : host.readFile(path, leaseFileBytes);
    return typeof bytes === "number" ? new Map() : readSetupRecord(host.decodeUtf8(bytes), this.boot);
  }

  writeSetups(record: SetupRecord): void {
    const path = this.setupPath();
    const text = setupRecordText(record, this.boot);
    if (path === null || text === this.lastSetups) return;
    this.lastSetups = text;
    host.writeFile(path, text, 0o600);
  }

  private setupPath(): string | null {
    return networkingStatusPath(this.socket)?.replace(/\.json$/, "-setup.json") ?? null;
  }

  /** In one step, so that nobody reads half of it. Where /etc cannot be written to, beside the control socket. */
  writeResolvConf(text: string): void {
    if (text === this.lastResolv) return;
    this.lastResolv = text;
    // A link stays one: what it names is replaced.
    const real = host.realPath(resolvPath);
    const error = host.writeFile(typeof real === "string" ? real : resolvPath, text, 0o644);
    if (error === 0) return;
    const other = this.socket.startsWith("/")
      ? `${this.socket.slice(0, this.socket.lastIndexOf("/"))}/resolv.conf`
      : "";
    const isWritten = other !== "" && host.writeFile(other, text, 0o644) === 0;
    const rest = isWritten ? `; it is ${other}: make ${resolvPath} a link to it` : "";
    if (typeof real !== "string" || real !== other)
      this.warn(`cannot write ${resolvPath}: ${host.errnoText(error)}${rest}`);
  }

  writeStatus(status: NetworkingStatus): void {
    const path = networkingStatusPath(this.socket);
    const text = `${JSON.stringify(status)}\n`;
    if (path === null || text === this.lastStatus) return;
    this.lastStatus = text;
    host.writeFile(path, text, 0o644);
  }

  private clocks(): Clocks {
    const { bootMs, wallMs } = host.now();
    return { boot: this.boot, bootMs, wallMs };
  }

  private warn(text: string): void {
    if (this.told.has(text)) return;
    this.told.add(text);
    host.print(2, `${text}\n`);
  }
}
