/** The user's terminal, whose keys go to a program as they are typed; its modes are given back at any end. */

import type { Relay } from "./relay.ts";

const SIGHUP = 1;
const SIGINT = 2;
const SIGQUIT = 3;
const SIGPIPE = 13;
const SIGTERM = 15;
const SIGWINCH = 28;

/** Signals that would end this client, and leave the terminal as it is. */
const ending = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

export interface OwnTerminal {
  /** Whether keys are taken from it. */
  isRaw: boolean;
  restore(): void;
}

/**
 * Raw mode where standard input is a terminal and `wanted`. Signals come to `signalled` from now on, the window's size,
 * now and whenever it changes, to `resized`.
 */
export function takeTerminal(
  relay: Relay,
  wanted: boolean,
  signalled: (signal: number) => void,
  resized: (columns: number, rows: number) => void,
): OwnTerminal {
  const isRaw = wanted && host.isTerminal(0);
  const tellSize = () => {
    const size = host.windowSize(isRaw ? 0 : 1);
    if (size !== null) resized(size[0], size[1]);
  };
  const signals = host.catchSignals([...ending, SIGPIPE, SIGWINCH]);
  relay.onReadable(signals, () => {
    for (let signal = host.readSignal(signals); signal !== 0; signal = host.readSignal(signals)) {
      if (signal === SIGWINCH) tellSize();
      else if (signal !== SIGPIPE) signalled(signal);
    }
  });
  if (isRaw) host.rawMode(0, true);
  tellSize();
  return { isRaw, restore: () => isRaw && host.rawMode(0, false) };
}
