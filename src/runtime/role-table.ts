/**
 * What a role changes, in one table. The role itself is decided by init, once (host/role.c).
 */

import { Role, ShutdownMode } from "../contract.ts";

export type SignalMeaning =
  | { meaning: "shutdown"; mode: number; again: "force" | "ignore" }
  | { meaning: "reload-config" }
  | { meaning: "reopen" };

export interface RoleTraits {
  name: "vm" | "container" | "laptop";
  /** The instance ends by itself when nothing runs, waits or is scheduled. */
  endsWhenIdle: boolean;
  /** Bad configuration at the start: exit with code 2, or stay up with nothing (a machine must not panic). */
  exitsOnBadConfiguration: boolean;
  /** Services get SIGTERM when init is killed from outside. */
  servicesDieWithInit: boolean;
  signals: Record<number, SignalMeaning>;
}

const SIGHUP = 1;
const SIGINT = 2;
const SIGQUIT = 3;
const SIGUSR1 = 10;
const SIGTERM = 15;
const SIGPWR = 30;
/* RTMIN as the kernel and systemd count it; the C library's own macro differs between libraries. */
const SIGRTMIN = 34;

const stop: SignalMeaning = { meaning: "shutdown", mode: ShutdownMode.exit, again: "ignore" };
const stopOrForce: SignalMeaning = { meaning: "shutdown", mode: ShutdownMode.exit, again: "force" };

const traits: Record<number, RoleTraits> = {
  [Role.vm]: {
    name: "vm",
    endsWhenIdle: false,
    exitsOnBadConfiguration: false,
    servicesDieWithInit: false,
    signals: {
      [SIGINT]: { meaning: "shutdown", mode: ShutdownMode.reboot, again: "ignore" },
      [SIGTERM]: { meaning: "shutdown", mode: ShutdownMode.poweroff, again: "ignore" },
      [SIGPWR]: { meaning: "shutdown", mode: ShutdownMode.poweroff, again: "ignore" },
      [SIGRTMIN + 3]: { meaning: "shutdown", mode: ShutdownMode.halt, again: "ignore" },
      [SIGRTMIN + 4]: { meaning: "shutdown", mode: ShutdownMode.poweroff, again: "ignore" },
      [SIGRTMIN + 5]: { meaning: "shutdown", mode: ShutdownMode.reboot, again: "ignore" },
      [SIGHUP]: { meaning: "reload-config" },
      [SIGUSR1]: { meaning: "reopen" },
    },
  },
  [Role.container]: {
    name: "container",
    endsWhenIdle: true,
    exitsOnBadConfiguration: true,
    servicesDieWithInit: false,
    signals: {
      [SIGTERM]: stop,
      // A second Ctrl-C in `docker run -it` means: at once.
      [SIGINT]: stopOrForce,
      [SIGQUIT]: stop,
      [SIGRTMIN + 3]: stop,
      [SIGRTMIN + 4]: stop,
      [SIGRTMIN + 5]: stop,
      [SIGHUP]: { meaning: "reload-config" },
      [SIGUSR1]: { meaning: "reopen" },
    },
  },
  [Role.laptop]: {
    name: "laptop",
    endsWhenIdle: true,
    exitsOnBadConfiguration: true,
    servicesDieWithInit: true,
    signals: {
      [SIGINT]: stopOrForce,
      [SIGTERM]: stop,
      [SIGQUIT]: stop,
      // The terminal was closed.
      [SIGHUP]: stop,
      [SIGUSR1]: { meaning: "reopen" },
    },
  },
};

/** `detached`: in the background no terminal is closed, so SIGHUP means what it means to other daemons. */
export function roleTraits(role: number, { detached = false }: { detached?: boolean } = {}): RoleTraits {
  const found = traits[role];
  if (found === undefined) throw new Error(`there is no role ${role}`);
  return detached ? { ...found, signals: { ...found.signals, [SIGHUP]: { meaning: "reload-config" } } } : found;
}
