/** The table that says who performs which effect. */

import { SignalScope } from "../contract.ts";
import { readNow } from "./clock.ts";
import type { KeptTimes } from "./kept-times.ts";
import type { MainProcesses } from "./main-processes.ts";
import type { LogWatches } from "./perform-log-watch.ts";
import type { Probes } from "./perform-probe.ts";
import type { Spawner } from "./perform-spawn.ts";
import type { Trees } from "./perform-tree.ts";
import type { Performers, Shell } from "./performer.ts";
import type { Requests } from "./requests.ts";
import { handlesSignal } from "./signal-handling.ts";

export interface Parts {
  spawner: Spawner;
  trees: Trees;
  probes: Probes;
  mains: MainProcesses;
  logWatches: LogWatches;
  requests: Requests;
  times: KeptTimes;
  loadConfiguration: (reason: string) => void;
  reopen: () => void;
  finishShutdown: (mode: number, exitCode: number, graceMs: number) => void;
}

export function performersOf(shell: Shell, parts: Parts): Performers {
  return {
    spawn: (effect) => {
      // All of them, so that whatever starts first finds the others' sockets.
      shell.sockets.sync();
      parts.spawner.perform(effect);
    },
    "cancel-spawn": (effect) => parts.spawner.cancel(effect.ticket),
    signal: (effect) => {
      if (effect.scope === SignalScope.tree) parts.trees.signal(effect);
      else shell.processes.signal(effect.ticket, effect.signal, effect.scope);
    },
    "signal-handler": (effect) => {
      const { ticket, processTicket, signal, scope } = effect;
      const isUnhandled = scope === SignalScope.process && !handlesSignal(shell.processes.pidOf(processTicket), signal);
      if (scope === SignalScope.tree) parts.trees.signal(effect);
      else if (!isUnhandled) shell.processes.signal(processTicket, signal, scope);
      shell.emit({ kind: isUnhandled ? "signal-unhandled" : "signal-sent", ticket });
    },
    "await-tree": (effect) => parts.trees.await(effect),
    "kill-tree": (effect) => parts.trees.kill(effect),
    "forget-tree": (effect) => parts.trees.forget(effect.ticket),
    "arm-timer": (effect) =>
      shell.timers.arm(effect.ticket, effect.clock, effect.atMs, () =>
        shell.emit({ kind: "timer-fired", ticket: effect.ticket }),
      ),
    "cancel-timer": (effect) => shell.timers.cancel(effect.ticket),
    "start-probe": (effect) => parts.probes.start(effect),
    "stop-probe": (effect) => {
      parts.probes.stop(effect.ticket);
      parts.logWatches.stop(effect.ticket);
      parts.mains.stop(effect.ticket);
    },
    "find-main": (effect) => parts.mains.find(effect),
    "watch-log": (effect) => parts.logWatches.start(effect),
    reply: (effect) => {
      // Whoever asked for a stop finds the sockets gone.
      shell.sockets.sync();
      parts.requests.reply(effect.request, effect.reply, readNow());
    },
    log: (effect) => shell.ownLog.write(effect.level, effect.message, effect.fields, effect.lines),
    // Told with the turn as a whole (history-events.ts).
    publish: () => {},
    "keep-time": (effect) => parts.times.keep(effect.service, effect.wallMs),
    "load-config": (effect) => parts.loadConfiguration(effect.reason),
    reopen: () => parts.reopen(),
    "finish-shutdown": (effect) => {
      shell.sockets.closeAll();
      parts.finishShutdown(effect.mode, effect.exitCode, effect.graceMs);
    },
  };
}
