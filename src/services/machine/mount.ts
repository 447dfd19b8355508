/** Mounts one file system: waits for its device, checks it, makes its mount point, mounts, grows. Can be done again. */

import type { MountPlan } from "../../engine/plan.ts";
import { textOf } from "../text-file.ts";
import { checkFileSystem } from "./check-file-system.ts";
import { type Device, findDevice, superblockOf } from "./devices.ts";
import { MountFlag, mountOptions } from "./mount-options.ts";
import { type Mounted, mountedAt } from "./mount-table.ts";

const tableBytesMax = 4 * 1024 * 1024;
const EBUSY = 16;
const ENODEV = 19;
const EINVAL = 22;

/** Why it could not be mounted, without its name; null: it is mounted. */
export function mountOne(plan: MountPlan): string | null {
  const mounted = mountedAt(textOf("/proc/self/mountinfo", tableBytesMax), plan.target);
  if (plan.source === "") return plan.target === "/" ? remountRoot(plan, mounted) : mountNew(plan, null);
  if (isMemory(plan) || !isDevice(plan)) return isSame(mounted, plan) ? remount(plan, null) : mountNew(plan, null);
  const device = findDevice(plan.source);
  if ("problem" in device) return device.problem;
  if (mounted !== null && deviceOf(mounted) === host.realPath(device.path)) return remount(plan, device.path);
  const why = plan.check ? problemOf(device) : null;
  return why ?? mountNew(plan, device);
}

function isMemory({ type }: MountPlan): boolean {
  return type === "tmpfs";
}

function isDevice({ source, options }: MountPlan): boolean {
  const isBind = (mountOptions(options).flags & MountFlag.bind) !== 0;
  return !isBind && /^(\/dev\/|LABEL=|UUID=)/.test(source);
}

function isSame(mounted: Mounted | null, plan: MountPlan): boolean {
  return mounted !== null && mounted.type === plan.type && mounted.source === plan.source;
}

function problemOf({ path, superblock }: Device): string | null {
  return superblock === null ? null : checkFileSystem(path, superblock);
}

/** The device behind a mount, by its number: /proc says /dev/root for what the kernel mounted itself. */
function deviceOf({ device }: Mounted): string {
  const name = /^DEVNAME=(.+)$/m.exec(textOf(`/sys/dev/block/${device}/uevent`))?.[1];
  return name === undefined ? "" : `/dev/${name}`;
}

/** The root that the kernel or the initramfs has mounted, most often read-only: checked, then mounted as it is wanted. */
function remountRoot(plan: MountPlan, mounted: Mounted | null): string | null {
  const path = mounted === null ? "" : deviceOf(mounted);
  const superblock = path === "" ? null : superblockOf(path);
  if (plan.check && mounted?.isReadOnly === true && superblock !== null) {
    const why = checkFileSystem(path, superblock);
    if (why !== null) return why;
  }
  return remount(plan, path === "" ? null : path);
}

function remount(plan: MountPlan, device: string | null): string | null {
  const { flags, data } = mountOptions(plan.options);
  const error = host.mount("", plan.target, "", flags | MountFlag.remount, data);
  if (error < 0) return reasonOf(-error, plan, plan.type);
  host.print(1, `mounted ${plan.target} again with ${plan.options.join(",") || "no options"}\n`);
  return growIfWanted(plan, device);
}

function mountNew(plan: MountPlan, device: Device | null): string | null {
  const { flags, data } = mountOptions(plan.options);
  const source = device?.path ?? (plan.source || "none");
  const type = plan.type || device?.superblock?.type || "";
  if (type === "" && (flags & MountFlag.bind) === 0)
    return `${source} holds no file system that is known here; write its type`;
  host.makeDirectory(plan.target, 0o755, -1, -1);
  const error = host.mount(source, plan.target, type, flags, data);
  if (error < 0) return reasonOf(-error, plan, type);
  host.print(1, `mounted ${source}${type === "" ? "" : ` (${type})`} on ${plan.target}\n`);
  return growIfWanted(plan, device?.path ?? null);
}

function growIfWanted({ grow, target }: MountPlan, device: string | null): string | null {
  if (!grow || device === null) return null;
  const error = host.growFileSystem(target, device);
  // It may be as large as its device, or of a type that cannot grow; it is mounted in any case.
  if (error < 0 && error !== -EINVAL) host.print(2, `cannot grow ${target}: ${host.errnoText(error)}\n`);
  return null;
}

function reasonOf(error: number, { target, source }: MountPlan, type: string): string {
  const found = host.stat(target);
  if (typeof found === "number") return `${target} is not there and cannot be made: the root is read-only`;
  if (found.kind !== "directory") return `${target} is a ${found.kind}`;
  if (error === ENODEV) return `the kernel knows no file system ${type}; a module may bring it (modules: [${type}])`;
  if (error === EINVAL) return `wrong options, or no valid ${type} on ${source} (dmesg tells more)`;
  if (error === EBUSY) return `${source || target} is in use, mounted in another way`;
  return host.errnoText(error);
}
