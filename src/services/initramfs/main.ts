/**
 * The built-in program `initramfs`: mounts the root file system that the kernel's command line names on /sysroot, where
 * process 1 expects it (host/switch-root.c). The words are the kernel's own: root=, rootfstype=, rootflags=, ro, rw.
 */

import { checkFileSystem } from "../machine/check-file-system.ts";
import { findDevice } from "../machine/devices.ts";
import { loadModules } from "../machine/load-modules.ts";
import { MountFlag, mountOptions } from "../machine/mount-options.ts";

const target = "/sysroot";

function fail(message: string): never {
  host.print(2, `gonit: ${message}\n`);
  host.exit(1);
}

for (const problem of loadModules([])) host.print(2, `gonit: ${problem}\n`);
const source = host.kernelWord("root") ?? "";
const device = findDevice(source);
if ("problem" in device) fail(`cannot find the root file system: ${device.problem}`);
const type = host.kernelWord("rootfstype") || device.superblock?.type || "";
if (type === "")
  fail(`cannot mount the root file system: ${device.path} holds none that is known here; name it by rootfstype=`);
if (device.superblock !== null) {
  const why = checkFileSystem(device.path, device.superblock);
  if (why !== null) fail(`cannot mount the root file system ${device.path}: ${why}`);
}
const { flags, data } = mountOptions([host.kernelWord("rootflags") ?? ""]);
// As the kernel does it: read-only, where `rw` does not say otherwise.
const readOnly = host.kernelWord("rw") === null ? MountFlag.readOnly : 0;
const error = host.mount(device.path, target, type, flags | readOnly, data);
if (error < 0) fail(`cannot mount the root file system ${device.path} (${type}): ${host.errnoText(error)}`);
host.exit(0);
