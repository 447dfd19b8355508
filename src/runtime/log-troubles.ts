/** Log files that cannot be written: told once when it begins and when it ends, and shown with the service meanwhile. */

import { LogFlag } from "../contract.ts";
import type { LogSource, LogStore } from "./log-store.ts";
import type { OwnLog } from "./own-log.ts";

export class LogTroubles {
  private readonly logs: LogStore;
  private readonly ownLog: OwnLog;
  private seen = 0;
  private readonly troubled = new Set<string>();

  constructor(logs: LogStore, ownLog: OwnLog) {
    this.logs = logs;
    this.ownLog = ownLog;
  }

  /** Called when the bell rang. */
  lookAll(): void {
    const count = host.logTroubles();
    if (count === this.seen) return;
    this.seen = count;
    for (const { name, slot, path } of this.logs.all()) {
      const { errno } = host.logCounters(slot);
      if ((errno !== 0) === this.troubled.has(name)) continue;
      const service = name.replace(/:err$/, "");
      if (errno === 0) {
        this.troubled.delete(name);
        this.ownLog.write("info", "Log file is written again", { service, path });
      } else {
        this.troubled.add(name);
        this.ownLog.write("warn", "Cannot write the log file", { service, path, reason: host.errnoText(errno) });
      }
    }
  }
}

/** What `status` says of a source whose file cannot be written; null while all is well. */
export function logNote({ slot, path }: LogSource): string | null {
  const { errno, dropped, flags } = host.logCounters(slot);
  if (errno === 0) return null;
  const lost = dropped === 0 ? "" : `; ${dropped} bytes are lost`;
  const kept = (flags & LogFlag.memory) === 0 ? "" : "; its newest lines are kept in memory";
  return `cannot write its log file ${path}: ${host.errnoText(errno)}${lost}${kept}`;
}
