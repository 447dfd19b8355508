/**
 * Whether a program handles a signal, as /proc/PID/status tells (proc(5)): a reload signal that nobody handles ends the
 * service, or does nothing.
 */

const statusBytes = 16 * 1024;

/**
 * True also where it cannot be seen. A blocked signal counts as handled: it is waited for with sigwait(3) or signalfd(2).
 */
export function handlesSignal(pid: number, signal: number): boolean {
  const data = host.readFile(`/proc/${pid}/status`, statusBytes);
  if (typeof data === "number") return true;
  const text = host.decodeUtf8(data);
  const masks = [/^SigCgt:\s*([0-9a-f]+)$/m, /^SigBlk:\s*([0-9a-f]+)$/m].map((line) => line.exec(text)?.[1]);
  if (masks.every((mask) => mask === undefined)) return true;
  return masks.some((mask) => mask !== undefined && hasSignal(mask, signal));
}

/** Masks are hexadecimal, signal 1 is the lowest bit. */
function hasSignal(mask: string, signal: number): boolean {
  const digit = mask.length - 1 - Math.floor((signal - 1) / 4);
  return digit >= 0 && (Number.parseInt(mask.charAt(digit), 16) & (1 << ((signal - 1) % 4))) !== 0;
}
