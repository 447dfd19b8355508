/** What a manager that takes the place of another one says about that. */

import type { OwnLog } from "./own-log.ts";
import type { Recovered } from "./recover.ts";

export function tellRecovery(log: OwnLog, { rung, notes, setAside }: Recovered): void {
  const { manager } = host.roles();
  const how = manager.lastSignal > 0 ? host.signalName(manager.lastSignal) : `code ${manager.lastCode}`;
  log.write("warn", "Manager is back", { life: host.life(), ended: how, rung });
  for (const note of notes) log.write("warn", "Recovery", { note });
  if (setAside !== null) log.write("error", "An event that ended the manager was set aside", { event: setAside.kind });
}
