/**
 * The power button: an input device that has a power key and no letters (a keyboard would wake us at each key). The
 * kernel's modules `button` and `evdev` make it.
 */

import { Poll } from "../contract.ts";
import type { Watches } from "./watches.ts";

const keyPower = 116;
const keyA = 30;
const keyEvent = 1;
const pressed = 1;
/** struct input_event of a 64-bit kernel: two numbers of time, then type, code, value. */
const eventBytes = 24;
const eventsPerRead = 64;
const smallFileBytes = 4096;

/** A bit of a map as the kernel prints it: words of 64 bits in hexadecimal, the highest first. */
export function hasBit(map: string, bit: number): boolean {
  const words = map.trim().split(/\s+/).reverse();
  const word = words[Math.floor(bit / 64)] ?? "";
  const digit = word[word.length - 1 - Math.floor((bit % 64) / 4)] ?? "0";
  return ((Number.parseInt(digit, 16) >> (bit % 4)) & 1) === 1;
}

export function isPowerButton(keys: string): boolean {
  return hasBit(keys, keyPower) && !hasBit(keys, keyA);
}

/** Whether the power key was pressed, in what one read(2) of the device gave. */
export function isPress(data: Uint8Array): boolean {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 0; at + eventBytes <= data.length; at += eventBytes) {
    const [type, code] = [view.getUint16(at + 16, true), view.getUint16(at + 18, true)];
    if (type === keyEvent && code === keyPower && view.getInt32(at + 20, true) === pressed) return true;
  }
  return false;
}

export class PowerButton {
  private readonly watches: Watches;
  private readonly press: () => void;
  private readonly devices = new Set<string>();

  constructor(watches: Watches, press: () => void) {
    this.watches = watches;
    this.press = press;
  }

  /** Opens what is there and was not before: at the start, and when modules have been loaded. */
  look(): void {
    const names = host.listDirectory("/sys/class/input");
    if (typeof names === "number") return;
    for (const name of names) {
      if (!/^event\d+$/.test(name) || this.devices.has(name)) continue;
      const keys = host.readFile(`/sys/class/input/${name}/device/capabilities/key`, smallFileBytes);
      if (typeof keys !== "number" && isPowerButton(host.decodeUtf8(keys))) this.open(name);
    }
  }

  private open(name: string): void {
    const fd = host.open(`/dev/input/${name}`, "r", 0);
    if (fd < 0) return;
    this.devices.add(name);
    this.watches.add(fd, Poll.in, () => this.read(name, fd));
  }

  private read(name: string, fd: number): void {
    const data = host.readFd(fd, -1, eventBytes * eventsPerRead);
    if (typeof data !== "number" && data.length > 0) {
      if (isPress(data)) this.press();
      return;
    }
    const EAGAIN = 11;
    if (data === -EAGAIN) return;
    this.watches.remove(fd);
    host.close(fd);
    this.devices.delete(name);
  }
}
