/*
 * Our terminal as the guest's console. In raw mode every key reaches the guest, Ctrl-C too; Ctrl-] then q, as with
 * `npm start`, ends the machine. Without a terminal, standard input is passed on as it is.
 */
import type { Readable, Writable } from "node:stream";

const ESCAPE = 0x1d;

/** Takes typed bytes; what reaches the guest, and whether the machine is to end. Remembers an escape between calls. */
export function escapeReader(): (bytes: Uint8Array) => { pass: Uint8Array; quit: boolean } {
  let escaped = false;
  return (bytes) => {
    const pass: number[] = [];
    for (const byte of bytes) {
      if (!escaped && byte === ESCAPE) escaped = true;
      else if (escaped) {
        if (byte === 0x71) return { pass: Uint8Array.from(pass), quit: true };
        /* Another key after the escape: both were meant for the guest. The escape twice is one. */
        if (byte !== ESCAPE) pass.push(ESCAPE);
        pass.push(byte);
        escaped = false;
      } else pass.push(byte);
    }
    return { pass: Uint8Array.from(pass), quit: false };
  };
}

export interface Console {
  output: Readable;
  input: Writable;
}

/** Connects the console with this process's standard streams; returns what gives the terminal back. */
export function connectTerminal(console: Console, quit: () => void): () => void {
  const { stdin, stdout } = process;
  const raw = stdin.isTTY === true;
  const read = escapeReader();
  const typed = (bytes: Buffer): void => {
    const { pass, quit: ends } = raw ? read(bytes) : { pass: bytes, quit: false };
    if (pass.length > 0) console.input.write(pass);
    if (ends) quit();
  };
  if (raw) stdin.setRawMode(true);
  stdin.on("data", typed);
  console.output.pipe(stdout, { end: false });
  /* Whoever read our output is gone: so is the reason for the machine. */
  stdout.on("error", quit);
  return () => {
    stdin.off("data", typed);
    stdin.pause();
    if (raw) stdin.setRawMode(false);
  };
}
