/** Finds the device that a mount's source names. A device may need a moment to appear, so it is waited for. */

import { readSuperblock, type Superblock, superblockBytes } from "./superblock.ts";

const waitDefaultSeconds = 10;
const lookEveryMs = 50;

export interface Device {
  path: string;
  superblock: Superblock | null;
}

export type FoundDevice = Device | { problem: string };

/** NVMe, USB and virtio are found by the kernel while it already runs process 1. */
function deviceWaitMs(): number {
  const seconds = Number(host.kernelWord("gonit.device_wait") || waitDefaultSeconds);
  return (seconds >= 0 ? seconds : waitDefaultSeconds) * 1000;
}

/** `source`: a path, LABEL=… or UUID=…. It is waited for. */
export function findDevice(source: string): FoundDevice {
  const waitMs = deviceWaitMs();
  const endMs = host.now().monotonicMs + waitMs;
  for (;;) {
    const found = look(source);
    if (found !== null) return found;
    if (host.now().monotonicMs >= endMs) return { problem: missing(source, waitMs) };
    host.poll(lookEveryMs);
  }
}

export function superblockOf(path: string): Superblock | null {
  const fd = host.open(path, "r", 0);
  if (fd < 0) return null;
  const data = host.readFd(fd, 0, superblockBytes);
  host.close(fd);
  return typeof data === "number" ? null : readSuperblock(data);
}

function look(source: string): Device | null {
  const tag = /^(LABEL|UUID)=(.*)$/.exec(source);
  if (tag === null) {
    const found = host.stat(source);
    return typeof found !== "number" && found.kind === "block"
      ? { path: source, superblock: superblockOf(source) }
      : null;
  }
  const [, kind, value = ""] = tag;
  const matches = ({ label, uuid }: Superblock): boolean =>
    kind === "LABEL" ? label === value : uuid.toLowerCase() === value.toLowerCase();
  return devices().find(({ superblock }) => superblock !== null && matches(superblock)) ?? null;
}

/** All block devices, in byte order: of two with one label the first one counts on each boot. */
function devices(): Device[] {
  const names = host.listDirectory("/sys/class/block");
  if (typeof names === "number") return [];
  return names
    .filter((name) => !/^(ram|loop)\d+$/.test(name) || typeof host.stat(`/sys/class/block/${name}/loop`) !== "number")
    .map((name) => `/dev/${name.replaceAll("!", "/")}`)
    .map((path) => ({ path, superblock: superblockOf(path) }));
}

function missing(source: string, waitMs: number): string {
  const present = devices().map(({ path, superblock }) => {
    if (superblock === null) return path;
    const { type, label } = superblock;
    return `${path} (${type}${label === "" ? "" : ` LABEL=${label}`})`;
  });
  const waited = waitMs > 0 ? `, waited ${waitMs / 1000} s` : "";
  return `there is no ${source}${waited}; devices here: ${present.length === 0 ? "none" : present.join(", ")}`;
}
